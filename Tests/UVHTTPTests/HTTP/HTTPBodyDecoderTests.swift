import Testing

@testable import UVHTTP

/// What a decoder made of some input.
struct DecodedBody: Equatable {
    var body: [UInt8]
    var consumed: Int
    var outcome: HTTPBodyDecoder.Outcome

    /// Decodes `input`, given in pieces that end at `cuts` (ascending).
    init(_ decoder: HTTPBodyDecoder, _ input: [UInt8], cuts: [Int] = []) {
        var decoder = decoder
        var queue = ByteQueue()
        consumed = 0
        outcome = .needMore
        var start = 0
        for end in cuts + [input.count] {
            let step = input.withUnsafeBytes { bytes in
                decoder.decode(UnsafeRawBufferPointer(rebasing: bytes[start..<end]), into: &queue)
            }
            consumed += step.consumed
            outcome = step.outcome
            if outcome != .needMore { break }
            start = end
        }
        body = Array(queue.readable)
    }
}

@Suite struct HTTPBodyDecoderTests {
    private func decoder(
        _ framing: HTTPBodyFraming, body: Int = 1024, overhead: Int = 1024
    ) -> HTTPBodyDecoder {
        HTTPBodyDecoder(framing, bodyBytesMax: body, chunkOverheadBytesMax: overhead)
    }

    /// Decodes whole, byte by byte, cut at every place, and with more behind; all must agree.
    private func decodeEveryWay(
        _ decoder: HTTPBodyDecoder, _ text: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) -> DecodedBody {
        let input = text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
        let whole = DecodedBody(decoder, input)
        let bytewise = DecodedBody(decoder, input, cuts: Array(0..<input.count))
        expectSame(bytewise, whole, "byte by byte", sourceLocation)
        for cut in 0...input.count {
            let parts = DecodedBody(decoder, input, cuts: [cut])
            expectSame(parts, whole, "cut after \(cut) bytes", sourceLocation)
        }
        if whole.outcome != .needMore {
            let both = DecodedBody(decoder, input + Array("GET / HTTP/1.1\r\n".utf8))
            expectSame(both, whole, "with more behind", sourceLocation)
        }
        return whole
    }

    private func expectSame(
        _ some: DecodedBody, _ other: DecodedBody, _ comment: Comment,
        _ sourceLocation: SourceLocation
    ) {
        #expect(some.outcome == other.outcome, comment, sourceLocation: sourceLocation)
        // How much was consumed before a refusal depends on the pieces, and no one needs it.
        if case .refused = other.outcome { return }
        #expect(some == other, comment, sourceLocation: sourceLocation)
    }

    private func status(_ outcome: HTTPBodyDecoder.Outcome) -> Int? {
        if case .refused(let refusal) = outcome { refusal.status } else { nil }
    }

    @Test func takesALengthAndLeavesTheRest() {
        let decoded = DecodedBody(decoder(.length(5)), Array("helloGET".utf8))
        #expect(decoded.body == Array("hello".utf8))
        #expect(decoded.consumed == 5)
        #expect(decoded.outcome == .complete)
        #expect(decodeEveryWay(decoder(.length(5)), "hello").outcome == .complete)
        #expect(decodeEveryWay(decoder(.length(5)), "hell").outcome == .needMore)
        #expect(decodeEveryWay(decoder(.length(0)), "").outcome == .complete)
        #expect(decodeEveryWay(decoder(.none), "").outcome == .complete)
    }

    @Test func refusesALengthPastTheLimitBeforeItsBytes() {
        #expect(status(decodeEveryWay(decoder(.length(1025)), "").outcome) == 413)
        #expect(decodeEveryWay(decoder(.length(1024)), "").outcome == .needMore)
    }

    @Test func takesEverythingUntilTheConnectionCloses() {
        var unending = decoder(.untilClose, body: 5)
        #expect(unending.mayEndWithConnection)
        var queue = ByteQueue()
        Array("hello".utf8).withUnsafeBytes { bytes in
            #expect(unending.decode(bytes, into: &queue).outcome == .needMore)
        }
        #expect(unending.mayEndWithConnection)
        #expect(status(decodeEveryWay(decoder(.untilClose, body: 5), "hello!").outcome) == 413)
        #expect(!decoder(.length(1)).mayEndWithConnection)
        #expect(decoder(.length(0)).mayEndWithConnection)
        #expect(!decoder(.chunked).mayEndWithConnection)
    }

