import UVHTTP

/// One direction of a connection: what is on its way, and what has arrived and was not read yet.
/// Everything in it arrives in the order in which it was sent.
final class SimChannel: SimTask {
    enum Kind: UInt8 {
        /// The three steps of opening: the client asks, the host agrees, the client knows.
        case connect, agree, established
        case data
        /// The sender writes no more (FIN).
        case end
        /// The connection is broken off (RST).
        case reset
        /// The reader of the other direction has made room.
        case window
    }

    private struct Segment {
        var arrival: UInt64
        var kind: Kind
        var byteCount: Int
    }

    private let world: SimWorld
    private let number: Int
    private let link: SimLink
    private let capacity: Int
    /// Where a connection is asked for; the client's channel alone has it.
    private let target: (address: SocketAddress, origin: SocketAddress)?
    /// The other direction; gone once both ends are.
    private var reverse: SimChannel?
    /// Who reads; nil before there is one, and after its end.
    @exclusivity(unchecked) var receiver: SimStream?

    @exclusivity(unchecked) private var bytes = ByteQueue()
    /// So many of `bytes` have arrived.
    @exclusivity(unchecked) private(set) var arrivedCount = 0
    @exclusivity(unchecked) private var segments: [Segment] = []
    @exclusivity(unchecked) private var firstSegment = 0
    private var lastArrival: UInt64 = 0
    private var isArmed = false
    private var isStalled = false
    private var stallCount = 0
    private(set) var hasEnded = false
    private var isSenderBlocked = false
    private var isWindowOnItsWay = false

    init(
        world: SimWorld, link: SimLink, target: (address: SocketAddress, origin: SocketAddress)?
    ) {
        self.world = world
        number = world.nextChannelNumber()
        self.link = link
        self.target = target
        capacity = world.random.within(world.network.bufferBytes)
    }

    static func connect(_ one: SimChannel, _ other: SimChannel) {
        one.reverse = other
        other.reverse = one
    }

    // MARK: The sender's end

    /// Takes what there is room for; returns how much. With `spurious` at times less.
    func take(_ data: UnsafeRawBufferPointer) -> Int {
        let room = capacity - bytes.count
        var count = min(room, data.count)
        if count < data.count { isSenderBlocked = true }
        if world.network.splitting != .whole, world.random.oneIn(16) {
            count = world.random.below(count + 1)
        }
        guard count > 0 else { return 0 }
        bytes.append(UnsafeRawBufferPointer(rebasing: data[0..<count]))
        var first = count
        if world.network.splitting != .whole, world.random.oneIn(8) {
            first = world.random.below(count) + 1
        }
        send(.data, first)
        if first < count { send(.data, count - first) }
        return count
    }

    /// Whether the sender need not wait for the reader.
    var hasRoom: Bool { bytes.count < capacity }

    @inline(__always)
    func send(_ kind: Kind, _ byteCount: Int = 0) {
        if kind == .reset, isStalled { return }
        let arrival = max(lastArrival, world.nowMicroseconds + link.latency())
        lastArrival = arrival
        let last = segments.count - 1
        if kind == .data, last >= firstSegment, segments[last].kind == .data,
            segments[last].arrival == arrival
        {
            segments[last].byteCount += byteCount
        } else {
            segments.append(Segment(arrival: arrival, kind: kind, byteCount: byteCount))
        }
        arm()
    }

    /// Breaks the connection off: what doesn't get through at once is given up.
    func abort() {
        if isStalled || world.random.oneIn(2) { loseWhatIsOnItsWay() }
        send(.reset)
    }

    /// What has not arrived yet never will.
    func loseWhatIsOnItsWay() {
        var arrived = ByteQueue()
        arrived.append(UnsafeRawBufferPointer(rebasing: bytes.readable[0..<arrivedCount]))
        swap(&arrived, &bytes)
        segments.removeAll()
        firstSegment = 0
    }

    // MARK: The reader's end

    /// Lends the next `count` bytes to `body` and drops them.
    func read(_ count: Int, _ body: (UnsafeMutableRawBufferPointer) -> Void) {
        world.readBuffer.lend(bytes.readable, count: count) { [self] buffer in
            bytes.removeFirst(count)
            arrivedCount -= count
            openWindow()
            if let onBytes = world.onBytes {
                onBytes(
                    SimBytes(
                        channel: number, sender: link.sender.name,
                        receiver: link.receiver.name, bytes: UnsafeRawBufferPointer(buffer)))
            }
            body(buffer)
        }
    }

