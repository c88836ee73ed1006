import Testing

@testable import UVHTTP

@Suite struct HTTPHeadMemoTests {
    private let harness = HeadHarness()

    private func keep(_ text: String) {
        _ = harness.parse(Array(text.utf8), count: text.utf8.count)
    }

    private func pathEnd(_ text: String, count: Int? = nil) -> Int {
        let bytes = Array(text.utf8)
        let start = harness.guarded.place(bytes, count: count ?? bytes.count)
        return harness.memo.pointer.pointee.pathEnd(start, count: count ?? bytes.count)
    }

    private let fields = " HTTP/1.1\r\nHost: a:1\r\nUser-Agent: b\r\n\r\n"

    @Test func knowsTheFieldsOfTheLastPlainGetBehindAnyPath() {
        #expect(pathEnd("GET /a" + fields) == 0, "nothing is kept yet")
        keep("GET /a" + fields)
        for path in ["/", "/a", "/kv/0123456789abcdef", "/" + String(repeating: "x", count: 200)] {
            #expect(pathEnd("GET " + path + fields) == 4 + path.utf8.count)
            #expect(pathEnd("GET " + path + fields + "GET /b") == 4 + path.utf8.count)
        }
    }

    @Test(arguments: [
        "HEAD /a", "PUT /a", "GET  /a", "GET /a?b", "GET /a%20", "GET /a\\", "GET http://a/b",
        "GET *", "\r\nGET /a", "GET /a\u{7F}", "GET /a\"", "get /a",
    ])
    func saysNothingOfWhatIsRarer(line: String) {
        keep("GET /a" + fields)
        #expect(pathEnd(line + fields) == 0)
    }

    @Test func saysNothingOfAHeadThatIsNotWhole() {
        keep("GET /a" + fields)
        let request = "GET /kv/b" + fields
        for count in 0..<request.utf8.count { #expect(pathEnd(request, count: count) == 0) }
    }

    @Test func everyByteBehindThePathCounts() {
        keep("GET /a" + fields)
        var bytes = Array(("GET /a" + fields).utf8)
        for index in 6..<bytes.count {
            bytes[index] ^= 0x20
            #expect(pathEnd(String(decoding: bytes, as: UTF8.self)) == 0, "byte \(index)")
            bytes[index] ^= 0x20
        }
    }

    @Test func keepsToTheLimits() {
        let request = "GET /12345" + fields
        let count = request.utf8.count
        for (limits, end) in [
            (headLimits(bytes: count), 10), (headLimits(bytes: count - 1), 0),
            (headLimits(target: 6), 10), (headLimits(target: 5), 0),
        ] {
            let harness = HeadHarness(limits: limits)
            let known = Array(("GET /a" + fields).utf8)
            _ = harness.parse(known, count: known.count)
            let bytes = harness.guarded.place(Array(request.utf8), count: count)
            #expect(harness.memo.pointer.pointee.pathEnd(bytes, count: count) == end)
        }
    }

    @Test func keepsNoFieldsThatAskForMore() {
        keep("GET /a" + fields)
        for field in ["Cache-Control: no-cache", "Connection: close", "Expect: 100-continue"] {
            keep("GET /a HTTP/1.1\r\nHost: a:1\r\n\(field)\r\n\r\n")
            #expect(pathEnd("GET /b" + fields) == 6, "the ones before are still kept")
        }
        keep("GET /a HTTP/1.1\r\nHost: a:1\r\nX: \(String(repeating: "x", count: 600))\r\n\r\n")
        #expect(pathEnd("GET /b" + fields) == 6, "nor are they too long")
    }
}
