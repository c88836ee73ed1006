/// What a server's connection knows and decides: where messages begin and end in the bytes that
/// arrive, and how long anything may take. It does no I/O; `ServerConnection` acts on what it says.
struct ServerConnectionState: ~Copyable {
    enum Step {
        /// Nothing more can be made of these bytes alone.
        case needInput
        /// A head whose body isn't there yet: the service must say whether it is to be read.
        case admission
        /// A whole request: in the bytes given, or with its head and body set aside (`isSetAside`).
        case request(consumed: Int)
        /// Part of a chunked body was taken.
        case progress(consumed: Int)
        /// The peer broke a rule: answer and close.
        case refused(HTTPRefusal)
    }

    enum Phase: Equatable {
        case head
        /// Waiting until head and body, `byteCount` bytes, lie in one piece.
        case wholeMessage(byteCount: Int)
        case chunkedBody
    }

    // What every hit looks at comes first: a server of many connections finds little of them in the
    // processor's cache, 64 bytes at a time.
    var flags = ConnectionFlags()
    /// Bytes read and not consumed yet.
    var input = ByteQueue()
    /// When the last answer was out; 0 before the first.
    private var idleSince: UInt64 = 0
    /// When the current message's first byte came; nil between messages.
    private var messageSince: UInt64?
    private var phase = Phase.head {
        didSet { flags.set(.insideMessage, phase != .head) }
    }
    /// Since when bytes have waited for the kernel, while any do (`outputQueued`).
    private var outputSince: UInt64 = 0
    /// Until when the connection is read on after its last answer (`lingering`).
    private var lingersUntil: UInt64 = 0

    /// The head of the request under way; owned by this state.
    let head: UnsafeMutablePointer<HTTPRequestHead>
    /// Head and body of a request with a chunked body, which doesn't lie in one piece on the wire.
    var headBytes = ByteQueue()
    var body = ByteQueue()
    private var decoder = HTTPBodyDecoder(
        .none, bodyBytesMax: 0, chunkOverheadBytesMax: 0)
    private var bodySince: UInt64 = 0
    private var bodyBytes = 0
    private let openedAt: UInt64
    /// Bytes written since `outputSince`, those that waited then included.
    private var outputWritten = 0

    init(nowMilliseconds: UInt64) {
        openedAt = nowMilliseconds
        head = .allocate(capacity: 1)
        head.initialize(to: HTTPRequestHead())
    }

    deinit { head.deallocate() }

    var isSetAside: Bool { phase == .chunkedBody }
    /// Bytes allocated for requests that aren't answered yet.
    var heldBytes: Int { input.capacity + headBytes.capacity + body.capacity }
    /// A message begins or its head is under way: what follows need not be read yet.
    @inline(__always) var isAtHead: Bool { !flags.has(.insideMessage) }
    var isBetweenMessages: Bool { isAtHead && messageSince == nil }
    /// No further request is taken.
    var hasEnded: Bool { flags.has(.ended) }
    var isLingering: Bool { flags.has(.lingering) }

    /// What was read last may be answered on the shortest way, if nothing is owed.
    @inline(__always)
    var isUnhindered: Bool { flags.isEmpty && input.isEmpty }

    /// Since when nothing has come that isn't answered; nil where something has, or where no
    /// further request is taken.
    var restsSince: UInt64? {
        isBetweenMessages && input.isEmpty && !hasEnded ? max(openedAt, idleSince) : nil
    }

    /// The bytes of the request at the front of `count` bytes, if its body was waited for and is
    /// there; otherwise 0.
    func awaitedBytes(count: Int) -> Int {
        guard case .wholeMessage(let byteCount) = phase, byteCount <= count else { return 0 }
        return byteCount
    }

    /// Looks for the next request at the front of `bytes`, behind which 16 zero bytes must follow.
    mutating func step(
        _ bytes: UnsafeRawPointer, count: Int, limits: UnsafePointer<HTTPLimits>, now: UInt64
    ) -> Step {
        switch phase {
        case .head:
            switch HTTPRequestParser.parse(
                bytes, count: count, limits: HTTPHeadLimits(limits.pointee), into: &head.pointee)
            {
            case .complete: return onHead(count: count, limits: limits, now: now)
            case .incomplete:
                if messageSince == nil { messageSince = now }
                return .needInput
            case .refused(let refusal): return .refused(refusal)
            }
        case .wholeMessage(let byteCount):
            bodyBytes = count - head.pointee.byteCount
            return count >= byteCount ? .request(consumed: byteCount) : .needInput
        case .chunkedBody:
            let input = UnsafeRawBufferPointer(start: bytes, count: count)
            let (consumed, outcome) = decoder.decode(input, into: &body)
            switch outcome {
            case .needMore:
                bodyBytes += consumed
                return consumed > 0 ? .progress(consumed: consumed) : .needInput
            case .complete: return .request(consumed: consumed)
            case .refused(let refusal): return .refused(refusal)
            }
        }
    }

    /// The head is there, its body perhaps not: `count` bytes of both.
    @inline(__always)
    mutating func onHead(count: Int, limits: UnsafePointer<HTTPLimits>, now: UInt64) -> Step {
        switch head.pointee.framing {
        case .none:
            return .request(consumed: head.pointee.byteCount)
        case .length(let length):
            if length > limits.pointee.bodyBytesMax { return .refused(Self.bodyTooLong) }
            if count - head.pointee.byteCount >= length {
                return .request(consumed: head.pointee.byteCount + length)
            }
        case .chunked, .untilClose:
            break
        }
        messageSince = messageSince ?? now
        bodySince = now
        bodyBytes = count - head.pointee.byteCount
        return .admission
    }

