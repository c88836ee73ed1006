import UVHTTP

/// A simulated ZooKeeper ensemble: servers on hosts of their own that speak the protocol's bytes
/// and agree with each other at once. Sessions expire by virtual time; what is stored outlives the
/// servers' processes.
///
/// A server serves while it runs and while more than half of the servers, itself included, run and
/// are not cut off from it. One that doesn't closes its clients' connections, at the next tick, and
/// every new one.
/// Cut servers off by `world.network`, with their `hosts`.
///
/// Not simulated: followers that are behind, elections that take time, quotas, TTL nodes.
public final class SimZooKeeper {
    public let world: SimWorld
    /// The machines of the servers, `zk1`, `zk2`, …
    public let hosts: [SimHost]
    public let port: UInt16
    /// Sessions expire at ticks, and have a timeout of 2 to 20 of them.
    public let tickMilliseconds: UInt64

    /// Called after each write that was done, of a `multi` for each operation: who, the operation's
    /// number in the protocol, the path as the client gave it, and the data.
    public var onWrite:
        ((_ session: Int64, _ opcode: Int32, _ path: String, _ data: [UInt8]) -> Void)?

    /// A session, as long as it lives.
    struct Session {
        var password: [UInt8]
        var timeoutMilliseconds: UInt64
        var heardAt: UInt64
        var connection: SimZooKeeperConnection?
    }

    var tree = SimZooKeeperTree()
    var watches = SimZooKeeperWatches()
    var sessions: [Int64: Session] = [:]
    private var connections: [[SimZooKeeperConnection]]
    private var frozen: Set<Int> = []
    private var sessionCount: Int64 = 0
    private var nextLimits = SimZooKeeperConnection.Limits()

    /// Adds the hosts to `world` and starts their servers.
    public init(
        in world: SimWorld, serverCount: Int = 1, port: UInt16 = 2181,
        tickMilliseconds: UInt64 = 500
    ) {
        self.world = world
        self.port = port
        self.tickMilliseconds = tickMilliseconds
        hosts = (1...serverCount).map { world.addHost("zk\($0)") }
        connections = Array(repeating: [], count: serverCount)
        for server in hosts.indices { listen(server) }
        tick()
    }

    /// All servers by the names of their hosts: `zk1:2181,zk2:2181`.
    public var connectString: String {
        hosts.map { "\($0.name):\(port)" }.joined(separator: ",")
    }

    // MARK: What is there

    /// All znodes by their paths.
    public var nodes: [String: SimZooKeeperNode] { tree.nodes }
    /// The sessions that live, in no order.
    public var sessionIDs: [Int64] { Array(sessions.keys) }
    /// Watches of all connections.
    public var watchCount: Int { watches.count }

    /// The server that a session is connected to, from 0; nil if to none.
    public func server(of sessionID: Int64) -> Int? { sessions[sessionID]?.connection?.server }

    public func isServing(_ server: Int) -> Bool {
        guard isRunning(server) else { return false }
        let reachable = hosts.indices.filter { other in
            guard other != server else { return true }
            let network = world.network
            return isRunning(other)
                && !network.link(from: hosts[server], to: hosts[other]).isCut
                && !network.link(from: hosts[other], to: hosts[server]).isCut
        }
        return reachable.count * 2 > hosts.count
    }

    // MARK: What a test does to it

    /// Ends a server's process; its machine lives on unless the crash is `silent`.
    public func stop(_ server: Int, _ crash: SimCrash = .closing) {
        hosts[server].crash(crash)
        didLose(server)
    }

    /// Starts a server that was stopped, or starts it anew.
    public func start(_ server: Int) {
        hosts[server].restart()
        didLose(server)
        frozen.remove(server)
        listen(server)
    }

    /// Lets a server stand still, as SIGSTOP does: connections to it open, and nothing is answered.
    public func freeze(_ server: Int) {
        frozen.insert(server)
        hosts[server].loop.freeze()
    }

    public func thaw(_ server: Int) {
        frozen.remove(server)
        hosts[server].loop.thaw()
    }

    /// Ends a session as its timeout would.
    public func expire(_ sessionID: Int64) {
        let connection = sessions[sessionID]?.connection
        end(sessionID)
        connection?.close()
    }

    /// Closes every connection that a server has.
    public func closeConnections(_ server: Int) {
        for connection in connections[server] { connection.close() }
    }

