/// What a client's connection knows and decides: which requests are in flight, in order, and where
/// their answers begin and end in the bytes that arrive. It does no I/O; `ClientConnection` acts on
/// what it says.
struct ClientConnectionState: ~Copyable {
    enum Step {
        case needInput
        /// Part of a body, or an informational answer, was taken.
        case progress(consumed: Int)
        /// The answer to the oldest request in flight is whole, in `head`, `fieldLines` and `body`.
        case response(consumed: Int)
        /// The peer doesn't speak HTTP, or not to us.
        case refused(HTTPRefusal)
    }

    private enum Phase {
        case head
        case body
    }

    var input = ByteQueue()
    private(set) var head = HTTPResponseHead()
    private(set) var fieldLines: [UInt8] = []
    private(set) var body = ByteQueue()
    private var phase = Phase.head
    private var decoder = HTTPBodyDecoder(
        .none, bodyBytesMax: 0, chunkOverheadBytesMax: 0)
    private var informationalCount = 0
    /// Methods of the requests in flight, oldest first.
    private var inFlight: [HTTPMethod] = []
    /// Answers that were whole so far.
    private(set) var responseCount = 0
    /// The peer speaks HTTP/1.1 and keeps the connection: requests may follow before answers have
    /// come.
    private(set) var mayPipeline = false
    /// No further request may be sent here.
    private(set) var isLast = false

    var inFlightCount: Int { inFlight.count }

    /// Whether bytes of the oldest request's answer have come already.
    var hasPartialResponse: Bool { phase != .head || !input.isEmpty }

    mutating func onSent(_ method: HTTPMethod) { inFlight.append(method) }

    /// Looks for the next answer at the front of `bytes`, behind which 16 zero bytes must follow.
    mutating func step(
        _ bytes: UnsafeRawPointer, count: Int, limits: HTTPLimits
    ) -> Step {
        guard let method = inFlight.first else {
            return .refused(HTTPRefusal(400, "an answer came that nobody had asked for"))
        }
        let available = UnsafeRawBufferPointer(start: bytes, count: count)
        switch phase {
        case .head:
            switch HTTPResponseParser.parse(
                bytes, count: count, answering: method, limits: HTTPHeadLimits(limits),
                into: &head)
            {
            case .incomplete: return .needInput
            case .refused(let refusal): return .refused(refusal)
            case .complete: return onHead(available, limits: limits)
            }
        case .body:
            let (consumed, outcome) = decoder.decode(available, into: &body)
            switch outcome {
            case .needMore: return consumed > 0 ? .progress(consumed: consumed) : .needInput
            case .complete: return finish(consumed: consumed)
            case .refused(let refusal): return .refused(refusal)
            }
        }
    }

    private mutating func onHead(
        _ available: UnsafeRawBufferPointer, limits: HTTPLimits
    ) -> Step {
        if head.status < 200 {
            informationalCount += 1
            if head.status == 101 || informationalCount > limits.clientInformationalMax {
                return .refused(HTTPRefusal(400, "informational answers that were not asked for"))
            }
            return .progress(consumed: head.byteCount)
        }
        let lines = UnsafeRawBufferPointer(rebasing: available[head.fieldsOffset..<head.byteCount])
        fieldLines = Array(lines)
        if head.framing == .none || head.framing == .length(0) {
            return finish(consumed: head.byteCount)
        }
        decoder = HTTPBodyDecoder(
            head.framing, bodyBytesMax: limits.bodyBytesMax,
            chunkOverheadBytesMax: limits.chunkOverheadBytesMax)
        // A length past the limit is refused before any of it has come.
        if case .refused(let refusal) = decoder.decode(.empty, into: &body).outcome {
            return .refused(refusal)
        }
        phase = .body
        return .progress(consumed: head.byteCount)
    }

    private mutating func finish(consumed: Int) -> Step {
        phase = .head
        informationalCount = 0
        inFlight.removeFirst()
        responseCount += 1
        if head.keepsAlive { mayPipeline = head.minorVersion > 0 } else { isLast = true }
        return .response(consumed: consumed)
    }

    /// The peer has ended its direction: true when that completes the answer under way (RFC 9112
    /// §6.3, rule 8).
    mutating func onEndOfInput() -> Bool {
        guard phase == .body, decoder.mayEndWithConnection else { return false }
        _ = finish(consumed: 0)
        return true
    }

    /// Takes the whole answer out.
    mutating func takeResponse() -> HTTPClientResponse {
        let response = HTTPClientResponse(
            status: head.status, fieldLines: fieldLines, body: Array(body.readable))
        body.removeAll(keepingBytes: 64 * 1024)
        return response
    }
}
