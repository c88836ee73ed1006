import Testing

@testable import UVHTTP

/// What a parser made of a head, with the parts copied out.
struct ParsedHead: Equatable {
    var outcome: HTTPParseOutcome
    var method = HTTPMethod.other
    var status = 0
    var path = ""
    var query = ""
    var framing = HTTPBodyFraming.none
    var minorVersion: UInt8 = 1
    var keepsAlive = true
    var expectsContinue = false
    var asksUpgrade = false
    var hasConditions = false
    var isPlainGet = false
    /// The field lines with the blank line.
    var fields = ""
    var byteCount = 0
}

/// Limits that a head of a few hundred bytes can reach.
func headLimits(bytes: Int = 16 * 1024, fields: Int = 64, target: Int = 8 * 1024) -> HTTPLimits {
    var limits = HTTPLimits()
    limits.headBytesMax = bytes
    limits.headFieldsMax = fields
    limits.targetBytesMax = target
    return limits
}

/// Parses the first `count` bytes of a message that lies before a wall.
struct HeadHarness {
    let guarded = GuardedBytes()
    let memo = HeadMemo()
    let putMemo = PutMemo()
    var limits = headLimits()
    /// The method whose answer is parsed; nil to parse requests.
    var answering: HTTPMethod?

    func parse(_ message: [UInt8], count: Int) -> ParsedHead {
        let bytes = guarded.place(message, count: count)
        if let answering { return parseResponse(bytes, count, answering) }
        return parseRequest(bytes, count)
    }

    private func parseRequest(_ bytes: UnsafeRawPointer, _ count: Int) -> ParsedHead {
        var head = HTTPRequestHead()
        let outcome = HTTPRequestParser.parse(
            bytes, count: count, limits: HTTPHeadLimits(limits), into: &head)
        let parsed = parsed(outcome, head, bytes, count)
        recognize(bytes, count, parsed)
        recognizePut(bytes, count, outcome, head)
        return parsed
    }

    /// The same of a PUT; of one that is kept everything is known again.
    private func recognizePut(
        _ bytes: UnsafeRawPointer, _ count: Int, _ outcome: HTTPParseOutcome,
        _ head: HTTPRequestHead
    ) {
        guard let known = putMemo.recognize(bytes, count, limits) else {
            if outcome == .complete { putMemo.pointer.pointee.keep(bytes, head) }
            return
        }
        let fields = HTTPFields(
            UnsafeRawBufferPointer(
                start: bytes + head.fieldsOffset, count: head.byteCount - head.fieldsOffset))
        #expect(outcome == .complete)
        #expect(parsed(.complete, known, bytes, count) == parsed(outcome, head, bytes, count))
        withUnsafePointer(to: known) {
            let request = HTTPRequest(base: bytes, head: $0, body: .empty)
            #expect(request.contentType?.text == fields.contentType?.text)
            #expect(request.contentType?.baseAddress == fields.contentType?.baseAddress)
        }
    }

    /// What a memo recognizes, be it of this message or of one before, is what the parser says.
    private func recognize(_ bytes: UnsafeRawPointer, _ count: Int, _ parsed: ParsedHead) {
        func check() {
            let pathEnd = memo.pointer.pointee.pathEnd(bytes, count: count)
            guard pathEnd > 0 else { return }
            #expect(parsed.isPlainGet && parsed.query.isEmpty)
            #expect(parsed.path == text(bytes, count, 4, pathEnd - 4))
            #expect(parsed.byteCount == pathEnd + memo.pointer.pointee.count)
            #expect(parsed.fields == latin1(memo.pointer.pointee.fields.bytes))
        }
        check()
        guard parsed.outcome == .complete else { return }
        var head = HTTPRequestHead()
        _ = HTTPRequestParser.parse(
            bytes, count: count, limits: HTTPHeadLimits(limits), into: &head)
        if head.isPlainGet {
            memo.pointer.pointee.keep(bytes, head, limits: HTTPHeadLimits(limits))
        }
        check()
    }

    private func parsed(
        _ outcome: HTTPParseOutcome, _ head: HTTPRequestHead, _ bytes: UnsafeRawPointer,
        _ count: Int
    ) -> ParsedHead {
        guard outcome == .complete else { return ParsedHead(outcome: outcome) }
        return ParsedHead(
            outcome: outcome, method: head.method,
            path: text(bytes, count, head.pathOffset, head.pathCount),
            query: text(bytes, count, head.queryOffset, head.queryCount),
            framing: head.framing, minorVersion: head.minorVersion, keepsAlive: head.keepsAlive,
            expectsContinue: head.expectsContinue, asksUpgrade: head.asksUpgrade,
            hasConditions: head.hasConditions, isPlainGet: head.isPlainGet,
            fields: text(bytes, count, head.fieldsOffset, head.byteCount - head.fieldsOffset),
            byteCount: head.byteCount)
    }