    /// Forgets everything: what was stored, the sessions, and how far the ensemble was.
    public func wipe() {
        for server in hosts.indices { closeConnections(server) }
        tree = SimZooKeeperTree()
        watches = SimZooKeeperWatches()
        sessions = [:]
    }

    /// The next connection to any server is broken off when the server has read, or written, so
    /// many bytes of it. Bytes beyond have no effect.
    public func cutNextConnection(afterReading read: Int? = nil, afterWriting written: Int? = nil) {
        nextLimits = SimZooKeeperConnection.Limits(read: read, written: written)
    }

    // MARK: Sessions

    /// What becomes of a handshake: nothing is answered by a server that is behind the client.
    func connect(
        _ connection: SimZooKeeperConnection, _ handshake: SimZooKeeperHandshake
    ) {
        guard handshake.lastZxid <= tree.zxid else { return connection.close() }
        let bounds = tickMilliseconds * 2...tickMilliseconds * 20
        let asked = UInt64(max(0, handshake.timeoutMilliseconds))
        let granted = min(max(asked, bounds.lowerBound), bounds.upperBound)
        if handshake.sessionID == 0 {
            begin(connection, granted)
        } else if var session = sessions[handshake.sessionID],
            session.password == handshake.password
        {
            session.connection?.close()
            session.timeoutMilliseconds = granted
            session.heardAt = world.nowMicroseconds
            session.connection = connection
            sessions[handshake.sessionID] = session
            connection.accept(handshake.sessionID, session.password, granted)
        } else {
            connection.refuse()
        }
    }

    private func begin(_ connection: SimZooKeeperConnection, _ timeoutMilliseconds: UInt64) {
        sessionCount += 1
        let sessionID = Int64(connection.server + 1) << 56 | sessionCount
        let password = (0..<16).map { _ in UInt8(truncatingIfNeeded: world.random.below(256)) }
        tree.nextTransaction()
        sessions[sessionID] = Session(
            password: password, timeoutMilliseconds: timeoutMilliseconds,
            heardAt: world.nowMicroseconds, connection: connection)
        connection.accept(sessionID, password, timeoutMilliseconds)
    }

    /// The server has heard of the client.
    func touch(_ sessionID: Int64) { sessions[sessionID]?.heardAt = world.nowMicroseconds }

    func end(_ sessionID: Int64) {
        guard sessions.removeValue(forKey: sessionID) != nil else { return }
        tree.nextTransaction()
        tree.deleteEphemerals(of: sessionID)
        tellEvents()
    }

    func didClose(_ connection: SimZooKeeperConnection) {
        connections[connection.server].removeAll { $0 === connection }
        watches.removeAll(of: connection)
        if sessions[connection.sessionID]?.connection === connection {
            sessions[connection.sessionID]?.connection = nil
        }
    }

    /// Sends what has happened to those who watch it.
    func tellEvents() {
        let events = tree.events
        tree.events = []
        for (event, path) in events {
            for connection in watches.fire(event, path) { connection.tell(event, path) }
        }
    }

    // MARK: Servers

    private func isRunning(_ server: Int) -> Bool {
        hosts[server].isUp && !frozen.contains(server)
    }

    private func listen(_ server: Int) {
        let host = hosts[server]
        do throws(UVError) {
            _ = try host.loop.listen(on: host.address(port: port), backlog: 512) { [self] stream in
                let connection = SimZooKeeperConnection(
                    stream, server: server, of: self, limits: nextLimits)
                nextLimits = SimZooKeeperConnection.Limits()
                connections[server].append(connection)
                connection.start()
            }
        } catch {
            preconditionFailure("a server can't listen: \(error)")
        }
    }

    /// The process is gone, and nobody of it hears anything any more.
    private func didLose(_ server: Int) {
        for connection in connections[server] { didClose(connection) }
    }

    private func tick() {
        let serving = hosts.indices.filter(isServing)
        for server in hosts.indices where isRunning(server) && !serving.contains(server) {
            closeConnections(server)
        }
        for sessionID in sessions.keys.sorted() {
            guard let session = sessions[sessionID] else { continue }
            if serving.isEmpty {
                // A new leader gives every session its whole timeout.
                touch(sessionID)
            } else if world.nowMicroseconds - session.heardAt
                > session.timeoutMilliseconds * 1000
            {
                expire(sessionID)
            }
        }
        world.after(milliseconds: tickMilliseconds) { [self] in tick() }
    }
}