    /// The reader will read nothing of what has arrived.
    func dropArrived() {
        bytes.removeFirst(arrivedCount)
        arrivedCount = 0
    }

    /// The reader is gone; with both readers gone the connection is.
    func detach() {
        receiver = nil
        dropArrived()
        guard let other = reverse, other.receiver == nil else { return }
        reverse = nil
        other.reverse = nil
    }

    private func openWindow() {
        guard isSenderBlocked, !isWindowOnItsWay, bytes.count <= capacity / 2 else { return }
        isWindowOnItsWay = true
        reverse?.send(.window)
    }

    /// The news of an open window has come to the sender.
    private func onWindow() {
        isWindowOnItsWay = false
        isSenderBlocked = false
        reverse?.receiver?.onWindow()
    }

    // MARK: On the way

    private func arm() {
        guard !isArmed, !isStalled, firstSegment < segments.count else { return }
        isArmed = true
        world.schedule(self, at: segments[firstSegment].arrival)
    }

    override func fire() {
        isArmed = false
        // What was on its way may be lost by now.
        guard firstSegment < segments.count else { return }
        if link.isBlocked { return stall() }
        while firstSegment < segments.count,
            segments[firstSegment].arrival <= world.nowMicroseconds
        {
            let segment = segments[firstSegment]
            firstSegment += 1
            if firstSegment == segments.count {
                segments.removeAll(keepingCapacity: true)
                firstSegment = 0
            }
            deliver(segment)
        }
        arm()
    }

    private func deliver(_ segment: Segment) {
        world.note(UInt64(segment.kind.rawValue) << 32 | UInt64(segment.byteCount))
        if segment.kind == .connect { return onConnect() }
        if segment.kind == .window {
            reverse?.onWindow()
            return
        }
        arrivedCount += segment.byteCount
        guard let receiver else {
            dropArrived()
            if segment.kind != .reset { reverse?.send(.reset) }
            return
        }
        switch segment.kind {
        case .agree: receiver.onAgreed()
        case .established: receiver.onEstablished()
        case .data: receiver.onArrival()
        case .end:
            hasEnded = true
            receiver.onArrival()
        case .reset: receiver.onReset()
        case .connect, .window: break
        }
    }

    /// A client asks for a connection at the host.
    private func onConnect() {
        guard let target, let reverse else { return }
        guard let listener = link.receiver.listener(on: target.address) else {
            return reverse.send(.reset)
        }
        guard listener.hasRoom else {
            // The kernel says nothing, and the client's asks again after a second.
            lastArrival = world.nowMicroseconds + 1_000_000
            return send(.connect)
        }
        receiver = listener.makeStream(inbound: self, outbound: reverse, peer: target.origin)
        reverse.send(.agree)
    }

    // MARK: Cuts

    private func stall() {
        // A reset is sent once and never again.
        segments.removeSubrange(..<firstSegment)
        firstSegment = 0
        segments.removeAll { $0.kind == .reset }
        guard !segments.isEmpty else { return }
        isStalled = true
        stallCount += 1
        link.stall(self)
        let stall = stallCount
        let isOpening = segments[0].kind.rawValue < Kind.established.rawValue
        let limit =
            isOpening ? world.network.connectMilliseconds : world.network.retransmitMilliseconds
        world.after(milliseconds: limit) { [weak self] in
            if let self, isStalled, stallCount == stall { giveUp() }
        }
    }

    /// So long nothing arrived that the sender's kernel gives the connection up; that of a client
    /// also when it hears nothing of its wish for one.
    private func giveUp() {
        guard firstSegment < segments.count else { return }
        switch segments[firstSegment].kind {
        case .connect, .data, .end: reverse?.receiver?.onTimedOut()
        case .agree: receiver?.onTimedOut()
        case .established, .reset, .window: break
        }
        loseWhatIsOnItsWay()
    }

    func resume(after microseconds: UInt64) {
        isStalled = false
        let earliest = world.nowMicroseconds + microseconds
        for index in firstSegment..<segments.count {
            segments[index].arrival = max(segments[index].arrival, earliest)
        }
        lastArrival = max(lastArrival, earliest)
        arm()
    }
}
