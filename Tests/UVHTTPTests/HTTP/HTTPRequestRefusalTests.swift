import Testing

@testable import UVHTTP

@Suite struct HTTPRequestRefusalTests {
    static let cases = [
        HeadCase("a bare LF ends no request line", "GET / HTTP/1.1\nHost: a\r\n\r\n", refused: 400),
        HeadCase("a bare LF ends no field", "GET / HTTP/1.1\r\nHost: a\n\r\n", refused: 400),
        HeadCase(
            "a bare LF ends no other field", "GET / HTTP/1.0\r\nX: a\nY: b\r\n\r\n", refused: 400),
        HeadCase("a bare LF ends no head", "GET / HTTP/1.1\r\nHost: a\r\n\n", refused: 400),
        HeadCase("a bare CR ends no request line", "GET / HTTP/1.1\rHost: a\r\n\r\n", refused: 400),
        HeadCase(
            "a bare CR is in no value", "GET / HTTP/1.1\r\nHost: a\r\nX: \rY\r\n\r\n", refused: 400),
        HeadCase(
            "a bare CR is no line", "GET / HTTP/1.1\r\nHost: a\r\n\rX: y\r\n\r\n", refused: 400),
        HeadCase(
            "a CR before CR LF is refused", "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", refused: 400),
        HeadCase("an LF is no empty line", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", refused: 400),
        HeadCase(
            "a CR alone is no empty line", "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n", refused: 400),
        HeadCase("spaces before the method", " GET / HTTP/1.1\r\nHost: a\r\n\r\n", refused: 400),
        HeadCase(
            "two spaces before the target", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", refused: 400),
        HeadCase(
            "two spaces before the version", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n", refused: 400),
        HeadCase("a tab between the parts", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", refused: 400),
        HeadCase("a tab behind the target", "GET /\tHTTP/1.1\r\nHost: a\r\n\r\n", refused: 400),
        HeadCase("a space behind the version", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", refused: 400),
        HeadCase("no method", "/ HTTP/1.1\r\nHost: a\r\n\r\n", refused: 400),
        HeadCase("a method that is no token", "G(T / HTTP/1.1\r\nHost: a\r\n\r\n", refused: 400),
        HeadCase("a TLS greeting", "\u{16}\u{03}\u{01}\u{02}\0\u{01}\0", refused: 400),
        HeadCase(
            "a method past 32 bytes", String(repeating: "M", count: 33) + " / HTTP/1.1\r\n\r\n",
            refused: 501),
        HeadCase("no target", "GET HTTP/1.1\r\nHost: a\r\n\r\n", refused: 400),
        HeadCase("the simple request of HTTP/0.9", "GET /\r\n", refused: 400),
        HeadCase("a relative target", "GET a HTTP/1.1\r\nHost: a\r\n\r\n", refused: 400),
        HeadCase("a fragment", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", refused: 400),
        HeadCase("a backslash", "GET /a\\b HTTP/1.1\r\nHost: a\r\n\r\n", refused: 400),
        HeadCase(
            "bytes from 0x80 on", "GET /\u{C3}\u{A9} HTTP/1.1\r\nHost: a\r\n\r\n", refused: 400),
        HeadCase("NUL in a target", "GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n", refused: 400),
        HeadCase("another scheme", "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", refused: 400),
        HeadCase(
            "a scheme that begins alike", "GET httpx://a/ HTTP/1.1\r\nHost: a\r\n\r\n", refused: 400
        ),
        HeadCase("a scheme cut short", "GET http:/ HTTP/1.1\r\nHost: a\r\n\r\n", refused: 400),
        HeadCase("a query in a scheme", "GET http:?/a HTTP/1.1\r\nHost: a\r\n\r\n", refused: 400),
        HeadCase("user information", "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", refused: 400),
        HeadCase(
            "user and password", "GET http://u:p@a/ HTTP/1.1\r\nHost: a\r\n\r\n", refused: 400),
        HeadCase(
            "an absolute target without host", "GET http:/// HTTP/1.1\r\nHost: a\r\n\r\n",
            refused: 400),
        HeadCase(
            "an absolute target with a port alone", "GET http://:80/ HTTP/1.1\r\nHost: a\r\n\r\n",
            refused: 400),
        HeadCase(
            "an absolute target with nothing", "GET http:// HTTP/1.1\r\nHost: a\r\n\r\n",
            refused: 400),
        HeadCase("version 2", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", refused: 505),
        HeadCase("version 1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", refused: 505),
        HeadCase("version 1.9", "GET / HTTP/1.9\r\nHost: a\r\n\r\n", refused: 505),
        HeadCase(
            "version 1.2 behind another method", "DELETE /a HTTP/1.2\r\nHost: a\r\n\r\n",
            refused: 505),
        HeadCase("a version of letters", "GET / HTTP/1.A\r\nHost: a\r\n\r\n", refused: 400),
        HeadCase("leading zeros in a version", "GET / HTTP/01.1\r\nHost: a\r\n\r\n", refused: 505),
        HeadCase("a space in a version", "GET / HTTP/ 1.1\r\nHost: a\r\n\r\n", refused: 400),
        HeadCase("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", refused: 400),
        HeadCase("version 0", "GET / HTTP/0.9\r\nHost: a\r\n\r\n", refused: 505),
        HeadCase("a long major version", "GET / HTTP/11.1\r\nHost: a\r\n\r\n", refused: 400),
        HeadCase("a long minor version", "GET / HTTP/1.10\r\nHost: a\r\n\r\n", refused: 400),
        HeadCase("no minor version", "GET / HTTP/1\r\nHost: a\r\n\r\n", refused: 400),
        HeadCase(
            "a minor version that is no digit", "GET / HTTP/1.x\r\nHost: a\r\n\r\n", refused: 400),
        HeadCase("a lower-case version", "GET / http/1.1\r\nHost: a\r\n\r\n", refused: 400),
        HeadCase("another protocol", "GET / RTSP/1.0\r\nHost: a\r\n\r\n", refused: 400),
        HeadCase("a space before the colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", refused: 400),
        HeadCase(
            "a tab before the colon", "GET / HTTP/1.1\r\nHost: a\r\nX\t: a\r\n\r\n", refused: 400),
        HeadCase("an empty name", "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", refused: 400),
        HeadCase(
            "a line without a colon", "GET / HTTP/1.1\r\nHost: a\r\nabc\r\n\r\n", refused: 400),
        HeadCase("a folded field", "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", refused: 400),
        HeadCase(
            "a field folded by a tab", "GET / HTTP/1.1\r\nX: a\r\n\tb\r\nHost: a\r\n\r\n",
            refused: 400),
        HeadCase(
            "space before the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", refused: 400),
        HeadCase("NUL in a name", "GET / HTTP/1.1\r\nHost: a\r\nX\0: a\r\n\r\n", refused: 400),
        HeadCase("NUL in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", refused: 400),
        HeadCase("NUL at the end of a host", "GET / HTTP/1.1\r\nHost: a\0\r\n\r\n", refused: 400),
        HeadCase("DEL in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: \u{7F}\r\n\r\n", refused: 400),
        HeadCase("no Host", "GET / HTTP/1.1\r\n\r\n", refused: 400),
        HeadCase("no Host but others", "GET / HTTP/1.1\r\nX: y\r\n\r\n", refused: 400),
        HeadCase(
            "no Host beside an absolute target", "GET http://a/ HTTP/1.1\r\n\r\n", refused: 400),
        HeadCase("two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", refused: 400),
        HeadCase(
            "two Hosts apart", "GET / HTTP/1.1\r\nX: y\r\nHost: a\r\nhost: \r\n\r\n", refused: 400),
        HeadCase(
            "two Hosts in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", refused: 400),
        HeadCase(
            "a Connection that is no list", "GET / HTTP/1.1\r\nHost: a\r\nConnection: a b\r\n\r\n",
            refused: 400),
        HeadCase(
            "an unknown expectation", "GET / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\n\r\n",
            refused: 417),
    ]

    @Test(arguments: cases)
    func isRefused(example: HeadCase) {
        let head = HeadHarness().parseEveryWay(example.message)
        #expect(head.outcome.refusalStatus == example.refusal)
    }

    static let framings: [(String, String, HTTPBodyFraming)] = [
        ("no field means no body", "X: y", .none),
        ("a length", "Content-Length: 5", .length(5)),
        ("a length of nothing", "Content-Length: 0", .length(0)),
        ("white space around a length", "Content-Length: \t 5\t ", .length(5)),
        ("leading zeros", "Content-Length: 00000000000000000000000005", .length(5)),
        ("nothing but zeros", "Content-Length: 0000000000000000000000", .length(0)),
        ("18 digits", "Content-Length: 999999999999999999", .length(999_999_999_999_999_999)),
        ("chunked", "Transfer-Encoding: chunked", .chunked),
        ("chunked in any case", "TRANSFER-ENCODING:\tChunKed ", .chunked),
    ]

    @Test(arguments: framings)
    func framesTheBody(sentence: String, fields: String, framing: HTTPBodyFraming) {
        let text = "PUT /k HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n"
        let head = HeadHarness().parseEveryWay(Array(text.utf8))
        #expect(head.outcome == .complete, "\(sentence)")
        #expect(head.framing == framing, "\(sentence)")
    }

    static let badFramings: [(String, String, Int)] = [
        ("a sign", "Content-Length: +5", 400),
        ("a minus", "Content-Length: -1", 400),
        ("a hexadecimal length", "Content-Length: 0x5", 400),
        ("an empty length", "Content-Length: ", 400),
        ("a list of lengths", "Content-Length: 5, 5", 400),
        ("a length with a space", "Content-Length: 5 5", 400),
        ("a fraction", "Content-Length: 5.0", 400),
        ("another script's digits", "Content-Length: \u{FF15}", 400),
        ("two lengths", "Content-Length: 5\r\nContent-Length: 6", 400),
        ("two equal lengths", "Content-Length: 5\r\nContent-Length: 5", 400),
        ("a length past every integer", "Content-Length: 99999999999999999999999999", 413),
        ("19 digits", "Content-Length: 1000000000000000000", 413),
        ("a long length that isn't one", "Content-Length: 9999999999999999999999999x", 400),
        ("length, then coding", "Content-Length: 5\r\nTransfer-Encoding: chunked", 400),
        ("coding, then length", "Transfer-Encoding: chunked\r\nContent-Length: 5", 400),
        ("both far apart", "Content-Length: 5\r\nA: b\r\nC: d\r\ntransfer-encoding: gzip", 400),
        ("an unknown coding alone", "Transfer-Encoding: gzip", 501),
        ("identity", "Transfer-Encoding: identity", 501),
        ("an unknown coding under chunked", "Transfer-Encoding: gzip, chunked", 501),
        ("the same in two fields", "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked", 501),
        ("chunked that isn't last", "Transfer-Encoding: chunked, gzip", 400),
        ("the same over fields", "Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip", 400),
        ("chunked twice", "Transfer-Encoding: chunked, chunked", 400),
        ("chunked in two fields", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", 400),
        ("a parameter", "Transfer-Encoding: chunked;a=b", 400),
        ("an empty coding", "Transfer-Encoding: ", 400),
        ("an empty member", "Transfer-Encoding: , chunked", 400),
        ("an empty member behind", "Transfer-Encoding: chunked,", 400),
        ("quotes", "Transfer-Encoding: \"chunked\"", 400),
        ("a control before chunked", "Transfer-Encoding: \u{0B}chunked", 400),
        ("a neighbour of chunked", "Transfer-Encoding: xchunked", 501),
        ("two unknown codings", "Transfer-Encoding: gzip, deflate", 501),
        ("a semicolon behind chunked", "Transfer-Encoding: chunked;", 400),
        ("identity behind chunked", "Transfer-Encoding: chunked, identity", 400),
        ("a space in chunked", "Transfer-Encoding: chun ked", 400),
        ("another length behind a list", "Content-Length: 5, 6", 400),
        ("a minus before zero", "Content-Length: -0", 400),
        ("a digit group", "Content-Length: 1_000", 400),
        ("an exponent", "Content-Length: 1e1", 400),
        ("a length in quotes", "Content-Length: \"5\"", 400),
        (
            "length, coding and length",
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\nContent-Length: 5", 400
        ),
    ]

    @Test(arguments: badFramings)
    func refusesAmbiguousFraming(sentence: String, fields: String, status: Int) {
        let text = "PUT /k HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n"
        let head = HeadHarness().parseEveryWay(Array(text.utf8))
        #expect(head.outcome.refusalStatus == status, "\(sentence)")
    }

    @Test func refusesATransferCodingInHTTP10() {
        let text = "PUT /k HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"
        let head = HeadHarness().parseEveryWay(Array(text.utf8))
        #expect(head.outcome == .refused(HTTPFault.codingInOldVersion.refusal))
    }

    @Test func saysSoAsSoonAsABytePreventsARequest() {
        // Each of these is refused without a byte more.
        for text in [
            "\u{16}", "GET a", "GET /\"", "GET / X", "GET / HTTP/3", "GET / HTTP/1.1\n",
            "GET / HTTP/1.1\r\n ", "GET / HTTP/1.1\r\nHost ", "GET / HTTP/1.1\r\nHost: a\rX",
            "GET / HTTP/1.1\r\nTransfer-Encoding: chunked, gzip\r\n",
        ] {
            let message = Array(text.utf8)
            let harness = HeadHarness()
            #expect(harness.parse(message, count: message.count).outcome.refusalStatus != nil)
            let before = harness.parse(message, count: message.count - 1).outcome
            #expect(before == .incomplete, "\(text.debugDescription)")
        }
    }
}
