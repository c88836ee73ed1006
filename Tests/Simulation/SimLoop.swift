import UVHTTP

/// The event loop of one simulated process. Its turns have the order of `UVLoop`'s: timers, what
/// is ready, scheduled bodies, turn ends, closed streams. What is ready at once comes in any order.
public final class SimLoop: SimTask, EventLoop {
    public let world: SimWorld
    /// Where the process runs.
    public unowned let host: SimHost

    /// Microseconds that a turn takes: how slow this process is.
    public var turnMicroseconds: ClosedRange<UInt64> = 2...20
    /// Calls of `write` on all its streams.
    @exclusivity(unchecked) public internal(set) var writeCount = 0
    @exclusivity(unchecked) public private(set) var turnCount = 0
    /// A simulated process has descriptors for all.
    public let acceptFailures = 0
    /// The process has crashed, or its world has ended.
    public private(set) var isDead = false
    /// `stop` was called, and no `run` has ended by it yet.
    public private(set) var isStopping = false

    /// Monotonic clocks of different machines have nothing to do with each other.
    private let clockOffset: UInt64
    private let timers = SimTimers()
    @exclusivity(unchecked) private var scheduled: [() -> Void] = []
    @exclusivity(unchecked) private var due: [() -> Void] = []
    private var enders: [any TurnEndHandler] = []
    private var signalBodies: [(signal: Int32, body: () -> Void)] = []
    @exclusivity(unchecked) private var ready: [SimSource] = []
    @exclusivity(unchecked) private var readyNow: [SimSource] = []
    private var closing: [SimStream] = []
    private var streams: [SimStream] = []
    @exclusivity(unchecked) private var isInTurn = false
    private var isFrozen = false
    /// When the next turn is to be; `never` if there is no reason for one.
    @exclusivity(unchecked) private var turnAt = never
    @exclusivity(unchecked) private var busyUntil: UInt64 = 0
    private static let never = UInt64.max

    init(on host: SimHost) {
        self.host = host
        world = host.world
        // Also clocks that have only begun: differences must not fall below 0.
        let hours = world.random.oneIn(4) ? 0 : world.random.below(1000)
        clockOffset = UInt64(hours) * 3_600_000_000 + UInt64(world.random.below(1_000_000))
    }

    // MARK: EventLoop

    public var nowMilliseconds: UInt64 { (world.nowMicroseconds &+ clockOffset) / 1000 }

    public var unixSeconds: Int {
        world.unixSecondsAtStart + host.clockSkewSeconds + Int(world.nowMicroseconds / 1_000_000)
    }

    public var unixMilliseconds: Int {
        (world.unixSecondsAtStart + host.clockSkewSeconds) * 1000
            + Int(world.nowMicroseconds / 1000)
    }

    @discardableResult
    public func startTimer(
        afterMilliseconds milliseconds: UInt64, repeatMilliseconds: UInt64,
        _ body: @escaping () -> Void
    ) -> any LoopTimer {
        guard !isDead else { return SimTimers.deadTimer() }
        let timer = timers.start(
            now: nowMilliseconds, afterMilliseconds: milliseconds,
            repeatMilliseconds: repeatMilliseconds, body)
        if !isInTurn { wakeForTimer() }
        return timer
    }

    public func schedule(_ body: @escaping () -> Void) {
        guard !isDead else { return }
        scheduled.append(body)
        if !isInTurn { wake() }
    }

    public func atTurnEnd(_ handler: any TurnEndHandler) {
        guard !isDead else { return }
        enders.append(handler)
        if !isInTurn { wake() }
    }

    public func listen(
        on address: SocketAddress, backlog: Int, onStream: @escaping (any ByteStream) -> Void
    ) throws(UVError) -> any StreamListener {
        guard !isDead else { throw .canceled }
        let text = address.host
        guard
            text == "0.0.0.0" || text == "::"
                || world.network.owner(of: text, seenFrom: host) === host
        else { throw .addressNotAvailable }
        var bound = address
        if address.port == 0 {
            bound = SocketAddress(numericHost: text, port: host.takePort()) ?? address
        }
        guard host.listener(on: bound) == nil else { throw .addressInUse }
        let listener = SimListener(on: self, address: bound, backlog: backlog, onStream: onStream)
        host.listeners.append(listener)
        return listener
    }

    public func connect(to address: SocketAddress) -> any ByteStream {
        let target = world.network.owner(of: address.host, seenFrom: host)
        let way = world.network.link(from: host, to: target ?? host)
        let back = world.network.link(from: target ?? host, to: host)
        let origin = host.address(port: host.takePort())
        let outbound = SimChannel(world: world, link: way, target: (address, origin))
        let inbound = SimChannel(world: world, link: back, target: nil)
        SimChannel.connect(outbound, inbound)
        let stream = SimStream(on: self, peer: address, inbound: inbound, outbound: outbound)
        if isDead {
            inbound.detach()
        } else if target != nil {
            outbound.send(.connect)
        } else {
            schedule { stream.onRefused(.hostUnreachable) }
        }
        return stream
    }

