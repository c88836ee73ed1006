import UVHTTP

/// One end of a simulated connection: what a kernel's socket and `UVStream` are together.
public final class SimStream: SimSource, ByteStream {
    private enum Stage { case opening, open, closing, closed }

    private let loop: SimLoop
    public let peer: SocketAddress?
    private let inbound: SimChannel
    private let outbound: SimChannel
    /// Where this stream came in, until it is accepted.
    var listener: SimListener?
    /// Where the loop keeps it.
    var indexInLoop = 0

    @exclusivity(unchecked) private var stage: Stage
    @exclusivity(unchecked) private var handler: (any StreamHandler)?
    private var hasStarted = false
    /// The handler knows that the stream is connected.
    @exclusivity(unchecked) private var isAnnounced = false
    @exclusivity(unchecked) private var isPaused = false
    private var hasReadEnd = false
    private var isReset = false
    private var refusal: UVError?
    private var closeError: UVError?

    @exclusivity(unchecked) private var queue = ByteQueue()
    /// What the handler hears before anything else arrives, since `handOver`.
    private var unread = ByteQueue()
    private var afterClosed: (() -> Void)?
    private var owesDrained = false
    private var isOutputEnding = false
    private var isEndSent = false
    /// Calls of `write` that had something to write.
    @exclusivity(unchecked) public private(set) var writeCount = 0

    init(on loop: SimLoop, peer: SocketAddress?, inbound: SimChannel, outbound: SimChannel) {
        self.loop = loop
        self.peer = peer
        self.inbound = inbound
        self.outbound = outbound
        stage = .opening
        super.init()
        inbound.receiver = self
        loop.didOpen(self)
    }

    // MARK: ByteStream

    public var queuedBytes: Int { isUsable ? queue.count : 0 }

    public func start(_ handler: any StreamHandler) {
        precondition(!hasStarted, "a stream is started once")
        hasStarted = true
        guard !loop.isDead else { return }
        if stage == .closed {
            loop.schedule { [closeError] in handler.onClosed(closeError) }
            return
        }
        self.handler = handler
        loop.markReady(self)
    }

    public func handOver(
        to handler: any StreamHandler, unread bytes: UnsafeRawBufferPointer,
        onClosed: (() -> Void)?
    ) {
        precondition(isAnnounced && stage != .closed, "only an open stream is handed over")
        guard !loop.isDead else { return }
        self.handler = handler
        afterClosed = onClosed
        var remaining = ByteQueue()
        remaining.append(bytes)
        remaining.append(unread.readable)
        swap(&unread, &remaining)
        // An end that was told already is read again.
        hasReadEnd = false
        loop.markReady(self)
    }

    @discardableResult
    public func write(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard isUsable, !isOutputEnding, bytes.count > 0 else { return queuedBytes }
        if isReset {
            fail(.connectionReset)
            return 0
        }
        writeCount &+= 1
        loop.writeCount &+= 1
        var taken = 0
        if stage == .open, queue.isEmpty { taken = outbound.take(bytes) }
        guard taken < bytes.count else { return queue.count }
        queue.append(bytes.dropping(taken))
        owesDrained = true
        if outbound.hasRoom { loop.markReady(self) }
        return queue.count
    }

    public func pauseReading() { isPaused = true }

    public func resumeReading() {
        isPaused = false
        if isReadable { loop.markReady(self) }
    }

    public func shutdown() {
        guard isUsable, !isOutputEnding else { return }
        isOutputEnding = true
        sendEndIfWritten()
    }

    public func close() { close(resetting: false) }

    /// Closes at once and breaks the connection off (RST), as closing with SO_LINGER 0 does.
    public func reset() { close(resetting: true) }

    /// Whether the stream is neither closed nor about to be.
    public var isUsable: Bool { stage == .opening || stage == .open }

    // MARK: News from the network

    /// The host that was asked agrees to the connection.
    func onAgreed() {
        guard stage == .opening else { return }
        outbound.send(.established)
        stage = .open
        loop.markReady(self)
    }

    func onEstablished() {
        stage = .open
        listener?.onEstablished(self)
    }

    @inline(__always)
    func onArrival() {
        if isReadable { loop.markReady(self) }
    }

    func onWindow() { loop.markReady(self) }

    func onReset() {
        if stage == .opening {
            // A client that gave up before the connection stood, or a host that refuses it.
            if listener == nil { onRefused(.connectionRefused) } else { leave() }
            return
        }
        isReset = true
        if loop.world.random.oneIn(2) { inbound.dropArrived() }
        loop.markReady(self)
    }

    func onTimedOut() {
        refusal = .timedOut
        loop.markReady(self)
    }

