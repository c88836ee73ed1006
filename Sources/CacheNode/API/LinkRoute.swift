import UVHTTP

/// `GET /link`: where a child's link begins.
extension NodeService {
    func beginLink(_ request: HTTPRequest, _ responder: HTTPResponder) {
        guard request.asksUpgrade(to: LinkFrames.protocolName) else {
            return respondError(
                .upgradeRequired, "a link is asked for with Upgrade: \(LinkFrames.protocolName)",
                .own, responder, fieldLines: "Connection: Upgrade\r\nUpgrade: canopy-link/1\r\n")
        }
        // What children learn from this node it must have learned itself.
        guard keyspace.hasJoined else {
            return respondError(
                .serviceUnavailable, "this node has not joined the tree yet", .own, responder,
                fieldLines: "Retry-After: 1\r\n")
        }
        responder.upgrade(to: LinkFrames.protocolName) { [links] in links.accept($0) }
    }
}
