import UVHTTP

/// A client of a ZooKeeper ensemble: one session at a time, on one event loop.
///
/// ```swift
/// let client = ZooKeeperClient(
///     loop: loop, connectString: try ConnectString("zk1,zk2,zk3/app"), seed: seed)
/// client.onState = { state in
///     guard case .connected(let connection) = state, connection.isNew else { return }
///     client.create("/live/me", mode: .ephemeral) { print($0) }
/// }
/// client.start()
/// ```
///
/// - Everything happens on the loop's thread; nothing here blocks. Callbacks come in a later turn
///   of the loop than the call that led to them, never from inside of it.
/// - A completion is called exactly once. Replies come in the order of their requests, and events
///   in the server's order with them.
/// - The client finds another server when one fails, and takes the session and its watches along.
///   When the session has expired it begins a new one. It never repeats a request: a request
///   without a connection ends as `notConnected`, one that was under way when a connection ended
///   as `connectionLoss`.
/// - From `start` to the state `closed` the loop keeps the client alive; then the client lets go of
///   its handlers.
///
/// Servers from 3.6 on (persistent watches). Not here: TLS, SASL, read-only mode, TTL and container
/// nodes, reconfiguration of the ensemble.
public final class ZooKeeperClient {
    public typealias Completion<Value> = (Result<Value, ZooKeeperError>) -> Void
    typealias ReplyHandler = (Result<Reply, ZooKeeperError>) -> Void

    /// Hears every change of `state`.
    public var onState: ((ZooKeeperState) -> Void)?
    /// Hears of every watch that fires, in `connected` alone.
    public var onEvent: ((ZooKeeperEvent) -> Void)?
    /// Hears why a server could not be reached; another is tried, or the same again after a pause.
    public var onConnectFailed: ((Endpoint, DisconnectReason) -> Void)?

    /// The state as `onState` last heard it; at first `connecting`.
    public private(set) var state = ZooKeeperState.connecting
    /// What the client was made for.
    public let connectString: ConnectString

    let loop: any EventLoop
    let chroot: Chroot
    /// The chroot was seen to exist; nothing more is asked about it.
    var isChrootKnown = false

    private var machine: ZooKeeperSession
    private var replyHandlers: [Int: ReplyHandler] = [:]
    private var lastID = 0
    private var connection: ClientConnection?
    private var timer: (any LoopTimer)?
    private var timerDue = UInt64.max
    private var isTurnScheduled = false
    private var closeCompletions: [(Bool) -> Void] = []

    /// `seed` decides in which order servers are tried and how long pauses are; give each client
    /// another. Nothing happens before `start`.
    public init(
        loop: any EventLoop, connectString: ConnectString,
        options: ZooKeeperOptions = ZooKeeperOptions(), seed: UInt64
    ) {
        self.loop = loop
        self.connectString = connectString
        chroot = Chroot(connectString.chroot)
        machine = ZooKeeperSession(servers: connectString.servers, options: options, seed: seed)
    }

    // MARK: The session

    /// The session, for a client that is to take it over; nil when there is none.
    public var session: SessionCredentials? { machine.identity.credentials }

    /// The session timeout that a server has granted; before that, the one to be asked for.
    public var timeoutMilliseconds: Int { Int(machine.identity.timeoutMilliseconds) }

    /// Requests that wait for their reply.
    public var pendingRequests: Int { machine.pending.count }

    /// Begins to connect. To be called once.
    public func start() {
        machine.start(now: loop.nowMilliseconds)
        scheduleTurn()
    }

    /// Ends the session: its ephemeral nodes go at once. Requests sent before are done first; new
    /// ones end as `closed`. Without a connection, one is looked for until the deadline.
    ///
    /// The completion comes when a server has ended the session (true), or when there is none to
    /// end, or at the latest after `deadlineMilliseconds` (false: the session ends by its timeout,
    /// unless it was none). The state is `closed` then. With a deadline of 0 the connection is
    /// closed at once. Only the first call counts; completions of later ones come with it.
    public func close(deadlineMilliseconds: Int, completion: @escaping (Bool) -> Void = { _ in }) {
        if state == .closed {
            return loop.schedule { completion(false) }
        }
        closeCompletions.append(completion)
        let now = loop.nowMilliseconds
        // A year is long enough, and overflows nothing.
        let patience = UInt64(min(max(0, deadlineMilliseconds), 365 * 86_400_000))
        machine.close(deadline: now + patience, now: now)
        if machine.isEnded { tellEnd() } else { scheduleTurn() }
    }

    /// Tells everybody who waits, in the next turn. This client holds on to them no longer: should
    /// the loop end before that turn, they are gone with it.
    private func tellEnd() {
        let calls = machine.takeActions().map { action -> () -> Void in
            if case .completed(let id, let result) = action,
                let handler = replyHandlers.removeValue(forKey: id)
            {
                return { handler(result) }
            }
            return { [self] in perform(action) }
        }
        loop.schedule { [self] in
            for call in calls { call() }
            armTimer()
        }
    }

