import UVHTTP

/// Who may ask this node, and how a person changes and learns that.
extension Node {
    /// Reads the token files again. A link outlives the request that began it: when a node's token
    /// is withdrawn all links end, and whoever has a valid one is back at once.
    public func reloadTokens() {
        guard access.reload(log: log) else { return }
        log.info("a token of nodes was withdrawn: all links begin anew")
        links?.closeAll(reason: "a token of nodes was withdrawn")
    }

    /// Says who is let in, at the address that is served.
    func tellAccess(_ address: SocketAddress) {
        let fields: LogFields = ["address": .string(address.description)]
        if !access.guardsClients {
            if address.isLoopback {
                log.info(
                    "no --token-file: only this machine is served, and everybody on it", fields)
            } else {
                log.warning(
                    "no --token-file: everybody who reaches this node may read and write", fields)
            }
        } else if !access.takesNodes {
            log.warning("no --cluster-token-file: no other node may join or attach here", fields)
        }
    }
}