    /// The body is to be read. For a chunked one `headBytes` is set aside; returns how many bytes
    /// that consumed.
    mutating func readBody(
        headBytes bytes: UnsafeRawBufferPointer, limits: UnsafePointer<HTTPLimits>
    ) -> Int {
        guard case .length(let length) = head.pointee.framing else {
            headBytes.append(bytes)
            decoder = HTTPBodyDecoder(
                .chunked, bodyBytesMax: limits.pointee.bodyBytesMax,
                chunkOverheadBytesMax: limits.pointee.chunkOverheadBytesMax)
            phase = .chunkedBody
            return bytes.count
        }
        phase = .wholeMessage(byteCount: head.pointee.byteCount + length)
        return 0
    }

    /// The form of the answer to the request whose head is there.
    @inline(__always)
    mutating func answerForm(isLast: Bool) -> AnswerForm {
        if isLast { head.pointee.keepsAlive = false }
        return AnswerForm(answering: head)
    }

    /// The request has been given to the service: the next message may begin.
    @inline(__always)
    mutating func onRequestTaken(now: UInt64) {
        if !isAtHead { releaseBody() }
        messageSince = nil
        idleSince = now
        if !head.pointee.keepsAlive { flags.insert(.ended) }
    }

    /// Plain GETs have been answered, between messages.
    @inline(__always)
    mutating func onPlainGetsTaken(now: UInt64) {
        messageSince = nil
        idleSince = now
    }

    @inline(never)
    private mutating func releaseBody() {
        headBytes.removeAll(keepingBytes: 0)
        body.removeAll(keepingBytes: 0)
        phase = .head
    }

    /// No further request is to be taken. The one that is being answered stays as it is.
    mutating func end() {
        flags.insert(.ended)
        messageSince = nil
    }

    /// The message under way will never be whole.
    mutating func dropMessage() {
        if !isAtHead { releaseBody() }
    }

    /// Nothing more is made of what was read.
    mutating func dropInput() {
        input.removeAll(keepingBytes: 0)
        headBytes.removeAll(keepingBytes: 0)
        body.removeAll(keepingBytes: 0)
    }

    /// The connection was not read for a while; that was not the peer's doing.
    mutating func restartClock(now: UInt64) {
        if messageSince != nil { messageSince = now }
    }

    /// Told after each write of `byteCount` bytes: `queued` bytes in all now wait for the kernel.
    @inline(__always)
    mutating func onOutput(byteCount: Int, queued: Int, now: UInt64) {
        if queued == 0 {
            flags.set(.outputQueued, false)
            idleSince = now
        } else if !isOutputQueued {
            flags.insert(.outputQueued)
            outputSince = now
            outputWritten = queued
        } else {
            outputWritten += byteCount
        }
    }

    @inline(__always) var isOutputQueued: Bool { flags.has(.outputQueued) }

    /// The last answer is out: the connection is only read, until its peer has seen it.
    mutating func linger(until milliseconds: UInt64) {
        flags.insert(.lingering)
        lingersUntil = milliseconds
    }

    /// What is overdue at `now`, if anything. `waiting`: requests whose answers the service still
    /// owes; `queued`: bytes that the kernel has not taken; `isHeldUp`: we aren't reading;
    /// `isCrowded`: others need the places of those who make no use of theirs.
    mutating func overdue(
        now: UInt64, waiting: Int, queued: Int, isHeldUp: Bool, isCrowded: Bool,
        limits: UnsafePointer<HTTPLimits>
    ) -> Overdue? {
        if isLingering { return now >= lingersUntil ? .silently : nil }
        if queued > 0, isOutputQueued {
            let bytes = outputWritten - queued
            return isTooSlow(since: outputSince, bytes: bytes, now: now, limits: limits)
                ? .silently : nil
        }
        if isHeldUp { return nil }
        if !isAtHead {
            return isTooSlow(since: bodySince, bytes: bodyBytes, now: now, limits: limits)
                ? .withRefusal(Self.bodyTooSlow) : nil
        }
        let isNew = isCrowded && idleSince == 0
        if let messageSince {
            let end = messageSince + limits.pointee.headMillisecondsMax
            return now >= (isNew ? min(end, firstHeadEnd(limits)) : end)
                ? .withRefusal(Self.headTooSlow) : nil
        }
        guard waiting == 0 else { return nil }
        if isNew { return now >= firstHeadEnd(limits) ? .silently : nil }
        let patience =
            isCrowded
            ? limits.pointee.crowdedKeepAliveMilliseconds : limits.pointee.keepAliveMilliseconds
        return now >= max(openedAt, idleSince) + patience ? .silently : nil
    }

    /// When the head of the first request must be whole while places are scarce.
    private func firstHeadEnd(_ limits: UnsafePointer<HTTPLimits>) -> UInt64 {
        openedAt + limits.pointee.crowdedHeadMillisecondsMax
    }

    enum Overdue {
        case silently
        case withRefusal(HTTPRefusal)
    }

    private func isTooSlow(
        since: UInt64, bytes: Int, now: UInt64, limits: UnsafePointer<HTTPLimits>
    ) -> Bool {
        guard now > since + limits.pointee.transferGraceMilliseconds else { return false }
        let milliseconds = Int(
            truncatingIfNeeded: now - since - limits.pointee.transferGraceMilliseconds)
        return bytes < milliseconds / 1000 * limits.pointee.transferBytesPerSecondMin
    }

    static let bodyTooLong = HTTPRefusal(413, "the body is longer than this node takes")
    static let headTooSlow = HTTPRefusal(408, "the head of the request took too long to arrive")
    static let bodyTooSlow = HTTPRefusal(408, "the body of the request arrived too slowly")
}