    @Test(arguments: [
        ("0\r\n\r\n", ""), ("5\r\nhello\r\n0\r\n\r\n", "hello"),
        ("1\r\na\r\n00002\r\nbc\r\n000\r\n\r\n", "abc"),
        ("a\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
        ("A\r\n\r\n\r\n\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n\r\n\r\n\r\n"),
        ("1;a=b;c=\"d;e\"\r\nx\r\n0;last\r\n\r\n", "x"), ("1 ;a\r\nx\r\n0\t \t; \tz\r\n\r\n", "x"),
        ("1;a = b ;c\t;d=\"\";e=\" \\\"\\\\\u{E9}\"\r\nx\r\n0;a=~!\r\n\r\n", "x"),
        ("1\r\nx\r\n0\r\nX-Sum: 1\r\nEmpty:\r\n\r\n", "x"),
        ("000000000000001\r\nx\r\n000000000000000\r\n\r\n", "x"),
        ("1;a\r\nx\r\n0\r\nX: \u{E9}\t\r\n\r\n", "x"),
    ])
    func takesChunksOff(text: String, body: String) {
        let decoded = decodeEveryWay(decoder(.chunked), text)
        #expect(decoded.outcome == .complete)
        #expect(String(decoding: decoded.body, as: UTF8.self) == body)
        #expect(decoded.consumed == text.unicodeScalars.count)
    }

    @Test(arguments: [
        "x", "\r", ";", " ", "1 \r", "1 2", "+", "-", "0x", "1g", "1\n", "1\rx", "1;a\n", "1;\u{0}",
        "1;\u{7F}", "1;a\rb", "0000000000000001", "1\r\nxy", "1\r\nx\n", "1\r\nx\ry", "1\r\nx0",
        "1;\r", "1;;", "1;=", "1; \r", "1;a=\r", "1;a=;", "1;a =\r", "1;a \r", "1;a b", "1;a==",
        "1;a=b c", "1;a=b \r", "1;a=\"b\r", "1;a=\"b\"c", "1;a=\"\\\r", "1;a=\"\n", "1;\"",
        "1;a=\"\" \r", "1;\u{E9}", "1;a=\u{E9}", "1;a,", "1;a=b=", "1;a(", "1;\u{B}",
        "0\r\n\n", "0\r\n\rx", "0\r\n ", "0\r\nX ", "0\r\n:", "0\r\nX\r", "0\r\nX: y\n",
        "0\r\nX: y\rz", "0\r\nX: \u{0}", "0\r\nX: y\r\n ", "1\u{0}", "\u{0}", "1,", "1_",
    ])
    func refusesBadChunks(text: String) {
        #expect(status(decodeEveryWay(decoder(.chunked), text).outcome) == 400)
        // And not one byte earlier.
        let shorter = String(String.UnicodeScalarView(text.unicodeScalars.dropLast()))
        #expect(decodeEveryWay(decoder(.chunked), shorter).outcome == .needMore)
    }

    @Test func refusesABodyPastTheLimitWhenASizeAnnouncesIt() {
        #expect(status(decodeEveryWay(decoder(.chunked, body: 16), "11").outcome) == 413)
        #expect(decodeEveryWay(decoder(.chunked, body: 16), "10\r\n").outcome == .needMore)
        let two = "8\r\n01234567\r\n9"
        #expect(status(decodeEveryWay(decoder(.chunked, body: 16), two).outcome) == 413)
        #expect(status(decodeEveryWay(decoder(.chunked), "fffffffffffffff").outcome) == 413)
        let unlimited = decoder(.chunked, body: .max)
        #expect(decodeEveryWay(unlimited, "fffffffffffffff\r\n").outcome == .needMore)
        #expect(status(decodeEveryWay(unlimited, "ffffffffffffffff\r\n").outcome) == 400)
    }

    @Test func boundsEverythingThatIsNotContent() {
        let text = "1;ab\r\nx\r\n0\r\nX: y\r\n\r\n"
        let overhead = text.utf8.count - 1
        #expect(decodeEveryWay(decoder(.chunked, overhead: overhead), text).outcome == .complete)
        for less in 0..<overhead {
            let decoded = decodeEveryWay(decoder(.chunked, overhead: less), text)
            #expect(status(decoded.outcome) == 400)
        }
        let endless = "1;" + String(repeating: "a", count: 2000)
        #expect(status(decodeEveryWay(decoder(.chunked), endless).outcome) == 400)
    }

    @Test func anOutcomeIsRepeatedAndTakesNothing() {
        for text in ["0\r\n\r\n", "x"] {
            var decoder = decoder(.chunked)
            var queue = ByteQueue()
            let first = Array(text.utf8).withUnsafeBytes { decoder.decode($0, into: &queue) }
            let second = Array("1\r\n".utf8).withUnsafeBytes { decoder.decode($0, into: &queue) }
            #expect(second.outcome == first.outcome)
            #expect(second.consumed == 0)
            let added = queue.count
            #expect(added == 0)
        }
    }
}