    public func resolve(
        host name: String, port: UInt16,
        completion: @escaping (Result<[SocketAddress], UVError>) -> Void
    ) {
        if let address = SocketAddress(numericHost: name, port: port) {
            return schedule { completion(.success([address])) }
        }
        let delay = world.random.within(world.network.lookUpMicroseconds)
        world.after(microseconds: delay) { [weak self] in
            guard let self, !isDead else { return }
            markReady(SimCallback { completion(self.addresses(of: name, port: port)) })
        }
    }

    public func onSignal(_ signal: Int32, _ body: @escaping () -> Void) {
        if !isDead { signalBodies.append((signal, body)) }
    }

    /// Runs the whole world until `stop`, or until nothing is left that could happen.
    public func run() {
        while !isStopping, !isDead, world.step() {}
        isStopping = false
    }

    public func stop() { isStopping = true }

    // MARK: What a test does to the process

    /// Sends a signal; nothing happens where none is awaited.
    public func raise(_ signal: Int32) {
        for entry in signalBodies where entry.signal == signal {
            markReady(SimCallback(entry.body))
        }
    }

    /// Lets the process stand still, as SIGSTOP does; its kernel goes on.
    public func freeze() { isFrozen = true }

    /// Lets it go on.
    public func thaw() {
        guard isFrozen else { return }
        isFrozen = false
        turnAt = Self.never
        wake()
    }

    /// The streams that are not closed yet, in no order.
    public var openStreams: [SimStream] { streams }

    /// Ends the process.
    func die(_ crash: SimCrash) {
        guard !isDead else { return }
        isDead = true
        for stream in streams { stream.die(crash) }
        world.bury(streams)
        for listener in host.listeners { listener.drop() }
        streams.removeAll()
        closing.removeAll()
        ready.removeAll()
        timers.removeAll()
        scheduled.removeAll()
        enders.removeAll()
        signalBodies.removeAll()
    }

    // MARK: For its streams and listeners

    func didOpen(_ stream: SimStream) {
        guard !isDead else { return }
        stream.indexInLoop = streams.count
        streams.append(stream)
    }

    func didClose(_ stream: SimStream) {
        guard !isDead else { return }
        closing.append(stream)
        if !isInTurn { wake() }
    }

    @inline(__always)
    func markReady(_ source: SimSource) {
        guard !source.isReady, !isDead else { return }
        source.isReady = true
        ready.append(source)
        if !isInTurn { wake() }
    }

    // MARK: Turns

    /// Sees to it that there is a turn as soon as the process has time for one.
    private func wake() {
        wake(at: max(busyUntil, world.nowMicroseconds))
    }

    private func wakeForTimer() {
        guard let due = timers.nextDue else { return }
        wake(at: max(busyUntil, due * 1000 - min(clockOffset, due * 1000)))
    }

    private func wake(at time: UInt64) {
        guard time < turnAt, !isFrozen else { return }
        turnAt = time
        world.schedule(self, at: time)
    }

    override func fire() {
        // Not the one awaited: an earlier turn took its place.
        guard turnAt == world.nowMicroseconds else { return }
        turnAt = Self.never
        guard !isDead, !isFrozen else { return }
        isInTurn = true
        turnCount &+= 1
        turn()
        isInTurn = false
        guard !isDead else { return }
        busyUntil = world.nowMicroseconds + world.random.within(turnMicroseconds)
        if ready.isEmpty, scheduled.isEmpty, closing.isEmpty { wakeForTimer() } else { wake() }
    }

    private func turn() {
        let now = nowMilliseconds
        while let body = timers.nextBody(now: now) { body() }
        tellEnders()
        swap(&due, &scheduled)
        lookAfterReady()
        for body in due where !isDead { body() }
        due.removeAll(keepingCapacity: true)
        tellEnders()
        // libuv closes at the end of the turn what was closed in it; the contract says later.
        if !closing.isEmpty, !world.random.oneIn(4) { finishClosing() }
        // What comes before the next wait.
        tellEnders()
    }

    private func tellEnders() {
        guard !enders.isEmpty else { return }
        var index = 0
        while index < enders.count {
            enders[index].onTurnEnd()
            index += 1
        }
        enders.removeAll(keepingCapacity: true)
    }

    private func lookAfterReady() {
        guard !ready.isEmpty else { return }
        swap(&readyNow, &ready)
        if readyNow.count > 1 { world.random.shuffle(&readyNow) }
        for source in readyNow where !isDead {
            source.isReady = false
            source.onReady()
        }
        readyNow.removeAll(keepingCapacity: true)
    }

    private func finishClosing() {
        var closed: [SimStream] = []
        swap(&closed, &closing)
        for stream in closed where !isDead {
            let last = streams.removeLast()
            if last !== stream {
                last.indexInLoop = stream.indexInLoop
                streams[stream.indexInLoop] = last
            }
            stream.finishClosing()
        }
    }

    private func addresses(
        of name: String, port: UInt16
    ) -> Result<[SocketAddress], UVError> {
        switch world.network.lookUp(name) {
        case .failure(let error): return .failure(error)
        case .addresses(let texts):
            let addresses = texts.compactMap { SocketAddress(numericHost: $0, port: port) }
            return addresses.isEmpty ? .failure(.nameNotFound) : .success(addresses)
        }
    }
}

/// A body that is due as soon as its turn comes.
private final class SimCallback: SimSource {
    private let body: () -> Void
    init(_ body: @escaping () -> Void) { self.body = body }
    override func onReady() { body() }
}
