import Simulation
import Testing

@testable import UVHTTP

/// Random messages that are nearly valid, before a wall: no parser may die, read past its promise,
/// or let an outcome depend on how the bytes were cut.
@Suite struct HTTPParserFuzzTests {
    private static let requests = [
        "GET /kv/k32 HTTP/1.1\r\nHost: 127.0.0.1:9001\r\n\r\n",
        "PUT /kv/a%20b?wait_propagate=0 HTTP/1.1\r\nHost: NODE-2:5000\r\nContent-Length: 5\r\n\r\n",
        "POST http://a:1/x?y HTTP/1.1\r\nX: y\r\nhost: [::1]\r\nTransfer-Encoding: chunked\r\n\r\n",
        "\r\nGET /link HTTP/1.1\r\nHost: a\r\nConnection: x, Upgrade\r\nUpgrade: link/1\r\n\r\n",
        "OPTIONS * HTTP/1.0\r\nConnection: keep-alive\r\nAccept: */*\r\n\r\n",
        "CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\nExpect: 100-continue\r\n\r\n",
    ].map { Array($0.utf8) }

    private static let responses = [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nDate: x\r\n\r\n",
        "HTTP/1.0 404 Not Found\r\nConnection: keep-alive, close\r\n\r\n",
        "HTTP/1.1 101\r\nUpgrade: link/1\r\nConnection: upgrade\r\n\r\n",
        "HTTP/1.1 200 \r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
    ].map { Array($0.utf8) }

    private static let bodies = [
        "5\r\nhello\r\n0\r\n\r\n", "1;a=b\r\nx\r\n00a\r\n0123456789\r\n0\r\nX: y\r\n\r\n",
    ].map { Array($0.utf8) }

    private static let pieces = [
        "\r\n", "\r", "\n", " ", ":", "\0", "\t", "/", "?", "=", ";", ",", "%", "0", "9", "chunked",
        "Host: b\r\n", "Content-Length: 7\r\n", "Transfer-Encoding: chunked\r\n", "HTTP/1.1",
        "\u{7F}",
        "Connection: close\r\n", " x\r\n", "GET ", "http://", "[", "]", "\r\n\r\n",
    ].map { Array($0.utf8) }

    private func mutated(_ seeds: [[UInt8]], _ generator: inout SimRandom) -> [UInt8] {
        var bytes = seeds[Int(truncatingIfNeeded: generator.next() % UInt64(seeds.count))]
        for _ in 0...(generator.next() % 4) {
            let random = generator.next()
            let place = Int(random >> 32) % (bytes.count + 1)
            let end = min(bytes.count, place + Int(random >> 24 & 7))
            switch random % 6 {
            case 0 where place < bytes.count: bytes[place] = UInt8(truncatingIfNeeded: random >> 8)
            case 1: bytes.removeSubrange(place..<end)
            case 2: bytes.insert(contentsOf: Array(bytes[place..<end]), at: place)
            case 3: bytes.insert(UInt8(truncatingIfNeeded: random >> 8), at: place)
            case 4: bytes.removeSubrange(place...)
            default:
                let piece = Self.pieces[Int(random >> 8 & 0xFFFF) % Self.pieces.count]
                bytes.insert(contentsOf: piece, at: place)
            }
        }
        return bytes
    }

    /// Expects that a random cut of `message` is incomplete or already says what the whole says.
    private func check(
        _ harness: HeadHarness, _ message: [UInt8], _ generator: inout SimRandom
    ) -> ParsedHead {
        let whole = harness.parse(message, count: message.count)
        let cut = Int(truncatingIfNeeded: generator.next() % UInt64(message.count + 1))
        let part = harness.parse(message, count: cut)
        if part.outcome != .incomplete, part != whole {
            Issue.record("\(message) cut after \(cut) bytes: \(part), whole: \(whole)")
        }
        if whole.outcome == .complete, whole.byteCount > message.count {
            Issue.record("\(message) is said to be longer than it is")
        }
        return whole
    }

    @Test func requestsNeverBreakTheParser() {
        var generator = SimRandom(seed: 1)
        // What a memo keeps holds for the limits under which it was kept, as a server's never
        // change.
        let harnesses = [headLimits(), headLimits(bytes: 60, fields: 2, target: 9)].map {
            HeadHarness(limits: $0)
        }
        var complete = 0
        var refused = 0
        for round in 0..<140_000 {
            let head = check(harnesses[round & 1], mutated(Self.requests, &generator), &generator)
            if head.outcome == .complete { complete += 1 }
            if head.outcome.refusalStatus != nil { refused += 1 }
        }
        // The mutations must leave enough of every kind.
        #expect(complete > 5_000)
        #expect(refused > 50_000)
        #expect(140_000 - complete - refused > 5_000)
    }

    @Test func responsesNeverBreakTheParser() {
        var generator = SimRandom(seed: 2)
        var harness = HeadHarness(answering: .get)
        let methods: [HTTPMethod] = [.get, .head, .connect]
        for round in 0..<30_000 {
            harness.answering = methods[round % methods.count]
            _ = check(harness, mutated(Self.responses, &generator), &generator)
        }
    }

    @Test func bodiesNeverBreakTheDecoder() {
        var generator = SimRandom(seed: 3)
        for _ in 0..<30_000 {
            let input = mutated(Self.bodies, &generator)
            let decoder = HTTPBodyDecoder(.chunked, bodyBytesMax: 20, chunkOverheadBytesMax: 60)
            let whole = DecodedBody(decoder, input)
            let cut = Int(truncatingIfNeeded: generator.next() % UInt64(input.count + 1))
            let parts = DecodedBody(decoder, input, cuts: [cut])
            var isSame = parts.outcome == whole.outcome
            if case .refused = whole.outcome {} else { isSame = isSame && parts == whole }
            if !isSame {
                Issue.record("\(input) cut after \(cut) bytes: \(parts), whole: \(whole)")
            }
        }
    }
}