    /// The connection that was asked for can't be had.
    func onRefused(_ error: UVError) {
        refusal = error
        loop.markReady(self)
    }

    func didAccept() {
        listener = nil
        isAnnounced = true
    }

    // MARK: The stream's turn

    private var isReadable: Bool {
        stage == .open && isAnnounced && hasStarted && !isPaused && !hasReadEnd
    }

    override func onReady() {
        guard isUsable, listener == nil else { return }
        if let refusal { return fail(refusal) }
        // A kernel that has something to write finds out at once; else reading does.
        if isReset, !queue.isEmpty { return fail(.connectionReset) }
        if stage == .open, hasStarted, !isAnnounced {
            isAnnounced = true
            handler?.onConnected()
        }
        if isReadable { readSome() }
        if isUsable { writeQueued() }
    }

    private func readSome() {
        var reads = 0
        repeat {
            guard readOnce() else { return }
            reads += 1
        } while isReadable && reads < 32 && loop.world.random.oneIn(2)
        let isMoreThere =
            !unread.isEmpty || inbound.arrivedCount > 0 || inbound.hasEnded || isReset
        if isReadable, isMoreThere { loop.markReady(self) }
    }

    /// False when there was nothing to read, or nothing more will come.
    private func readOnce() -> Bool {
        if !unread.isEmpty {
            readUnread()
            return true
        }
        let available = min(inbound.arrivedCount, SimReadBuffer.readBytesMax)
        if available > 0 {
            let count = readCount(available)
            loop.world.note(UInt64(count))
            inbound.read(count) { handler?.onRead($0) }
            return true
        }
        if isReset {
            fail(.connectionReset)
        } else if inbound.hasEnded {
            hasReadEnd = true
            handler?.onEndOfInput()
        }
        return false
    }

    private func readUnread() {
        let count = readCount(min(unread.count, SimReadBuffer.readBytesMax))
        loop.world.note(UInt64(count))
        loop.world.readBuffer.lend(unread.readable, count: count) { [self] buffer in
            unread.removeFirst(count)
            handler?.onRead(buffer)
        }
    }

    /// How many of the bytes that have arrived one read takes.
    private func readCount(_ available: Int) -> Int {
        switch loop.world.network.splitting {
        case .whole: return available
        case .bytes: return 1
        case .random:
            switch loop.world.random.below(8) {
            case 0: return 1
            case 1: return 1 + loop.world.random.below(min(available, 64))
            case 2, 3: return 1 + loop.world.random.below(available)
            default: return available
            }
        }
    }

    private func writeQueued() {
        guard stage == .open else { return }
        if !queue.isEmpty {
            queue.removeFirst(outbound.take(queue.readable))
            if !queue.isEmpty {
                if outbound.hasRoom { loop.markReady(self) }
                return
            }
        }
        sendEndIfWritten()
        guard owesDrained, isAnnounced else { return }
        owesDrained = false
        handler?.onDrained()
    }

    private func sendEndIfWritten() {
        guard isOutputEnding, !isEndSent, queue.isEmpty, stage == .open else { return }
        isEndSent = true
        outbound.send(.end)
    }

    // MARK: Closing

    private func fail(_ error: UVError) {
        closeError = error
        leave()
    }

    private func close(resetting: Bool) {
        guard isUsable else { return }
        sayGoodbye(resetting: resetting)
        leave()
    }

    /// Tells the other side, as the kernel does when a socket is closed: an end, or a reset when
    /// something lies unread (RFC 2525 §2.17).
    private func sayGoodbye(resetting: Bool) {
        guard !isReset, refusal == nil, stage == .open || listener != nil else { return }
        if resetting || inbound.arrivedCount > 0 {
            outbound.abort()
        } else if !isEndSent {
            outbound.send(.end)
        }
    }

    private func leave() {
        stage = .closing
        listener = nil
        queue.removeAll(keepingBytes: 0)
        unread.removeAll(keepingBytes: 0)
        inbound.detach()
        loop.didClose(self)
    }

    /// The last thing that happens to the stream.
    func finishClosing() {
        stage = .closed
        let handler = handler
        let afterClosed = afterClosed
        self.handler = nil
        self.afterClosed = nil
        handler?.onClosed(closeError)
        afterClosed?()
    }

    /// The process is gone; nobody is told but the other side. The handler is kept for
    /// `finishClosing`.
    func die(_ crash: SimCrash) {
        if isUsable {
            switch crash {
            case .silent: if loop.world.random.oneIn(2) { outbound.loseWhatIsOnItsWay() }
            case .resetting: sayGoodbye(resetting: true)
            case .closing: sayGoodbye(resetting: false)
            }
        }
        inbound.detach()
        stage = .closing
        queue.removeAll(keepingBytes: 0)
        listener = nil
    }
}
