import Testing

@testable import UVHTTP

@Suite struct HTTPRequestParserTests {
    let harness = HeadHarness()

    private func parse(
        _ text: String, sourceLocation: SourceLocation = #_sourceLocation
    ) -> ParsedHead {
        harness.parseEveryWay(Array(text.utf8), sourceLocation: sourceLocation)
    }

    /// A request with a Host field and these further lines.
    private func request(_ line: String, _ fields: String...) -> String {
        ([line, "Host: a"] + fields).joined(separator: "\r\n") + "\r\n\r\n"
    }

    @Test func understandsTheCommonRequest() {
        let head = parse("GET /kv/k32 HTTP/1.1\r\nHost: 127.0.0.1:9001\r\n\r\n")
        #expect(
            head
                == ParsedHead(
                    outcome: .complete, method: .get, path: "/kv/k32", isPlainGet: true,
                    fields: "Host: 127.0.0.1:9001\r\n\r\n", byteCount: 46))
    }

    /// Of these a server may answer at once: nothing but the path decides the answer.
    @Test(arguments: [
        ("GET /a HTTP/1.1", "X: y", true), ("GET /a?b HTTP/1.1", "Accept: */*", true),
        ("GET http://a/b HTTP/1.1", "User-Agent: c", true), ("GET /a HTTP/1.0", "X: y", false),
        ("HEAD /a HTTP/1.1", "X: y", false), ("GET /a HTTP/1.1", "Connection: close", false),
        ("GET /a HTTP/1.1", "Content-Length: 1", false),
        ("GET /a HTTP/1.1", "Content-Length: 0", false),
        ("GET /a HTTP/1.1", "Transfer-Encoding: chunked", false),
        ("GET /a HTTP/1.1", "Cache-Control: no-cache", false),
        ("GET /a HTTP/1.1", "If-None-Match: *", false),
        ("GET /a HTTP/1.1", "If-Match: *", false),
        ("GET /a HTTP/1.1", "Expect: 100-continue", false),
        ("GET /a HTTP/1.1", "Connection: upgrade\r\nUpgrade: b", false),
    ])
    func knowsAPlainGet(line: String, field: String, isPlain: Bool) {
        let head = parse(request(line, field))
        #expect(head.outcome == .complete)
        #expect(head.isPlainGet == isPlain)
    }

    @Test(arguments: [
        ("GET", HTTPMethod.get), ("HEAD", .head), ("PUT", .put), ("POST", .post),
        ("DELETE", .delete), ("PATCH", .patch), ("TRACE", .trace), ("OPTIONS", .options),
        ("QUERY", .query),
        ("get", .other), ("GETS", .other), ("PU", .other), ("PROPFIND", .other),
        ("M-SEARCH", .other),
        ("!#$%&'*+-.^_`|~", .other), (String(repeating: "M", count: 32), .other),
    ])
    func knowsMethodsByTheirExactName(name: String, method: HTTPMethod) {
        let head = parse(request("\(name) /p?q HTTP/1.1"))
        #expect(head.outcome == .complete)
        #expect(head.method == method)
        #expect(head.path == "/p")
        #expect(head.query == "q")
    }

    @Test(arguments: [
        ("/", "/", ""), ("/a?b", "/a", "b"), ("/?", "/", ""), ("/a?b?c=/d", "/a", "b?c=/d"),
        ("//a/../b", "//a/../b", ""), ("/kv/a%20b%2Fc", "/kv/a%20b%2Fc", ""),
        ("/kv/a/b", "/kv/a/b", ""),
        ("/!$&'()*+,;=:@-._~0Az", "/!$&'()*+,;=:@-._~0Az", ""),
        ("/a|b^c`d{e}?[x]={|}", "/a|b^c`d{e}", "[x]={|}"),
        ("/kv/key?wait_propagate=0&a=~!", "/kv/key", "wait_propagate=0&a=~!"),
        ("/http://x", "/http://x", ""), ("/*", "/*", ""),
        ("http://host", "", ""), ("http://host/", "/", ""), ("HTTP://h:80/a?b", "/a", "b"),
        ("hTTps://[::1]:5001/a", "/a", ""), ("http://h?q/r", "", "q/r"),
        ("http://a%41.b_c~!$&'()*+,;=/x", "/x", ""), ("http://h:/x", "/x", ""),
    ])
    func splitsTheTarget(target: String, path: String, query: String) {
        for method in ["GET", "PUT", "DELETE"] {
            let head = parse(request("\(method) \(target) HTTP/1.1"))
            #expect(head.outcome == .complete)
            #expect(head.path == path)
            #expect(head.query == query)
        }
    }

    @Test func starIsATargetOfOptionsAlone() {
        #expect(parse(request("OPTIONS * HTTP/1.1")).path == "*")
        #expect(parse(request("GET * HTTP/1.1")).outcome.refusalStatus == 400)
        #expect(parse(request("OPTIONS ** HTTP/1.1")).outcome.refusalStatus == 400)
        #expect(parse(request("OPTIONS *?a HTTP/1.1")).outcome.refusalStatus == 400)
    }

    @Test func anAuthorityIsATargetOfConnectAlone() {
        #expect(parse(request("CONNECT h:80 HTTP/1.1")).path == "h:80")
        #expect(parse(request("CONNECT [::1]:80 HTTP/1.1")).path == "[::1]:80")
        for target in ["h", "h:", "/", "http://h:80/", "u@h:80", "h:80?q", "h:80/", "*"] {
            let outcome = parse(request("CONNECT \(target) HTTP/1.1")).outcome
            #expect(outcome.refusalStatus == 400, "\(target)")
        }
        #expect(parse(request("GET h:80 HTTP/1.1")).outcome.refusalStatus == 400)
    }

    @Test func everyByteOfATargetIsEitherVisibleOrRefused() {
        let refused = Set("\"#<>\\".utf8)
        for byte in UInt8.min...UInt8.max {
            for prefix in ["/", "/0123456789abcde", "/a?"] {
                let message =
                    Array("GET \(prefix)".utf8) + [byte]
                    + Array("b HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
                let outcome = harness.parse(message, count: message.count).outcome
                let isValid = byte > 0x20 && byte < 0x7F && !refused.contains(byte)
                #expect((outcome == .complete) == isValid, "byte \(byte) behind \(prefix)")
                #expect(isValid || outcome.refusalStatus == 400, "byte \(byte) behind \(prefix)")
            }
        }
    }

    @Test func everyByteOfAFieldNameIsATokenCharacterOrRefused() {
        let token = Set(
            "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
        for byte in UInt8.min...UInt8.max where byte != ASCII.colon {
            let message =
                Array("GET / HTTP/1.1\r\nHost: a\r\nX-Name".utf8) + [byte]
                + Array("y: v\r\n\r\n".utf8)
            let outcome = harness.parse(message, count: message.count).outcome
            #expect((outcome == .complete) == token.contains(byte), "byte \(byte)")
        }
    }

    @Test func everyByteOfAFieldValueIsNoControlOrRefused() {
        for byte in UInt8.min...UInt8.max {
            for prefix in ["", "\u{7F}~0123456789abcdef"] {
                let filler = prefix.isEmpty ? [] : [0xFF] + Array(prefix.utf8.dropFirst())
                let message =
                    Array("GET / HTTP/1.1\r\nHost: a\r\nX:".utf8) + filler + [byte]
                    + Array("b\r\n\r\n".utf8)
                let outcome = harness.parse(message, count: message.count).outcome
                let isValid = byte == 9 || (byte >= 0x20 && byte != 0x7F)
                #expect((outcome == .complete) == isValid, "byte \(byte)")
            }
        }
    }

    @Test func everyByteOfAHostIsInItsGrammarOrRefused() {
        let valid = Set(
            "-._~!$&'()*+,;=0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
        for byte in UInt8.min...UInt8.max {
            let message =
                Array("GET / HTTP/1.1\r\nHost: node".utf8) + [byte] + Array("x\r\n\r\n".utf8)
            let outcome = harness.parse(message, count: message.count).outcome
            #expect((outcome == .complete) == valid.contains(byte), "byte \(byte)")
        }
    }

    @Test(arguments: [
        "a", "NODE-2:5000", "10.0.1.67:5000", "localhost", "", " ", "\t a \t", "h:", "[::1]",
        "[::1]:5001", "[::ffff:10.0.0.1]:1", "a%41b:80", "a_b", "a:012345678901234567890",
        "a,b", "xn--bcher-kva.example.", "0123456789.0123456789.0123456789:65535",
    ])
    func acceptsHosts(host: String) {
        #expect(parse("GET / HTTP/1.1\r\nHost:\(host)\r\n\r\n").outcome == .complete)
        #expect(parse("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n").outcome == .complete)
    }

    @Test(arguments: [
        "a b", "a/b", "u@h", "a:b", "a:1:2", ":80", "[::1", "[]", "[]:80", "[::g]", "[::1]x", "a%4",
        "a%zz", "http://a", "a?b", "a#b", "\"a\"", "a\\b", "[fe80::1%25eth0]", "a:-1", "a, b", ":",
        "::1", "1:2:3", "a:1 2",
    ])
    func refusesHosts(host: String) {
        let head = parse("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n")
        #expect(head.outcome == .refused(HTTPFault.hostInvalid.refusal))
    }

    @Test func keepsTheConnectionAsVersionAndFieldsSay() {
        func keepsAlive(_ version: String, _ connection: String...) -> Bool {
            let lines = connection.map { "Connection: \($0)\r\n" }.joined()
            let head = parse("GET / HTTP/\(version)\r\nHost: a\r\n\(lines)\r\n")
            #expect(head.outcome == .complete)
            return head.keepsAlive
        }
        #expect(keepsAlive("1.1"))
        #expect(!keepsAlive("1.0"))
        #expect(!keepsAlive("1.1", "close"))
        #expect(!keepsAlive("1.1", "CLOSE"))
        #expect(!keepsAlive("1.1", " ,te ,\tclose ,"))
        #expect(keepsAlive("1.1", "closed", "x-close"))
        #expect(keepsAlive("1.0", "Keep-Alive"))
        #expect(keepsAlive("1.0", "foo, keep-alive"))
        #expect(!keepsAlive("1.0", "keep-alive", "close"))
        #expect(!keepsAlive("1.1", "close, keep-alive"))
        #expect(keepsAlive("1.1", ""))
    }

    @Test func asksForAnUpgradeWithBothFieldsInHTTP11Only() {
        let field = "Upgrade: canopy-link/1"
        #expect(parse(request("GET / HTTP/1.1", field, "Connection: Upgrade")).asksUpgrade)
        #expect(parse(request("GET / HTTP/1.1", "connection: x, UPGRADE", field)).asksUpgrade)
        #expect(!parse(request("GET / HTTP/1.1", field)).asksUpgrade)
        #expect(!parse(request("GET / HTTP/1.1", "Connection: Upgrade")).asksUpgrade)
        #expect(!parse(request("GET / HTTP/1.0", field, "Connection: Upgrade")).asksUpgrade)
    }

    @Test func expectsContinueInHTTP11Only() {
        let line = "PUT / HTTP/1."
        #expect(parse(request("\(line)1", "Expect: 100-continue")).expectsContinue)
        #expect(parse(request("\(line)1", "EXPECT: 100-Continue")).expectsContinue)
        #expect(!parse(request("\(line)0", "Expect: 100-continue")).expectsContinue)
        #expect(!parse(request("\(line)0", "Expect: a pony")).expectsContinue)
        #expect(parse(request("\(line)1", "Expect: a")).outcome.refusalStatus == 417)
        #expect(parse(request("\(line)1", "Expect: 100-continue, a")).outcome.refusalStatus == 417)
    }

    @Test func knowsTwoVersions() {
        #expect(parse(request("GET / HTTP/1.0")).minorVersion == 0)
        #expect(parse(request("GET / HTTP/1.1")).minorVersion == 1)
    }

    @Test func nothingFollowsAConnect() {
        #expect(!parse(request("CONNECT h:80 HTTP/1.1")).keepsAlive)
        #expect(!parse(request("CONNECT h:80 HTTP/1.1", "Connection: keep-alive")).keepsAlive)
    }

    @Test func theOldVersionNeedsNoHost() {
        #expect(parse("GET / HTTP/1.0\r\n\r\n").outcome == .complete)
        #expect(parse("GET / HTTP/1.0\r\nX: y\r\n\r\n").outcome == .complete)
    }

    @Test func skipsAFewEmptyLinesBeforeTheRequest() {
        let head = parse("\r\n\r\nGET /a HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(head.path == "/a")
        #expect(head.byteCount == 32)
        let lines = String(repeating: "\r\n", count: 4)
        #expect(parse(lines + request("PUT / HTTP/1.1")).outcome == .complete)
        #expect(parse(lines + "\r\n" + request("PUT / HTTP/1.1")).outcome.refusalStatus == 400)
    }

    @Test func fieldsAreFoundInAnyOrderAndCase() {
        let head = parse(
            "PUT /k HTTP/1.1\r\nAccept: */*\r\ncontent-LENGTH:\t12 \r\nX:\r\nhOsT:a\r\n"
                + "User-Agent: curl/7.88.1\r\n\r\n")
        #expect(head.outcome == .complete)
        #expect(head.framing == .length(12))
        #expect(head.fields.hasPrefix("Accept: */*\r\n"))
        #expect(head.fields.hasSuffix("curl/7.88.1\r\n\r\n"))
    }

    @Test func neighboursOfKnownNamesMeanNothing() {
        let names = [
            "Content-Lengt", "Content-Lengths", "Content_Length", "Xontent-Length",
            "Transfer_Encoding", "TransferXEncoding", "Connectiom", "Hosts", "Hos", "Expecs",
            "Upgradf",
        ]
        for name in names {
            let head = parse(request("GET / HTTP/1.1", "\(name): 7, \""))
            #expect(head.outcome == .complete, "\(name)")
            #expect(head.framing == .none, "\(name)")
        }
    }

    @Test(arguments: [
        ("Cache-Control: no-cache", true), ("CACHE-CONTROL:", true), ("If-Match: *", true),
        ("if-none-match: \"a\"", true), ("If-Modified-Since: x", false), ("If-Range: \"a\"", false),
        ("Cache-Controls: no-cache", false), ("Accept-Encoding: gzip", false),
        ("If-None-Matches: *", false), ("If-Matcha: *", false), ("Cache-Xontrol: x", false),
        ("Content-Range: bytes 0-1/2", true), ("Content-Ranges: x", false),
        ("Content-Xange: x", false),
        ("Accept: */*", false), ("Access-Control: x", false),
    ]) func sawAFieldThatChoosesTheAnswer(line: String, expected: Bool) {
        #expect(parse(request("GET / HTTP/1.1", line)).hasConditions == expected)
        #expect(parse(request("PUT / HTTP/1.1", "A: b", line)).hasConditions == expected)
    }
}
