import UVHTTP
import ZooKeeper

/// What does something in ZooKeeper, as long as there is a session.
protocol RegistryPart: AnyObject {
    /// There is a server; `session` is new or goes on. Persistent watches have missed what happened
    /// meanwhile.
    func onConnected(session: Int64)
    /// There is no server; the session may live on.
    func onDisconnected()
    /// The session has ended, and all that hung on it.
    func onSessionEnded()
    func onEvent(_ event: ZooKeeperEvent)
}

/// A node's session with ZooKeeper, for the parts that use it.
final class RegistryConnection {
    let client: ZooKeeperClient
    let loop: any EventLoop
    let log: Log
    private var parts: [any RegistryPart] = []
    /// Grows with every connection: answers to requests of an earlier one don't count.
    private var turn: UInt64 = 0
    private var isTroubleTold = false
    private var isClosed = false
    private var stateSinceMilliseconds: UInt64
    /// Why the last try to reach a server failed.
    private var lastFault: String?

    /// `seed` decides the order in which servers are tried.
    init(
        _ connectString: ConnectString, timeoutMilliseconds: Int, loop: any EventLoop, log: Log,
        seed: UInt64
    ) {
        self.loop = loop
        self.log = log
        var options = ZooKeeperOptions()
        options.sessionTimeoutMilliseconds = timeoutMilliseconds
        client = ZooKeeperClient(
            loop: loop, connectString: connectString, options: options, seed: seed)
        stateSinceMilliseconds = loop.nowMilliseconds
        client.onState = { [weak self] in self?.onState($0) }
        client.onEvent = { [weak self] in self?.onEvent($0) }
        client.onConnectFailed = { [weak self] in self?.onConnectFailed($0, $1) }
    }

    func start(_ parts: [any RegistryPart]) {
        self.parts = parts
        client.start()
    }

    /// Ends the session, so that its ephemeral znodes go at once; `completion` comes then, or after
    /// `deadlineMilliseconds`.
    func close(deadlineMilliseconds: Int, completion: @escaping () -> Void) {
        isClosed = true
        turn += 1
        for part in parts { part.onDisconnected() }
        parts.removeAll()
        client.close(deadlineMilliseconds: deadlineMilliseconds) { _ in completion() }
    }

    var isConnected: Bool { client.state.isConnected }

    /// `completion`, unless the connection that it belongs to is gone by then.
    func current<Value>(
        _ completion: @escaping (Result<Value, ZooKeeperError>) -> Void
    ) -> (Result<Value, ZooKeeperError>) -> Void {
        let turn = turn
        return { [weak self] result in if turn == self?.turn { completion(result) } }
    }

    /// Creates what the parts need to be there; `completion` comes on success, and also when that
    /// failed, with the reason.
    func createPaths(_ completion: @escaping (String?) -> Void) {
        let paths: [(String, [UInt8])] = [
            (RegistryPaths.base, []), (RegistryPaths.live, []),
            (RegistryPaths.epoch, Array("0".utf8)),
        ]
        client.createChroot(
            completion: current { [self] result in
                if case .failure(let error) = result { return completion("the chroot: \(error)") }
                create(paths, completion)
            })
    }

    private func create(
        _ paths: [(String, [UInt8])], _ completion: @escaping (String?) -> Void
    ) {
        guard let (path, data) = paths.first else { return completion(nil) }
        client.create(
            path, data: data,
            completion: current { [self] result in
                switch result {
                case .success, .failure(.nodeExists): create(Array(paths.dropFirst()), completion)
                case .failure(let error): completion("\(path): \(error)")
                }
            })
    }

    // MARK: State

    private func onState(_ state: ZooKeeperState) {
        guard !isClosed else { return }
        stateSinceMilliseconds = loop.nowMilliseconds
        turn += 1
        switch state {
        case .connected(let connection): onConnected(connection)
        case .disconnected(let reason):
            lastFault = reason.description
            for part in parts { part.onDisconnected() }
            tell("ZooKeeper is away; the tree stays as it is", reason.description)
        case .lost:
            tell("ZooKeeper is away; the tree stays as it is", "no server for a session timeout")
        case .expired:
            log.warning("the ZooKeeper session has expired; a new one follows")
            for part in parts {
                part.onDisconnected()
                part.onSessionEnded()
            }
        case .authFailed: log.error("ZooKeeper refuses this node's authentication")
        case .connecting, .closed: break
        }
    }

    private func onConnected(_ connection: ZooKeeperConnection) {
        isTroubleTold = false
        lastFault = nil
        log.info(
            "connected to ZooKeeper",
            [
                "server": .string(connection.server.description),
                "session": .string(RegistryRecord.text(session: connection.sessionID)),
                "new": .bool(connection.isNew), "timeout_ms": .int(connection.timeoutMilliseconds),
            ])
        for part in parts { part.onConnected(session: connection.sessionID) }
    }

    private func onConnectFailed(_ server: Endpoint, _ reason: DisconnectReason) {
        lastFault = "\(server): \(reason)"
        tell("ZooKeeper can't be reached", "\(server): \(reason)")
    }

    private func onEvent(_ event: ZooKeeperEvent) {
        for part in parts { part.onEvent(event) }
    }

    /// Once, until there is a connection again.
    private func tell(_ message: String, _ reason: String) {
        guard !isTroubleTold else { return }
        isTroubleTold = true
        log.warning(message, ["reason": .string(reason)])
    }

    /// How it stands, for `/readyz?verbose`.
    var summary: String {
        let seconds = (loop.nowMilliseconds - stateSinceMilliseconds) / 1000
        let fault = lastFault.map { " (\($0))" } ?? ""
        switch client.state {
        case .connected(let connection):
            let session = RegistryRecord.text(session: connection.sessionID)
            return "connected to \(connection.server), session \(session), timeout"
                + " \(connection.timeoutMilliseconds) ms"
        case .connecting: return "not connected yet\(fault)"
        case .disconnected: return "away for \(seconds) s\(fault)"
        case .lost: return "away for longer than the session's timeout\(fault)"
        case .expired: return "the session has expired\(fault)"
        case .authFailed: return "it refuses this node's authentication"
        case .closed: return "closed"
        }
    }
}
