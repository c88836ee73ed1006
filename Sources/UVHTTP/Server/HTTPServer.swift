/// What a server counts; only ever grows.
public struct HTTPServerCounters {
    /// Requests given to the service.
    public var requests: UInt64 = 0
    /// Requests refused for breaking a rule of HTTP or a limit, or for being too slow.
    public var refusals: UInt64 = 0
    public var connectionsAccepted: UInt64 = 0
    /// Requests and connections for which there was no place.
    public var turnedAway: UInt64 = 0
    /// Connections closed because too much was held for them.
    public var cutOff: UInt64 = 0
}

/// An HTTP/1.1 server on an event loop: accepts connections, keeps them, sweeps out those that are
/// overdue, and stops without dropping what is in flight.
public final class HTTPServer {
    /// Milliseconds between two looks at every connection's deadlines.
    static let sweepMilliseconds: UInt64 = 500
    /// Milliseconds between the last answer on a connection that rests and its end when the server
    /// stops: for clients that have sent the next request meanwhile, and would get a reset.
    static let drainMilliseconds: UInt64 = 100
    /// Bytes of answers after which a connection's gathered output is written within the turn.
    @usableFromInline static var flushBytes: Int { 64 * 1024 }
    /// Bytes of output memory kept between turns.
    static let outputKeptBytes = 256 * 1024

    /// Constant; behind a pointer, so that the hot path copies nothing of it.
    let limits: UnsafePointer<HTTPLimits>
    let service: UnsafeMutablePointer<ServiceSlot>
    /// Where the connection whose turn it is gathers its answers; empty between turns of
    /// connections.
    let output: UnsafeMutablePointer<ByteQueue>
    let headMemo: UnsafeMutablePointer<HTTPHeadMemo>
    let putMemo: UnsafeMutablePointer<HTTPPutMemo>
    /// The plain GETs that are being answered.
    let plainGets: UnsafeMutablePointer<PlainGetBatch>
    /// The most that are answered at once.
    let plainGetsMax: Int
    /// The counters, bumped in place.
    public let counters: UnsafeMutablePointer<HTTPServerCounters>
    /// `Date: …` with CR LF, of the current second.
    let dateLine: UnsafeRawPointer

    private let loop: any EventLoop
    private let dateStorage: UnsafeMutableRawPointer
    private var dateSeconds = -1
    /// When the date was last looked at, by the loop's clock.
    private var dateSeenMilliseconds = UInt64.max
    private var listeners: [any StreamListener] = []
    private var connections: [ServerConnection] = []
    /// Streams that have left HTTP and are open.
    private var links: [any ByteStream] = []
    /// Connections that are about to leave HTTP.
    private var linksReserved = 0
    static let noLink = HTTPRefusal(503, "this node has as many links as it may, or stops")
    static let noPlace = HTTPRefusal(503, "this node has as many connections as it may")
    private var sweeper: (any LoopTimer)?
    private var onStopped: [() -> Void] = []
    private var places: ServerPlaces
    /// Told that every place is taken, and when that has been over for a while.
    public var onFull: ((Bool) -> Void)?
    private(set) var isStopping = false
    private var isReliefDue = false
    /// Nobody could be found in this turn: looking takes as long as there are connections.
    private var hasRelievedInVain = false
    private var largeRequests = LargeRequests()

    /// The loop keeps calling this server until `stop` has completed.
    public init(loop: any EventLoop, limits: HTTPLimits, service: any HTTPService) {
        self.loop = loop
        let storage = UnsafeMutablePointer<HTTPLimits>.allocate(capacity: 1)
        storage.initialize(to: limits)
        self.limits = UnsafePointer(storage)
        self.service = .allocate(capacity: 1)
        self.service.initialize(to: ServiceSlot(service))
        places = ServerPlaces(limits)
        output = .allocate(capacity: 1)
        output.initialize(to: ByteQueue())
        headMemo = .allocate(capacity: 1)
        headMemo.initialize(to: HTTPHeadMemo())
        putMemo = .allocate(capacity: 1)
        putMemo.initialize(to: HTTPPutMemo())
        counters = .allocate(capacity: 1)
        counters.initialize(to: HTTPServerCounters())
        dateStorage = .allocate(byteCount: HeadWriter.dateLineBytes, alignment: 1)
        dateLine = UnsafeRawPointer(dateStorage)
        plainGetsMax = max(1, min(limits.requestsPerTurnMax, HTTPPlainGets.countMax))
        plainGets = .allocate(capacity: 1)
        plainGets.initialize(to: PlainGetBatch(output: output, dateLine: dateLine))
        refreshDate()
        sweeper = loop.startTimer(
            afterMilliseconds: Self.sweepMilliseconds, repeatMilliseconds: Self.sweepMilliseconds
        ) { [weak self] in self?.sweep() }
    }

