import Testing

@testable import UVHTTP

@Suite struct HTTPResponseParserTests {
    private func parse(
        _ text: String, answering method: HTTPMethod = .get, limits: HTTPLimits = headLimits(),
        sourceLocation: SourceLocation = #_sourceLocation
    ) -> ParsedHead {
        HeadHarness(limits: limits, answering: method)
            .parseEveryWay(Array(text.utf8), sourceLocation: sourceLocation)
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK", 200), ("HTTP/1.1 404 Not Found", 404), ("HTTP/1.1 200 ", 200),
        ("HTTP/1.1 200", 200), ("HTTP/1.1 100 Continue", 100), ("HTTP/1.1 999 ?", 999),
        ("HTTP/1.1 200 na\u{EF}ve\treason  ", 200),
    ])
    func understandsStatusLines(line: String, status: Int) {
        let head = parse("\(line)\r\nContent-Length: 0\r\n\r\n")
        #expect(head.outcome == .complete)
        #expect(head.status == status)
        #expect(head.minorVersion == 1)
        #expect(head.fields == "Content-Length: 0\r\n\r\n")
    }

    static let refusals = [
        HeadCase("an empty line first", "\r\nHTTP/1.1 200 OK\r\n\r\n", refused: 400),
        HeadCase("two digits", "HTTP/1.1 20 OK\r\n\r\n", refused: 400),
        HeadCase("four digits", "HTTP/1.1 2000 OK\r\n\r\n", refused: 400),
        HeadCase("a status below 100", "HTTP/1.1 099 OK\r\n\r\n", refused: 400),
        HeadCase("no status", "HTTP/1.1 OK\r\n\r\n", refused: 400),
        HeadCase("no space", "HTTP/1.1\r\n\r\n", refused: 400),
        HeadCase("two spaces", "HTTP/1.1  200 OK\r\n\r\n", refused: 400),
        HeadCase("a tab behind the status", "HTTP/1.1 200\tOK\r\n\r\n", refused: 400),
        HeadCase("NUL in the reason", "HTTP/1.1 200 O\0K\r\n\r\n", refused: 400),
        HeadCase("a bare LF", "HTTP/1.1 200 OK\n\r\n", refused: 400),
        HeadCase("a bare CR", "HTTP/1.1 200 OK\rX: y\r\n\r\n", refused: 400),
        HeadCase("a CR without LF behind the status", "HTTP/1.1 200\rOK\r\n\r\n", refused: 400),
        HeadCase("another version", "HTTP/2.0 200 OK\r\n\r\n", refused: 505),
        HeadCase("another protocol", "ICY 200 OK\r\n\r\n", refused: 400),
        HeadCase("a folded field", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n", refused: 400),
        HeadCase("a space before a colon", "HTTP/1.1 200 OK\r\nX : a\r\n\r\n", refused: 400),
        HeadCase(
            "two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            refused: 400),
        HeadCase(
            "a length and a coding",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            refused: 400),
        HeadCase(
            "chunked that isn't last",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", refused: 400),
        HeadCase(
            "another coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
            refused: 501),
        HeadCase(
            "a coding in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            refused: 400),
        HeadCase(
            "a body behind 204", "HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\nhello", refused: 400),
        HeadCase(
            "chunks behind 204", "HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            refused: 400),
        HeadCase(
            "a body behind 100", "HTTP/1.1 100 Go\r\nContent-Length: 5\r\n\r\nhello", refused: 400),
        HeadCase(
            "chunks behind 103", "HTTP/1.1 103 Hint\r\nTransfer-Encoding: chunked\r\n\r\n",
            refused: 400),
        HeadCase("version 1.5", "HTTP/1.5 200 OK\r\n\r\n", refused: 505),
        HeadCase(
            "a list of lengths", "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n", refused: 400),
        HeadCase("a signed length", "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\n", refused: 400),
        HeadCase("an empty name", "HTTP/1.1 200 OK\r\n: a\r\n\r\n", refused: 400),
        HeadCase(
            "chunked twice", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n",
            refused: 400),
        HeadCase("a bad length", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", refused: 400),
    ]

    @Test(arguments: refusals)
    func isRefused(example: HeadCase) {
        let head = HeadHarness(answering: .get).parseEveryWay(example.message)
        #expect(head.outcome.refusalStatus == example.refusal)
    }

    @Test func theBodyDependsOnStatusMethodAndFields() {
        let length = "Content-Length: 5\r\n"
        let chunked = "Transfer-Encoding: chunked\r\n"
        func framing(_ status: Int, _ fields: String, _ method: HTTPMethod = .get)
            -> HTTPBodyFraming
        {
            let head = parse("HTTP/1.1 \(status) X\r\n\(fields)\r\n", answering: method)
            #expect(head.outcome == .complete)
            return head.framing
        }
        #expect(framing(200, length) == .length(5))
        #expect(framing(404, length, .put) == .length(5))
        #expect(framing(200, chunked) == .chunked)
        #expect(framing(200, "") == .untilClose)
        #expect(framing(500, "", .post) == .untilClose)
        for status in [100, 101, 204] { #expect(framing(status, "") == .none) }
        #expect(framing(204, "Content-Length: 0\r\n") == .none)
        for fields in [length, chunked, ""] {
            #expect(framing(200, fields, .head) == .none)
            #expect(framing(304, fields) == .none)
            #expect(framing(200, fields, .connect) == .none)
        }
        #expect(framing(407, length, .connect) == .length(5))
    }

    @Test func theConnectionLivesOnAsVersionAndFieldsSay() {
        func keepsAlive(_ line: String, _ fields: String = "Content-Length: 0\r\n") -> Bool {
            parse("\(line)\r\n\(fields)\r\n").keepsAlive
        }
        #expect(keepsAlive("HTTP/1.1 200 OK"))
        #expect(!keepsAlive("HTTP/1.0 200 OK"))
        #expect(!keepsAlive("HTTP/1.1 200 OK", ""))
        #expect(keepsAlive("HTTP/1.1 204 No Content", ""))
        #expect(keepsAlive("HTTP/1.1 304 Not Modified", ""))
        // What comes behind may be the body that it mustn't have.
        #expect(!keepsAlive("HTTP/1.1 304 Not Modified", "Content-Length: 5\r\n"))
        #expect(!keepsAlive("HTTP/1.1 304 Not Modified", "Transfer-Encoding: chunked\r\n"))
        #expect(!keepsAlive("HTTP/1.1 200 OK", "Connection: close\r\nContent-Length: 0\r\n"))
        #expect(keepsAlive("HTTP/1.0 200 OK", "Connection: keep-alive\r\nContent-Length: 0\r\n"))
    }

    @Test func fieldsOfRequestsMeanNothing() {
        let head = parse(
            "HTTP/1.1 200 OK\r\nHost: a b\r\nHost: c\r\nExpect: x\r\nContent-Length: 0\r\n\r\n")
        #expect(head.outcome == .complete)
    }

    @Test func limitsHold() {
        let text = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nA: b\r\n\r\n"
        let byteCount = text.utf8.count
        #expect(parse(text, limits: headLimits(bytes: byteCount, fields: 2)).outcome == .complete)
        #expect(parse(text, limits: headLimits(bytes: byteCount - 1)).outcome.refusalStatus == 431)
        #expect(parse(text, limits: headLimits(fields: 1)).outcome.refusalStatus == 431)
    }
}
