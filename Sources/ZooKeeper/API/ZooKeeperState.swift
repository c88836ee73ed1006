import UVHTTP

/// Where the session stands. In `connected` alone requests are taken.
///
/// ``` connecting ─► connected ─► disconnected ─► connected         the same session, at any server
/// │  └─► lost ─► connected      the server was more patient than we │       │ └───────┴─► expired
/// ─► connected    a new session any ─► authFailed, closed                                     the
/// end
/// ```
public enum ZooKeeperState: Hashable, Sendable {
    /// There is no session yet.
    case connecting
    /// There is a session and a server.
    case connected(ZooKeeperConnection)
    /// The session has no server. It may live on, with its ephemeral nodes. Requests that were
    /// under way end as `connectionLoss`.
    case disconnected(DisconnectReason)
    /// For a whole session timeout no server has confirmed the session, by our own clock: it may
    /// have expired, and its ephemeral nodes may be gone. Whoever holds something by the session
    /// must let go of it now. What really happened is known at the next connection.
    case lost
    /// A server says that the session has ended: its ephemeral nodes are gone, and so are all
    /// watches. The client begins a new session by itself.
    case expired
    /// A server refused an authentication. The client has given up; all requests end as
    /// `authFailed`.
    case authFailed
    /// The client was closed.
    case closed

    public var isConnected: Bool {
        if case .connected = self { return true }
        return false
    }
}

/// A connection of a session to a server.
public struct ZooKeeperConnection: Hashable, Sendable {
    /// Never 0.
    public var sessionID: Int64
    /// A session that has just begun: no ephemeral nodes, no watches. Otherwise the session went
    /// on: its watches are in place again, and one-shot watches have fired for what was missed.
    /// Persistent watches have not; what they are for must be read again.
    public var isNew: Bool
    /// The timeout that the server has granted.
    public var timeoutMilliseconds: Int
    /// The server as the connect string names it, and its address.
    public var server: Endpoint
    public var address: SocketAddress

    public init(
        sessionID: Int64, isNew: Bool, timeoutMilliseconds: Int, server: Endpoint,
        address: SocketAddress
    ) {
        self.sessionID = sessionID
        self.isNew = isNew
        self.timeoutMilliseconds = timeoutMilliseconds
        self.server = server
        self.address = address
    }
}

/// Why a connection ended, or why one could not be had.
public enum DisconnectReason: Error, Hashable, Sendable, CustomStringConvertible {
    /// The name of the server can't be resolved.
    case unresolved(UVError)
    /// The connection could not be opened, or broke.
    case failed(UVError)
    /// The server wasn't connected, or didn't answer the handshake, in this time.
    case connectTimeout(milliseconds: Int)
    /// The server ended the connection; a server that has fallen behind what this client has seen,
    /// or that has no quorum, does so instead of answering the handshake.
    case closedByServer
    /// Nothing was heard of the server for this time.
    case silence(milliseconds: Int)
    /// The server sent what no ZooKeeper server sends.
    case malformed(String)

    public var description: String {
        switch self {
        case .unresolved(let error): "the server's name can't be resolved: \(error)"
        case .failed(let error): "the connection failed: \(error)"
        case .connectTimeout(let milliseconds): "the server didn't answer in \(milliseconds) ms"
        case .closedByServer: "the server closed the connection"
        case .silence(let milliseconds): "nothing was heard of the server for \(milliseconds) ms"
        case .malformed(let what): "the server doesn't keep to the protocol: \(what)"
        }
    }
}