    deinit {
        sweeper?.cancel()
        for listener in listeners { listener.close() }
        service.deinitialize(count: 1)
        service.deallocate()
        output.deinitialize(count: 1)
        output.deallocate()
        headMemo.deinitialize(count: 1)
        headMemo.deallocate()
        putMemo.deinitialize(count: 1)
        putMemo.deallocate()
        plainGets.pointee.paths.deallocate()
        plainGets.deallocate()
        counters.deallocate()
        limits.deallocate()
        dateStorage.deallocate()
    }

    /// From now on `service` answers, on connections that are open too. Not to be called by the
    /// service while it answers.
    public func serve(_ service: any HTTPService) {
        self.service.pointee = ServiceSlot(service)
    }

    /// Connections open now.
    public var connectionCount: Int { connections.count }

    /// Streams that have left HTTP and are open now; they aren't among the connections.
    public var linkCount: Int { links.count }

    /// Bytes of unfinished requests and of answers not taken that connections hold now.
    public private(set) var heldBytes = 0

    /// Bytes that a connection may hold whatever the others do. When too much is held, somebody
    /// holds more than this.
    var shareOfHeldBytes: Int {
        limits.pointee.heldBytesMax
            / max(1, limits.pointee.connectionsMax + limits.pointee.lastPlacesMax)
    }

    var nowMilliseconds: UInt64 { loop.nowMilliseconds }

    /// Begins to accept connections on `address`; returns it with the port that was chosen if it
    /// said 0.
    @discardableResult
    public func listen(on address: SocketAddress) throws(UVError) -> SocketAddress {
        let listener = try loop.listen(on: address, backlog: limits.pointee.backlog) {
            [weak self] stream in
            self?.onStream(stream)
        }
        listeners.append(listener)
        return listener.address
    }

    /// Stops accepting, lets what is in flight be answered, and calls `completion` when the last
    /// connection is gone, in a later turn. Streams that have left HTTP stay as they are.
    public func stop(completion: @escaping () -> Void) {
        onStopped.append(completion)
        if !isStopping {
            isStopping = true
            for connection in connections { connection.isEnding = true }
            for listener in listeners { listener.close() }
            listeners.removeAll()
        }
        // Not at once: this may be a call of the service, with an answer half made.
        loop.schedule { [self] in
            for connection in connections { connection.settle() }
            completeStopIfDone()
        }
        loop.startTimer(afterMilliseconds: Self.drainMilliseconds, repeatMilliseconds: 0) {
            [weak self] in self?.sweep()
        }
    }

    /// Closes every connection at once, and every stream that has left HTTP: for a stop whose time
    /// is up.
    public func closeConnections() {
        for connection in connections { connection.close() }
        for link in links { link.close() }
    }

    // MARK: For the connections

    func schedule(_ body: @escaping () -> Void) { loop.schedule(body) }

    func atTurnEnd(_ connection: ServerConnection) { loop.atTurnEnd(connection) }

    /// Whether a large request of a connection is answered in this turn, or read on, as long as it
    /// isn't whole.
    func mayTakeLarge(_ request: HTTPRequest, of connection: ServerConnection) -> Bool {
        guard request.body.count > LargeRequests.bytesMin else { return true }
        guard largeRequests.bytesTaken < limits.pointee.largeBytesPerTurnMax,
            service.pointee.isReady(for: request)
                || largeRequests.isOverdue(connection, now: nowMilliseconds)
        else { return false }
        largeRequests.onReady(connection)
        return true
    }

    /// A request with a body of so many bytes is answered.
    func onLargeTaken(_ byteCount: Int) {
        guard byteCount > LargeRequests.bytesMin else { return }
        if largeRequests.bytesTaken == 0 {
            schedule { [weak self] in self?.largeRequests.onTurn() }
        }
        largeRequests.onTaken(byteCount)
    }

    func onConnectionClosed(_ connection: ServerConnection) {
        remove(connection)
        completeStopIfDone()
    }

    /// What is held for one of the connections has changed by so many bytes.
    func onHolding(_ change: Int) {
        heldBytes += change
        guard heldBytes > limits.pointee.heldBytesMax, !isReliefDue else { return }
        isReliefDue = true
        loop.schedule { [self] in
            relieve()
            isReliefDue = false
            hasRelievedInVain = false
        }
    }

