/// All that a client has to do with one endpoint: its connections, and the calls that wait for one.
final class ClientPeer: TurnEndHandler {
    let endpoint: Endpoint
    private let loop: any EventLoop
    private let limits: HTTPLimits
    private var connections: [ClientConnection] = []
    /// In the order of their sequence.
    private var waiting: [ClientCall] = []
    /// Addresses still to be tried for the connection that is being made.
    private var addresses: [SocketAddress] = []
    private var isResolving = false
    private var isClosed = false
    private var isSendingAtTurnEnd = false

    init(endpoint: Endpoint, loop: any EventLoop, limits: HTTPLimits) {
        self.endpoint = endpoint
        self.loop = loop
        self.limits = limits
    }

    var nowMilliseconds: UInt64 { loop.nowMilliseconds }

    /// Nothing is waiting, in flight or connected.
    var isIdle: Bool { connections.isEmpty && waiting.isEmpty && !isResolving }

    /// When the first of the idle connections has been idle for long enough; nil while something is
    /// under way, or when there is none.
    var idleUntilMilliseconds: UInt64? {
        guard waiting.isEmpty, !isResolving,
            connections.allSatisfy({ $0.isConnected && $0.inFlightCount == 0 })
        else { return nil }
        return connections.map { $0.idleSinceMilliseconds + limits.clientIdleMilliseconds }.min()
    }

    /// Returns false when too many calls wait already.
    func send(_ call: ClientCall) -> Bool {
        guard waiting.count < limits.clientQueueMax else { return false }
        waiting.append(call)
        sendAtTurnEnd()
        return true
    }

    /// What is asked for in one turn goes out in one write per connection.
    func sendAtTurnEnd() {
        guard !isSendingAtTurnEnd else { return }
        isSendingAtTurnEnd = true
        loop.atTurnEnd(self)
    }

    func onTurnEnd() {
        isSendingAtTurnEnd = false
        sendWaiting()
    }

    /// Gives waiting calls to the connections that have room, the least busy first, and makes a
    /// connection more when calls are left and one more is allowed.
    private func sendWaiting() {
        while !waiting.isEmpty, let connection = roomiest() {
            waiting.removeFirst(connection.send(firstOf: waiting))
        }
        if !waiting.isEmpty { connect() }
    }

    private func roomiest() -> ClientConnection? {
        connections.filter { $0.room > 0 }.min { $0.inFlightCount < $1.inFlightCount }
    }

    // MARK: Connecting

    private func connect() {
        let isConnecting = isResolving || connections.contains { !$0.isConnected }
        guard !isConnecting, !isClosed, connections.count < limits.clientConnectionsMax else {
            return
        }
        isResolving = true
        loop.resolve(host: endpoint.host, port: endpoint.port) { [self] result in
            isResolving = false
            guard !isClosed else { return }
            switch result {
            case .success(let resolved):
                addresses = resolved
                tryNextAddress()
            case .failure(let error):
                onNoConnection(.unresolved(error))
            }
        }
    }

    private func tryNextAddress() {
        let stream = loop.connect(to: addresses.removeFirst())
        let connection = ClientConnection(
            peer: self, stream: stream, host: endpoint.description, limits: limits,
            now: nowMilliseconds)
        connections.append(connection)
        connection.start()
    }

    func onConnected(_ connection: ClientConnection) {
        addresses.removeAll()
        sendWaiting()
    }

    func onConnectFailed(_ connection: ClientConnection, _ error: UVError) {
        connections.removeAll { $0 === connection }
        guard !isClosed else { return }
        if addresses.isEmpty { onNoConnection(.unreachable(error)) } else { tryNextAddress() }
    }

    /// The calls that wait fail, unless a connection stands that will take them in time.
    private func onNoConnection(_ error: HTTPClientError) {
        guard connections.isEmpty else { return }
        let failed = waiting
        waiting.removeAll()
        for call in failed { call.completion?(.failure(error)) }
    }

    /// `calls` had no answer on the connection that is gone; they go out again in their old order.
    func onClosed(_ connection: ClientConnection, resending calls: [ClientCall]) {
        connections.removeAll { $0 === connection }
        guard !isClosed else {
            for call in calls { call.completion?(.failure(.closed)) }
            return
        }
        for var call in calls {
            call.resendCount += 1
            waiting.append(call)
        }
        if !calls.isEmpty { waiting.sort { $0.sequence < $1.sequence } }
        if !waiting.isEmpty { sendWaiting() }
    }

    // MARK: Time

    /// Gives the calls whose time is over, which are told by the caller; gives up connections that
    /// don't come to stand, and closes those idle for long.
    func sweep(now: UInt64) -> [ClientCall] {
        var overdue = waiting.filter { $0.isOverdue(now: now) }
        if !overdue.isEmpty { waiting.removeAll { $0.isOverdue(now: now) } }
        for connection in connections {
            overdue += connection.takeOverdue(now: now)
            let idle = now - min(now, connection.idleSinceMilliseconds)
            if !connection.isConnected {
                if idle >= limits.connectMilliseconds { connection.fail(.timedOut) }
            } else if connection.inFlightCount == 0, idle >= limits.clientIdleMilliseconds {
                connection.fail(.closed)
            }
        }
        return overdue
    }

    /// Closes all connections; every call fails with `.closed` in a later turn.
    func close() {
        isClosed = true
        let failed = waiting
        waiting.removeAll()
        for connection in connections { connection.fail(.closed) }
        guard !failed.isEmpty else { return }
        loop.schedule {
            for call in failed { call.completion?(.failure(.closed)) }
        }
    }
}
