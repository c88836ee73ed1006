import Testing

@testable import CacheNode

@Suite struct JSONScannerTests {
    // MARK: Errors

    @Test(
        arguments: [
            ("", .expectedValue, 0), (" ", .expectedValue, 1), ("[1,]", .expectedValue, 3),
            ("[tru]", .expectedValue, 1), ("-", .expectedValue, 0), ("[1 2]", .expectedComma, 3),
            ("{", .expectedName, 1), ("{\"a\":1,}", .expectedName, 7), ("{1:2}", .expectedName, 1),
            ("{\"a\" 1}", .expectedColon, 5), ("{\"a\":1 2}", .expectedComma, 7),
            ("1 x", .extraData, 2), ("01", .extraData, 1), ("1.", .extraData, 1),
            (" \"a", .unterminatedString, 1), ("\"a\\", .unterminatedString, 0),
            ("\"a\u{1}\"", .controlCharacter, 2), ("\"a\\x\"", .badEscape, 2),
            ("\"\\u12\"", .badUnicodeEscape, 2), ("\"\\ud83d\\u12\"", .badUnicodeEscape, 8),
            ("\"a\\ud83d\"", .loneSurrogate, 2), ("\"\\ude00\"", .loneSurrogate, 1),
            ("\"\\ud83d\\u0041\"", .loneSurrogate, 1), ("é", .expectedValue, 0),
        ] as [(String, JSONError.Reason, Int)])
    func saysWhatIsWrongAndWhere(_ text: String, _ reason: JSONError.Reason, _ offset: Int) {
        #expect(Array(text.utf8).jsonError == JSONError(reason, at: offset))
    }

    @Test func saysWhereTheUTF8Breaks() {
        #expect([0x22, 0x61, 0xE2, 0x82, 0x22].jsonError == JSONError(.notUTF8, at: 2))
        #expect([0x22, 0xC3, 0xA9, 0xFF, 0x22].jsonError == JSONError(.notUTF8, at: 3))
    }

    // MARK: Slices

    @Test func slicesTheValueWithoutTheWhiteSpaceAroundIt() throws {
        let text = Array(" \n[1, 2]\t ".utf8)
        #expect(try text.withUnsafeBytes(JSONScanner.document) == 2..<8)
    }

    @Test func showsTheMembersOfATopLevelObjectInOrder() throws {
        let text = Array(#" { "a" : 1 , "b\u0063":[{"d":2}] ,"a":"x, y"} "#.utf8)
        let members = try text.withUnsafeBytes { bytes in
            var members: [String] = []
            let range = try JSONMembers.document(bytes) { member in
                let escaped = member.name.hasEscapes ? " (escaped)" : ""
                let value = bytes.slice(member.value).text
                members.append("\(member.name.text)\(escaped) = \(value)")
            }
            #expect(range == 1..<text.count - 1)
            return members
        }
        #expect(members == ["a = 1", #"bc (escaped) = [{"d":2}]"#, #"a = "x, y""#])
    }

    @Test(arguments: ["{}", " {\n} "])
    func showsNoMemberOfAnEmptyObject(_ text: String) throws {
        try Array(text.utf8).withUnsafeBytes { bytes in
            _ = try JSONMembers.document(bytes) { _ in Issue.record("there is no member") }
        }
    }

    /// Scanning by members must accept what scanning at once accepts, and refuse it in the same
    /// place.
    @Test func findsTheSameFaultsByMembersAsAtOnce() {
        let texts = JSONConformanceTests.invalid + JSONConformanceTests.valid
        for (name, text) in texts {
            for text in [text, "{\"a\":\(text)}", "{\"a\":0,\"b\":\(text)", "{\(text):1}"] {
                let bytes = Array(text.utf8)
                let error = bytes.withUnsafeBytes { bytes in
                    do throws(JSONError) {
                        _ = try JSONMembers.document(bytes) { _ in }
                        return JSONError?.none
                    } catch {
                        return error
                    }
                }
                #expect(error == bytes.jsonError, "\(name)")
            }
        }
    }

    // MARK: Depth

    @Test func bearsOneHundredAndTwentyEightLevels() {
        #expect(nested(128, "[", "", "]").isJSON)
        #expect(nested(128, "{\"a\":", "1", "}").isJSON)
        #expect(nested(127, "{\"a\":", "{}", "}").isJSON)
        #expect(nested(64, "[{\"a\":", "1", "}]").isJSON)
    }

    @Test func refusesTheOneHundredAndTwentyNinthLevel() {
        let arrays = nested(129, "[", "", "]")
        #expect(arrays.jsonError == JSONError(.tooDeep, at: 128))
        let objects = nested(129, "{\"a\":", "1", "}")
        #expect(objects.jsonError == JSONError(.tooDeep, at: 128 * 5))
    }

    @Test func countsTheDepthFromTheOutermostObjectWhenScanningByMembers() throws {
        for (levels, reason) in [(127, nil), (128, JSONError.Reason.tooDeep)] {
            let text = Array("{\"value\":".utf8) + nested(levels, "[", "", "]") + Array("}".utf8)
            text.withUnsafeBytes { bytes in
                do throws(JSONError) {
                    _ = try JSONMembers.document(bytes) { _ in }
                    #expect(reason == nil)
                } catch {
                    #expect(error.reason == reason)
                }
            }
        }
    }

    @Test func levelsThatHaveClosedDoNotCount() {
        let pair = String(repeating: "[{}],", count: 1000)
        #expect(Array("[\(pair){\"a\":[]}]".utf8).isJSON)
    }

    /// The kinds of the open brackets are one bit each: every mismatch must be seen at every depth.
    @Test func tellsBracesFromBracketsAtEveryDepth() {
        for depth in 1..<128 {
            let open = (0..<depth).map { $0 % 3 == 0 ? "{\"a\":" : "[" }.joined()
            let closing = (0..<depth).reversed().map { $0 % 3 == 0 ? "}" : "]" }
            #expect(Array((open + "1" + closing.joined()).utf8).isJSON)
            for wrong in [0, depth / 2, depth - 1] {
                var closing = closing
                closing[wrong] = closing[wrong] == "}" ? "]" : "}"
                #expect(!Array((open + "1" + closing.joined()).utf8).isJSON)
            }
        }
    }

    private func nested(_ levels: Int, _ open: String, _ inner: String, _ close: String) -> [UInt8]
    {
        let text =
            String(repeating: open, count: levels) + inner + String(repeating: close, count: levels)
        return Array(text.utf8)
    }

    // MARK: Size

    @Test(arguments: ["x", "é", "€", "🎄", "\\n", "\\u00e9", "\\ud83c\\udf84"])
    func scansAStringOfAMebibyte(_ unit: String) {
        let count = 1 << 20
        let body = String(repeating: unit, count: count / unit.utf8.count)
        #expect(Array("{\"value\":\"\(body)\"}".utf8).isJSON)
        #expect(Array("\"\(body.suffix(9999))x".utf8).jsonError?.reason == .unterminatedString)
    }

    @Test func scansAMebibyteOfDigitsAndOfCommas() {
        #expect([UInt8](repeating: 0x39, count: 1 << 20).isJSON)
        let zeros = "[" + String(repeating: "0,", count: 1 << 19)
        #expect(Array((zeros + "0]").utf8).isJSON)
        let brackets = [UInt8](repeating: 0x5B, count: 1 << 20)
        #expect(brackets.jsonError == JSONError(.tooDeep, at: 128))
    }
}