    /// Relieves at once if too much is held, so that no turn in which all connections grow holds
    /// much more. From the end of an event of `current`, which is spared until the next turn.
    func relieveIfNeeded(sparing current: ServerConnection) {
        guard heldBytes > limits.pointee.heldBytesMax, !hasRelievedInVain else { return }
        relieve(sparing: current)
        hasRelievedInVain = heldBytes > limits.pointee.heldBytesMax
    }

    /// Closes connections until an eighth of what may be held is free: first those that have held
    /// more than their share for the longest.
    private func relieve(sparing current: ServerConnection? = nil) {
        for connection in connections { connection.countHeld() }
        let greedy = connections.filter {
            $0.holdsMuchSince > 0 && $0 !== current && !$0.isClosed
        }
        var excess = heldBytes - limits.pointee.heldBytesMax / 8 * 7
        for connection in greedy.sorted(by: { $0.holdsMuchSince < $1.holdsMuchSince }) {
            guard excess > 0 else { return }
            excess -= connection.heldBytes
            counters.pointee.cutOff &+= 1
            connection.cutOff()
        }
    }

    private func remove(_ connection: ServerConnection) {
        heldBytes -= connection.heldBytes
        let index = connection.indexInServer
        let last = connections.removeLast()
        if last !== connection {
            last.indexInServer = index
            connections[index] = last
        }
        places.onLeft(connection)
    }

    /// Whether one more connection may leave HTTP; if so it counts until `giveUpLink`.
    func reserveLink() -> Bool {
        guard !isStopping, links.count + linksReserved < limits.pointee.linksMax else {
            counters.pointee.refusals &+= 1
            return false
        }
        linksReserved += 1
        return true
    }

    func giveUpLink() { linksReserved -= 1 }

    /// `connection` is one no more: its stream goes over to another handler.
    func onLeavingHTTP(
        _ connection: ServerConnection, _ stream: any ByteStream, _ takeOver: HTTPStreamTakeOver,
        unread: UnsafeRawBufferPointer
    ) {
        links.append(stream)
        remove(connection)
        stream.handOver(to: takeOver(stream), unread: unread) { [weak self, unowned stream] in
            self?.links.removeAll { $0 === stream }
        }
        completeStopIfDone()
    }

    /// Writes the Date line anew when the second has changed (RFC 9110 §6.6.1). `now` is that of
    /// the loop's clock.
    @inline(__always)
    func refreshDate(_ now: UInt64) {
        if now != dateSeenMilliseconds { seeDate(now) }
    }

    func refreshDate() { refreshDate(nowMilliseconds) }

    @inline(never)
    private func seeDate(_ now: UInt64) {
        dateSeenMilliseconds = now
        let seconds = loop.unixSeconds
        if seconds != dateSeconds { writeDate(seconds) }
    }

    private func writeDate(_ seconds: Int) {
        dateSeconds = seconds
        dateStorage.copyMemory(
            from: StaticString("Date: ").bytes.baseAddress.unsafelyUnwrapped, byteCount: 6)
        HTTPDate.write(unixSeconds: seconds, into: dateStorage + 6)
        (dateStorage + HeadWriter.dateLineBytes - 2).copyMemory(
            from: StaticString("\r\n").bytes.baseAddress.unsafelyUnwrapped, byteCount: 2)
    }

    // MARK: Events

    private func onStream(_ stream: any ByteStream) {
        guard !isStopping else { return stream.close() }
        counters.pointee.connectionsAccepted &+= 1
        let isFull = places.isFull
        if isFull, places.onFull(now: loop.nowMilliseconds) { onFull?(true) }
        let connection = ServerConnection(server: self, stream: stream, hasLastPlace: isFull)
        connection.indexInServer = connections.count
        connections.append(connection)
        if let displaced = places.onCame(connection) {
            counters.pointee.turnedAway &+= 1
            displaced.close()
        }
        connection.start()
    }

    /// Whether those who make no use of their places are to leave soon.
    var isCrowded: Bool { places.areScarce }

    private func sweep() {
        refreshDate()
        let now = loop.nowMilliseconds
        for connection in connections { connection.onSweep(now: now) }
        if places.isCalm(now: now) { onFull?(false) }
    }

    private func completeStopIfDone() {
        guard isStopping, connections.isEmpty, !onStopped.isEmpty else { return }
        sweeper?.cancel()
        let completions = onStopped
        onStopped.removeAll()
        for completion in completions { completion() }
    }
}
