import Glibc

/// One connection on which an upgrade is asked for: until the peer has switched, or has refused.
final class UpgradeAttempt: StreamHandler {
    private let request: UpgradeRequest
    private let stream: any ByteStream
    private var state: UpgradeAnswerState
    private var isConnected = false
    /// Nothing that comes matters any more.
    private var hasEnded = false

    init(
        _ request: UpgradeRequest, stream: any ByteStream, protocolName: StaticString,
        limits: HTTPLimits
    ) {
        self.request = request
        self.stream = stream
        state = UpgradeAnswerState(protocolName: protocolName, limits: limits)
    }

    func start() { stream.start(self) }

    func close() {
        hasEnded = true
        stream.close()
    }

    func onConnected() {
        guard !hasEnded else { return }
        isConnected = true
        var output = ByteQueue()
        request.onConnected(into: &output)
        stream.write(output.readable)
    }

    func onRead(_ bytes: UnsafeMutableRawBufferPointer) {
        guard !hasEnded else { return }
        switch state.step(UnsafeRawBufferPointer(bytes)) {
        case .needInput: break
        case .switched: handOver()
        case .answered(let status): request.end(.answered(status: status))
        case .refused(let refusal): request.end(.failed(.malformed(refusal)))
        }
    }

    func onEndOfInput() {
        if !hasEnded { request.end(.failed(.disconnected)) }
    }

    func onDrained() {}

    func onClosed(_ error: UVError?) {
        guard !hasEnded else { return }
        hasEnded = true
        if isConnected {
            request.end(.failed(.disconnected))
        } else {
            request.onConnectFailed(self, error ?? .canceled)
        }
    }

    private func handOver() {
        hasEnded = true
        guard let handler = request.onSwitched(stream) else { return stream.close() }
        stream.handOver(to: handler, unread: state.input.readable, onClosed: nil)
    }
}

/// Finds in the bytes of an answer whether the peer has switched protocols.
struct UpgradeAnswerState: ~Copyable {
    enum Step: Equatable {
        case needInput
        /// The peer speaks the other protocol from here on; `input` has what came behind.
        case switched
        /// An ordinary answer.
        case answered(status: Int)
        case refused(HTTPRefusal)
    }

    /// Bytes read and not consumed yet.
    private(set) var input = ByteQueue()
    private let protocolName: StaticString
    private let limits: HTTPLimits
    private var informationalCount = 0

    /// `protocolName` in lower case.
    init(protocolName: StaticString, limits: HTTPLimits) {
        self.protocolName = protocolName
        self.limits = limits
    }

    /// Takes further bytes; not to be called any more when it gave anything but `needInput`.
    mutating func step(_ bytes: UnsafeRawBufferPointer) -> Step {
        input.append(bytes)
        while !input.isEmpty {
            var head = HTTPResponseHead()
            switch parse(into: &head) {
            case .incomplete: return .needInput
            case .refused(let refusal): return .refused(refusal)
            case .complete: break
            }
            if head.status >= 200 { return .answered(status: head.status) }
            if head.status == 101 { return takeSwitch(head) }
            informationalCount += 1
            if informationalCount > limits.clientInformationalMax {
                return .refused(HTTPRefusal(400, "too many informational answers"))
            }
            input.removeFirst(head.byteCount)
        }
        return .needInput
    }

    /// The parser's sentinel lies in the slack behind the input.
    private mutating func parse(into head: inout HTTPResponseHead) -> HTTPParseOutcome {
        let count = input.count
        let base = input.reserve(ByteQueue.slackBytes) - count
        memset(base + count, 0, ByteQueue.slackBytes)
        return HTTPResponseParser.parse(
            base, count: count, answering: .get, limits: HTTPHeadLimits(limits), into: &head)
    }

    /// A switch must name the protocol that was asked for, and no other (RFC 9110 §7.8, §15.2.2).
    private mutating func takeSwitch(_ head: HTTPResponseHead) -> Step {
        let lines = input.readable[head.fieldsOffset..<head.byteCount]
        let fields = HTTPFields(UnsafeRawBufferPointer(rebasing: lines))
        let isRight =
            head.minorVersion == 1 && fields.list("connection", has: "upgrade")
            && fields.list("upgrade", isOnly: protocolName)
        input.removeFirst(head.byteCount)
        return isRight
            ? .switched : .refused(HTTPRefusal(400, "a switch to a protocol not asked for"))
    }
}
