import UVHTTP

/// Where an ensemble is, as ZooKeeper's own tools write it: `host:port,host:port/chroot`.
///
/// A host is a name, an IPv4 address or an IPv6 address in brackets; the port may be left out
/// (2181). The chroot, which begins at the first `/`, is put before every path: a client of
/// `zk:2181/canopy` that creates `/live` creates `/canopy/live`.
public struct ConnectString: Hashable, Sendable, CustomStringConvertible {
    /// At least one; without duplicates, in the order given. The client shuffles them.
    public let servers: [Endpoint]
    /// The path before every path, without a `/` at its end; empty for none.
    public let chroot: String

    /// The port of ZooKeeper's clients where a server names none.
    public static let defaultPort: UInt16 = 2181

    public init(_ text: String) throws(ConnectStringError) {
        let slash = text.utf8.firstIndex(of: UInt8(ascii: "/")) ?? text.utf8.endIndex
        let chroot = String(text[slash...])
        if chroot == "/" || chroot.isEmpty {
            self.chroot = ""
        } else {
            if let fault = NodePath.fault(of: chroot) {
                throw .invalidChroot(chroot, reason: fault)
            }
            self.chroot = chroot
        }
        guard slash != text.utf8.startIndex else { throw .noServer }
        var servers: [Endpoint] = []
        for part in text[..<slash].split(separator: ",", omittingEmptySubsequences: false) {
            let server = Endpoint(part, defaultPort: Self.defaultPort)
            guard let server, server.port != 0 else { throw .invalidServer(String(part)) }
            if !servers.contains(server) { servers.append(server) }
        }
        self.servers = servers
    }

    public var description: String {
        servers.map(\.description).joined(separator: ",") + chroot
    }
}

/// Why a text is no connect string.
public enum ConnectStringError: Error, Hashable, Sendable, CustomStringConvertible {
    case noServer
    /// This part, between two commas, is no `host:port`.
    case invalidServer(String)
    case invalidChroot(String, reason: String)

    public var description: String {
        switch self {
        case .noServer: "a connect string begins with a server: host:port,host:port/chroot"
        case .invalidServer(let text): "'\(text)' is no host:port (port 1 to 65535)"
        case .invalidChroot(let path, let reason): "the chroot '\(path)' \(reason)"
        }
    }
}