    private func parseResponse(
        _ bytes: UnsafeRawPointer, _ count: Int, _ method: HTTPMethod
    ) -> ParsedHead {
        var head = HTTPResponseHead()
        let outcome = HTTPResponseParser.parse(
            bytes, count: count, answering: method, limits: HTTPHeadLimits(limits), into: &head)
        guard outcome == .complete else { return ParsedHead(outcome: outcome) }
        return ParsedHead(
            outcome: outcome, status: head.status, framing: head.framing,
            minorVersion: head.minorVersion, keepsAlive: head.keepsAlive,
            fields: text(bytes, count, head.fieldsOffset, head.byteCount - head.fieldsOffset),
            byteCount: head.byteCount)
    }

    private func text(
        _ bytes: UnsafeRawPointer, _ count: Int, _ offset: Int, _ length: Int
    ) -> String {
        guard offset >= 0, length >= 0, offset + length <= count else { return "out of bounds" }
        // Latin-1, so that every byte stays apart.
        let scalars = UnsafeRawBufferPointer(start: bytes + offset, count: length).map {
            Character(Unicode.Scalar($0))
        }
        return String(scalars)
    }

    /// Parses the message whole, cut after every byte, and with another message behind, and expects
    /// that nothing depends on it: once there is an outcome it never changes, and a complete head
    /// is complete with its last byte. A connection must make the same of it in all of the ways of
    /// `readEveryWay`.
    func parseEveryWay(
        _ message: [UInt8], sourceLocation: SourceLocation = #_sourceLocation
    ) -> ParsedHead {
        let whole = parse(message, count: message.count)
        var decided = false
        for count in 0...message.count {
            let part = parse(message, count: count)
            if part.outcome != .incomplete { decided = true }
            let expected = decided ? whole : ParsedHead(outcome: .incomplete)
            #expect(part == expected, "cut after \(count) bytes", sourceLocation: sourceLocation)
            if whole.outcome == .complete {
                #expect(
                    decided == (count >= whole.byteCount), "cut after \(count) bytes",
                    sourceLocation: sourceLocation)
            }
        }
        if whole.outcome != .incomplete {
            for next in ["GET /next HTTP/1.1\r\nHost: next\r\n\r\n", "\0\0\0", "\r\n", ":"] {
                let both = parse(message + Array(next.utf8), count: message.count + next.utf8.count)
                #expect(both == whole, "with more behind", sourceLocation: sourceLocation)
            }
        }
        readEveryWay(message, whole, sourceLocation)
        return whole
    }

    private func readEveryWay(
        _ message: [UInt8], _ head: ParsedHead, _ sourceLocation: SourceLocation
    ) {
        let read: ReadMessages
        if let answering {
            read = AnswersReader(guarded: guarded, method: answering, limits: limits)
                .readEveryWay(message, sourceLocation: sourceLocation)
        } else {
            read = RequestReader(guarded: guarded, limits: limits)
                .readEveryWay(message, sourceLocation: sourceLocation)
        }
        if let status = head.outcome.refusalStatus {
            #expect(read.refusal == status, sourceLocation: sourceLocation)
        }
        guard let first = read.messages.first, head.outcome == .complete else { return }
        let start = answering == nil ? "\(head.method.name) \(head.path)?\(head.query)" : nil
        #expect(start == nil || first.start == start, sourceLocation: sourceLocation)
        let isInterim = answering != nil && head.status < 200
        #expect(isInterim || first.fields == head.fields, sourceLocation: sourceLocation)
    }
}

/// A memo behind a pointer, as a server has it.
final class HeadMemo {
    let pointer = UnsafeMutablePointer<HTTPHeadMemo>.allocate(capacity: 1)

    init() { pointer.initialize(to: HTTPHeadMemo()) }

    deinit {
        pointer.deinitialize(count: 1)
        pointer.deallocate()
    }
}

/// The same of PUTs.
final class PutMemo {
    let pointer = UnsafeMutablePointer<HTTPPutMemo>.allocate(capacity: 1)

    init() { pointer.initialize(to: HTTPPutMemo()) }

    deinit {
        pointer.deinitialize(count: 1)
        pointer.deallocate()
    }

    func recognize(
        _ bytes: UnsafeRawPointer, _ count: Int, _ limits: HTTPLimits
    ) -> HTTPRequestHead? {
        var head = HTTPRequestHead()
        let isKnown = withUnsafePointer(to: limits) {
            pointer.pointee.recognize(bytes, count: count, limits: $0, into: &head)
        }
        return isKnown ? head : nil
    }
}

/// One message, what it shows, and what must become of it.
struct HeadCase: CustomTestStringConvertible, Sendable {
    let sentence: String
    let message: [UInt8]
    /// The status of the refusal; nil when the head must be complete.
    let refusal: Int?

    init(_ sentence: String, _ message: String, refused refusal: Int? = nil) {
        self.sentence = sentence
        // Latin-1: "\u{80}" is the byte 0x80.
        self.message = message.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
        self.refusal = refusal
    }

    var testDescription: String { sentence }
}

extension HTTPParseOutcome {
    /// The status of a refusal; nil otherwise.
    var refusalStatus: Int? {
        if case .refused(let refusal) = self { refusal.status } else { nil }
    }
}
