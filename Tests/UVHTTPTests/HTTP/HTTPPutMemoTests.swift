import Testing

@testable import UVHTTP

@Suite struct HTTPPutMemoTests {
    private let guarded = GuardedBytes()
    private let memo = PutMemo()

    private func parse(_ text: String) -> HTTPRequestHead? {
        let bytes = Array(text.utf8)
        var head = HTTPRequestHead()
        let outcome = HTTPRequestParser.parse(
            guarded.place(bytes, count: bytes.count), count: bytes.count,
            limits: HTTPHeadLimits(headLimits()), into: &head)
        return outcome == .complete ? head : nil
    }

    private func keep(_ text: String) {
        guard let head = parse(text) else { return }
        let bytes = Array(text.utf8)
        memo.pointer.pointee.keep(guarded.place(bytes, count: bytes.count), head)
    }

    private func recognize(
        _ text: String, count: Int? = nil, limits: HTTPLimits = headLimits()
    ) -> HTTPRequestHead? {
        let bytes = Array(text.utf8)
        let start = guarded.place(bytes, count: count ?? bytes.count)
        return memo.recognize(start, count ?? bytes.count, limits)
    }

    private func put(
        _ path: String, _ length: String, type: String = "Content-Type: a/b\r\n",
        last: String = ""
    ) -> String {
        "PUT \(path) HTTP/1.1\r\nHost: a:1\r\n\(type)Content-Length: \(length)\r\n\(last)\r\n"
    }

    /// What is known is what the parser says.
    private func expectKnown(
        _ text: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let known = try #require(recognize(text), sourceLocation: sourceLocation)
        let head = try #require(parse(text), sourceLocation: sourceLocation)
        #expect(known.framing == head.framing, sourceLocation: sourceLocation)
        #expect(known.byteCount == head.byteCount, sourceLocation: sourceLocation)
        #expect(known.pathCount == head.pathCount, sourceLocation: sourceLocation)
        #expect(known.queryOffset == head.queryOffset, sourceLocation: sourceLocation)
        #expect(known.fieldsOffset == head.fieldsOffset, sourceLocation: sourceLocation)
        #expect(known.expectsContinue == head.expectsContinue, sourceLocation: sourceLocation)
        #expect(known.hasConditions == head.hasConditions, sourceLocation: sourceLocation)
    }

    @Test func knowsTheHeadOfTheLastPutBehindAnyPathAndWithAnyLength() throws {
        #expect(recognize(put("/a", "5")) == nil, "nothing is kept yet")
        keep(put("/a", "5"))
        for path in ["/", "/kv/0123456789abcdef", "/%20", "/" + String(repeating: "x", count: 200)]
        {
            for length in ["0", "5", "32", "007", "1234567"] {
                try expectKnown(put(path, length))
                try expectKnown(put(path, length) + "body and more")
            }
        }
    }

    @Test(arguments: [
        ("", ""), ("Content-Type:\r\n", ""), ("", "content-type: \t text/plain \r\n"),
        ("CONTENT-TYPE: a/b\r\n", "X: y\r\n"), ("Expect: 100-continue\r\n", ""),
        ("", "If-Match: \"1.1\"\r\n"),
    ]) func knowsTheTypeWhereverItStands(before: String, behind: String) throws {
        keep(put("/a", "5", type: before, last: behind))
        for (path, length) in [("/a", "5"), ("/kv/b", "12345"), ("/kv/b", "1")] {
            let text = put(path, length, type: before, last: behind)
            try expectKnown(text)
            let head = try #require(recognize(text))
            let bytes = Array(text.utf8)
            let start = guarded.place(bytes, count: bytes.count)
            withUnsafePointer(to: head) { head in
                let request = HTTPRequest(base: start, head: head, body: .empty)
                #expect(request.contentType?.text == request.fields.contentType?.text)
            }
        }
    }

    @Test(arguments: [
        "HEAD /a", "GET /a", "POST /a", "PUT  /a", "PUT /a?b", "PUT /a\\", "PUT http://a/b",
        "PUT *",
        "\r\nPUT /a", "PUT /a\u{7F}", "PUT /a\"", "put /a",
    ]) func saysNothingOfWhatIsRarer(line: String) {
        keep(put("/a", "5"))
        #expect(recognize(line + String(put("", "5").dropFirst(4))) == nil)
    }

    @Test(arguments: ["", "-5", "+5", " 5", "5 ", "5,5", "0x5", "12345678", "99999999999999999999"])
    func saysNothingOfALengthThatIsRarer(length: String) {
        keep(put("/a", "5"))
        #expect(recognize(put("/a", length)) == nil)
    }

    @Test func saysNothingOfAHeadThatIsNotWhole() {
        keep(put("/a", "5"))
        let request = put("/kv/b", "32")
        for count in 0..<request.utf8.count { #expect(recognize(request, count: count) == nil) }
    }

    @Test func everyByteBehindThePathCounts() {
        keep(put("/a", "5"))
        var bytes = Array(put("/a", "5").utf8)
        for index in 6..<bytes.count {
            bytes[index] ^= 0x20
            #expect(recognize(String(decoding: bytes, as: UTF8.self)) == nil, "byte \(index)")
            bytes[index] ^= 0x20
        }
    }

    @Test func keepsToTheLimits() {
        keep(put("/a", "5"))
        let request = put("/12345", "32")
        let count = request.utf8.count
        #expect(recognize(request, limits: headLimits(bytes: count)) != nil)
        #expect(recognize(request, limits: headLimits(bytes: count - 1)) == nil)
        #expect(recognize(request, limits: headLimits(target: 6)) != nil)
        #expect(recognize(request, limits: headLimits(target: 5)) == nil)
    }

    @Test func keepsOnlyWhatItKnowsAgain() {
        for text in [
            put("/a?b", "5"), put("/a", "5", last: "Connection: close\r\n"), put("/a", "12345678"),
            put("/a", "5", last: "X: \(String(repeating: "x", count: 600))\r\n"),
            put("/a", "5").replacing("PUT", with: "POST"),
            put("/a", "5").replacing("HTTP/1.1", with: "HTTP/1.0"),
            put("/a", "5").replacing("Content-Length: 5", with: "Transfer-Encoding: chunked"),
            "PUT /a HTTP/1.1\r\nHost: a:1\r\n\r\n",
        ] {
            keep(text)
            #expect(recognize(text) == nil)
        }
    }

    @Test func changesToAnotherHeadWhenThatComesAgainAndAgain() {
        keep(put("/a", "5"))
        let other = put("/a", "5", type: "Content-Type: c/d\r\n")
        keep(other)
        #expect(recognize(other) == nil, "one is not enough")
        #expect(recognize(put("/a", "5")) != nil)
        for _ in 0..<16 { keep(other) }
        #expect(recognize(other) != nil)
    }
}
