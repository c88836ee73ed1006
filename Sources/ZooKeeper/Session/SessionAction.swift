import UVHTTP

/// What a session wants done, in this order.
enum SessionAction {
    /// To resolve the server's name, and tell `onResolved`.
    case resolve(server: Int, Endpoint)
    /// To connect; there is no connection at that time.
    case connect(SocketAddress)
    /// To write what the session's output holds and close the connection.
    case disconnect
    case state(ZooKeeperState)
    case connectFailed(Endpoint, DisconnectReason)
    /// The path is the server's.
    case event(ZooKeeperEvent)
    case completed(id: Int, Result<Reply, ZooKeeperError>)
    /// The session has ended for good, after `close`; whether a server has said so.
    case closed(isConfirmed: Bool)
}