    /// Authenticates this connection and all that follow. The completion tells what the first
    /// server said that was asked; a refusal leads to the state `authFailed`.
    public func addAuthentication(
        _ authentication: Authentication, completion: @escaping Completion<Void> = { _ in }
    ) {
        let id = keep { completion($0.map { _ in }) }
        machine.authenticate(authentication, id: id, now: loop.nowMilliseconds)
        scheduleTurn()
    }

    /// Sends a request whose paths are the server's; what can't be sent fails in a later turn.
    func submit(_ request: Request, _ handler: @escaping ReplyHandler) {
        let id = keep(handler)
        if let error = machine.submit(request, id: id, now: loop.nowMilliseconds) {
            replyHandlers[id] = nil
            return loop.schedule { handler(.failure(error)) }
        }
        scheduleTurn()
    }

    private func keep(_ handler: @escaping ReplyHandler) -> Int {
        lastID += 1
        replyHandlers[lastID] = handler
        return lastID
    }

    // MARK: From the network

    func onConnected(_ connection: ClientConnection) {
        guard connection === self.connection else { return }
        machine.onConnected(now: loop.nowMilliseconds)
        act()
    }

    func onRead(_ connection: ClientConnection, _ bytes: UnsafeRawBufferPointer) {
        guard connection === self.connection else { return }
        machine.onRead(bytes, now: loop.nowMilliseconds)
        act()
    }

    func onDisconnected(_ connection: ClientConnection, _ reason: DisconnectReason) {
        guard connection === self.connection else { return }
        machine.onDisconnected(reason, now: loop.nowMilliseconds)
        act()
    }

    private func resolve(_ server: Int, _ endpoint: Endpoint) {
        loop.resolve(host: endpoint.host, port: endpoint.port) { [self] result in
            machine.onResolved(server: server, result, now: loop.nowMilliseconds)
            act()
        }
    }

    // MARK: Acting

    /// Does what the session wants, in the next turn: nothing is called back from inside a call.
    private func scheduleTurn() {
        guard !isTurnScheduled else { return }
        isTurnScheduled = true
        loop.schedule { [self] in
            isTurnScheduled = false
            act()
        }
    }

    private func act() {
        // What a call of this turn has led to is for the next.
        guard !isTurnScheduled else { return }
        for action in machine.takeActions() { perform(action) }
        flush()
        armTimer()
        if machine.hasActions { scheduleTurn() }
    }

    private func perform(_ action: SessionAction) {
        switch action {
        case .resolve(let server, let endpoint): resolve(server, endpoint)
        case .connect(let address):
            connection = ClientConnection(loop.connect(to: address), of: self)
            connection?.start()
        case .disconnect:
            flush()
            connection?.close()
            connection = nil
        case .state(let state): tell(state)
        case .connectFailed(let server, let reason): onConnectFailed?(server, reason)
        case .event(let event):
            guard let path = chroot.relative(event.path) else { break }
            onEvent?(ZooKeeperEvent(kind: event.kind, path: path))
        case .completed(let id, let result):
            replyHandlers.removeValue(forKey: id)?(result)
        case .closed(let isConfirmed): finish(isConfirmed)
        }
    }

    private func tell(_ state: ZooKeeperState) {
        self.state = state
        // An ensemble that began anew has no chroot either.
        if case .connected(let connection) = state, connection.isNew { isChrootKnown = false }
        onState?(state)
    }

    private func finish(_ isConfirmed: Bool) {
        let completions = closeCompletions
        closeCompletions = []
        for completion in completions { completion(isConfirmed) }
        // They may well hold on to the client.
        onState = nil
        onEvent = nil
        onConnectFailed = nil
    }

    private func flush() {
        guard !machine.output.isEmpty else { return }
        connection?.write(machine.output.readable)
        machine.didWriteOutput()
    }

    /// Sees to it that the timer fires at the session's deadline at the latest. One that fires
    /// early finds nothing to do, which is cheaper than a new one for each request.
    private func armTimer() {
        guard let deadline = machine.deadline else {
            timer?.cancel()
            timer = nil
            timerDue = .max
            return
        }
        guard deadline < timerDue else { return }
        timer?.cancel()
        timerDue = deadline
        let now = loop.nowMilliseconds
        timer = loop.startTimer(
            afterMilliseconds: deadline > now ? deadline - now : 0, repeatMilliseconds: 0
        ) { [self] in onTimer() }
    }

    private func onTimer() {
        timer = nil
        timerDue = .max
        // After the I/O of this turn: when the process has been standing still, what came in
        // meanwhile is heard before anyone is called silent.
        loop.schedule { [self] in
            machine.onTimer(now: loop.nowMilliseconds)
            act()
        }
    }
}
