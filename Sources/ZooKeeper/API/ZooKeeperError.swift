/// Why a request failed.
public enum ZooKeeperError: Error, Hashable, Sendable {
    // MARK: Not sent

    /// There is no connection.
    case notConnected
    /// As many requests as the options allow wait for their replies.
    case tooManyRequests
    case requestTooLarge(bytes: Int, limit: Int)
    /// The path, and why it is none.
    case invalidPath(String, reason: String)
    /// The client is closed, or is closing.
    case closed

    // MARK: Ambiguous

    /// The connection ended, or the client was closed, before the reply: the request may have been
    /// done or not. The client never sends a request a second time.
    case connectionLoss

    // MARK: Refused by the server: nothing was changed

    case noNode
    case nodeExists
    /// The version is not the node's.
    case badVersion
    /// The node has children.
    case notEmpty
    case noChildrenForEphemerals
    /// The access rules don't allow it.
    case noAuth
    case invalidACL
    case badArguments
    /// The server refused an authentication, of this request or of the session.
    case authFailed
    case sessionExpired
    /// The session is at another server by now.
    case sessionMoved
    /// There is no such watch.
    case noWatcher
    case quotaExceeded
    /// Any other of the protocol's codes (`KeeperException.Code`).
    case server(code: Int32)

    // MARK: Of several requests

    /// The connect string's chroot does not exist; `ZooKeeperClient.createChroot` creates it.
    case chrootMissing(String)
    /// This operation of a `multi`, counted from 0, was refused for this reason, so none was done.
    indirect case multi(operation: Int, error: ZooKeeperError)
    /// The subtree has more nodes than allowed.
    case subtreeTooLarge(limit: Int)

    /// Whether the request may have been done all the same.
    public var isAmbiguous: Bool {
        switch self {
        // Operation timeout and request timeout: a leader that has lost its followers.
        case .connectionLoss, .server(code: -7), .server(code: -122): true
        default: false
        }
    }
}

extension ZooKeeperError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notConnected: "not connected"
        case .tooManyRequests: "too many requests wait for their replies"
        case .requestTooLarge(let bytes, let limit):
            "a request of \(bytes) bytes is larger than \(limit)"
        case .invalidPath(let path, let reason): "the path '\(path)' \(reason)"
        case .closed: "the client is closed"
        case .connectionLoss: "the connection was lost; the request may have been done or not"
        case .noNode: "no such node"
        case .nodeExists: "the node exists"
        case .badVersion: "the node has another version"
        case .notEmpty: "the node has children"
        case .noChildrenForEphemerals: "an ephemeral node can't have children"
        case .noAuth: "the node's access rules don't allow it"
        case .invalidACL: "invalid access rules"
        case .badArguments: "bad arguments"
        case .authFailed: "the authentication was refused"
        case .sessionExpired: "the session has expired"
        case .sessionMoved: "the session is at another server"
        case .noWatcher: "no such watch"
        case .quotaExceeded: "the quota is used up"
        case .server(let code): "the server's error \(code)"
        case .chrootMissing(let path): "the chroot '\(path)' does not exist"
        case .multi(let operation, let error): "operation \(operation): \(error)"
        case .subtreeTooLarge(let limit): "the subtree has more than \(limit) nodes"
        }
    }
}
