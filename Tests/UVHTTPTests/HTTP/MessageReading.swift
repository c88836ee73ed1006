import Testing

@testable import UVHTTP

/// A whole message as a connection took it from its bytes; text in Latin-1, so that every byte
/// stays apart.
struct ReadMessage: Equatable {
    /// `GET /path?query`, or the status of an answer.
    var start: String
    var fields: String
    var body: String
}

/// What a connection made of the bytes that came.
struct ReadMessages: Equatable {
    var messages: [ReadMessage] = []
    /// The status of the refusal that ended it.
    var refusal: Int?
    /// Nothing further is taken, though nothing was wrong.
    var hasEnded = false
    /// A message has begun and isn't whole.
    var isPending = false

    /// The same behind another message.
    func behind(_ first: ReadMessage) -> ReadMessages {
        var all = self
        all.messages.insert(first, at: 0)
        return all
    }

    /// The same with another message behind, which counts unless the connection ended before it.
    func ahead(of next: ReadMessage) -> ReadMessages {
        var all = self
        if refusal == nil, !hasEnded { all.messages.append(next) }
        return all
    }
}

/// Takes messages from a connection's bytes, as `ServerConnection` or `ClientConnection` do.
protocol MessageReader {
    /// A good message, and what is made of it.
    var example: (bytes: [UInt8], message: ReadMessage) { get }

    /// Reads `input` in pieces that end at `cuts` (ascending). `aheadCount`: messages that come
    /// before the one that is tested.
    func read(_ input: [UInt8], cuts: [Int], aheadCount: Int) -> ReadMessages
}

extension MessageReader {
    /// Reads the message whole, byte by byte, split at every position, behind another and ahead of
    /// another, and expects that nothing depends on it.
    func readEveryWay(
        _ message: [UInt8], sourceLocation: SourceLocation = #_sourceLocation
    ) -> ReadMessages {
        let whole = read(message, cuts: [], aheadCount: 0)
        func expect(_ other: ReadMessages, _ expected: ReadMessages, _ comment: Comment) {
            if other != expected {
                #expect(other == expected, comment, sourceLocation: sourceLocation)
            }
        }
        let isLong = message.count > 2_000
        if !isLong {
            let bytewise = read(message, cuts: Array(0..<message.count), aheadCount: 0)
            expect(bytewise, whole, "byte by byte")
        }
        for cut in stride(from: 0, to: message.count, by: isLong ? 997 : 1) {
            expect(read(message, cuts: [cut], aheadCount: 0), whole, "split after \(cut) bytes")
        }
        let example = example
        let isExampleGood = read(example.bytes, cuts: [], aheadCount: 0).refusal == nil
        guard isExampleGood else { return whole }
        let behind = example.bytes + message
        let behindCuts = isLong ? [example.bytes.count + 1] : Array(0..<behind.count)
        for cuts in [[], behindCuts] {
            let found = read(behind, cuts: cuts, aheadCount: 1)
            expect(found, whole.behind(example.message), "behind another")
        }
        if !whole.isPending {
            let found = read(message + example.bytes, cuts: [], aheadCount: 0)
            expect(found, whole.ahead(of: example.message), "ahead of another")
        }
        return whole
    }
}

func latin1(_ bytes: some Sequence<UInt8>) -> String {
    String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
}

/// Requests as a server's connection takes them.
struct RequestReader: MessageReader {
    let guarded: GuardedBytes
    var limits = HTTPLimits()

    var example: (bytes: [UInt8], message: ReadMessage) {
        let head = "PUT /other HTTP/1.1\r\n"
        let fields = "Host: o\r\nContent-Length: 2\r\n\r\n"
        return (
            Array((head + fields + "ab").utf8),
            ReadMessage(start: "PUT /other?", fields: fields, body: "ab")
        )
    }

    func read(_ input: [UInt8], cuts: [Int], aheadCount: Int) -> ReadMessages {
        withUnsafePointer(to: limits) { limits in
            var state = ServerConnectionState(nowMilliseconds: 0)
            var result = ReadMessages()
            var taken = 0
            for end in cuts + [input.count] {
                taken += take(Array(input[taken..<end]), limits, &state, &result)
                if state.hasEnded || result.refusal != nil { break }
            }
            result.hasEnded = state.hasEnded
            result.isPending =
                result.refusal == nil && !state.hasEnded
                && !(taken == input.count && state.isBetweenMessages)
            return result
        }
    }

    /// Takes what is whole at the front of `bytes`; gives how many bytes were consumed.
    private func take(
        _ bytes: [UInt8], _ limits: UnsafePointer<HTTPLimits>,
        _ state: inout ServerConnectionState, _ result: inout ReadMessages
    ) -> Int {
        let base = guarded.place(bytes, count: bytes.count)
        var offset = 0
        while offset < bytes.count, !state.hasEnded {
            let start = base + offset
            let count = bytes.count - offset
            switch state.step(start, count: count, limits: limits, now: 0) {
            case .needInput: return offset
            case .progress(let consumed): offset += consumed
            case .request(let consumed):
                result.messages.append(message(start, consumed, state))
                state.onRequestTaken(now: 0)
                offset += consumed
            case .admission:
                offset += state.readBody(
                    headBytes: UnsafeRawBufferPointer(
                        start: start, count: state.head.pointee.byteCount), limits: limits)
            case .refused(let refusal):
                result.refusal = refusal.status
                return offset
            }
        }
        return offset
    }

    private func message(
        _ base: UnsafeRawPointer, _ count: Int, _ state: borrowing ServerConnectionState
    ) -> ReadMessage {
        let head = state.head.pointee
        let isSetAside = state.isSetAside
        let headBytes = isSetAside ? state.headBytes.readable.baseAddress ?? base : base
        let bytes = UnsafeRawBufferPointer(start: headBytes, count: head.byteCount)
        func text(_ offset: Int, _ count: Int) -> String {
            latin1(bytes[offset..<(offset + count)])
        }
        let body =
            isSetAside
            ? latin1(state.body.readable)
            : latin1(
                UnsafeRawBufferPointer(
                    start: base + head.byteCount, count: count - head.byteCount))
        return ReadMessage(
            start: "\(head.method.name) \(text(head.pathOffset, head.pathCount))?"
                + text(head.queryOffset, head.queryCount),
            fields: text(head.fieldsOffset, head.byteCount - head.fieldsOffset), body: body)
    }
}

/// Answers as a client's connection takes them, to a request of this method and to others of `GET`.
struct AnswersReader: MessageReader {
    let guarded: GuardedBytes
    let method: HTTPMethod
    var limits = HTTPLimits()

    var example: (bytes: [UInt8], message: ReadMessage) {
        let fields = "Content-Length: 2\r\n\r\n"
        return (
            Array("HTTP/1.1 200 OK\r\n\(fields)ab".utf8),
            ReadMessage(start: "200", fields: fields, body: "ab")
        )
    }

    func read(_ input: [UInt8], cuts: [Int], aheadCount: Int) -> ReadMessages {
        var state = ClientConnectionState()
        for _ in 0..<aheadCount { state.onSent(.get) }
        state.onSent(method)
        state.onSent(.get)
        let sentCount = aheadCount + 2
        var result = ReadMessages()
        var taken = 0
        for end in cuts + [input.count] {
            taken += take(Array(input[taken..<end]), &state, &result)
            if state.isLast || result.refusal != nil { break }
        }
        result.hasEnded = state.isLast
        let isWhole = sentCount - state.inFlightCount > aheadCount && taken == input.count
        result.isPending = result.refusal == nil && !state.isLast && !isWhole
        return result
    }

    private func take(
        _ bytes: [UInt8], _ state: inout ClientConnectionState, _ result: inout ReadMessages
    ) -> Int {
        let base = guarded.place(bytes, count: bytes.count)
        var offset = 0
        while offset < bytes.count, !state.isLast {
            switch state.step(base + offset, count: bytes.count - offset, limits: limits) {
            case .needInput: return offset
            case .progress(let consumed): offset += consumed
            case .response(let consumed):
                offset += consumed
                let response = state.takeResponse()
                result.messages.append(
                    ReadMessage(
                        start: "\(response.status)", fields: latin1(response.fieldLines),
                        body: latin1(response.body)))
            case .refused(let refusal):
                result.refusal = refusal.status
                return offset
            }
        }
        return offset
    }
}
