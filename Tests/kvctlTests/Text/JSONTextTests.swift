import Testing

@testable import kvctl

@Suite struct JSONTextTests {
    private func spaced(_ text: String) -> String? {
        JSONText.laidOut(Array(text.utf8), as: .spaced).map { String(decoding: $0, as: UTF8.self) }
    }

    private func compact(_ text: String) -> String? {
        JSONText.laidOut(Array(text.utf8), as: .compact).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test(arguments: [
        (#"{"key":"hello","value":"world"}"#, #"{"key": "hello", "value": "world"}"#),
        (#"{"a":[1,2.0,{"b":null}],"c":true}"#, #"{"a": [1, 2.0, {"b": null}], "c": true}"#),
        (#"{}"#, #"{}"#),
        (#"[]"#, #"[]"#),
        (#"[{},[],""]"#, #"[{}, [], ""]"#),
        (#"false"#, #"false"#),
        ("{ \"a\" :  1 , \"b\"\t:[ ]\r\n}\n", #"{"a": 1, "b": []}"#),
    ])
    func putsASpaceAfterCommasAndColons(_ text: String, _ expected: String) {
        #expect(spaced(text) == expected)
        #expect(compact(text) == compact(expected))
    }

    @Test(arguments: [
        #"{"a,b:c": "d,e:f"}"#,
        #"{"quote\",\":": "back\\"}"#,
        #"["\u00e9\ud83d\ude00\/\b\f\n\r\t"]"#,
        #"["é, ü: 🌳"]"#,
    ])
    func leavesStringsAsTheyAre(_ text: String) {
        #expect(spaced(text) == text)
    }

    @Test(arguments: [
        "2.0", "1e400", "-0", "-0.0", "1E+2", "123456789012345678901234567890",
        "0.1000000000000000055",
    ])
    func keepsNumbersAsTheyWereWritten(_ number: String) {
        #expect(spaced("[\(number)]") == "[\(number)]")
        #expect(JSONText.isNumber(Array(number.utf8)))
    }

    @Test(arguments: [
        "", " ", "{", "[", "[1", "[1,]", "[,1]", "[1 2]", "{1:2}", #"{"a"}"#, #"{"a":}"#,
        #"{"a":1,}"#, #"{"a":1]"#, "]", "1 2", "01", "+1", ".5", "1.", "1e", "-", "NaN", "nul",
        "truex", #"""#, #""\x""#, #""\u12g4""#, #""\u123"#, "\"\n\"", "[1]]", "{}{}", "'a'",
    ])
    func refusesWhatIsNoJSON(_ text: String) {
        #expect(spaced(text) == nil)
    }

    @Test func everyPrefixOfADocumentIsRefusedOrJSONItself() {
        let text = Array(#"{"a":[1.5e3,"x\u00e9\"y",true],"b":{"c":null}}"#.utf8)
        for length in 0..<text.count {
            #expect(JSONText.laidOut(Array(text[..<length]), as: .compact) == nil)
        }
        #expect(JSONText.laidOut(text, as: .compact) == text)
    }

    @Test func nestingOfAnyDepthIsBorne() {
        let depth = 100_000
        let text =
            Array(repeating: UInt8(ascii: "["), count: depth)
            + Array(repeating: UInt8(ascii: "]"), count: depth)
        #expect(JSONText.laidOut(text, as: .spaced) == text)
    }

    @Test func controlCharactersThatJSONAllowsAreEscapedForATerminal() {
        let text = Array("{\"a\u{9B}31m\":\"\u{7F}é\u{85}\"}".utf8)
        let shown = JSONText.laidOut(text, as: .spaced, escapingControls: true)
        #expect(
            shown.map { String(decoding: $0, as: UTF8.self) }
                == #"{"a\u009b31m": "\u007fé\u0085"}"#)
        #expect(JSONText.laidOut(text, as: .compact) == text)
    }

    @Test(arguments: [
        ("", #""""#), ("a\"b\\c", #""a\"b\\c""#), ("\n\r\t\u{1}", #""\n\r\t\u0001""#),
        ("é🌳/", #""é🌳/""#),
    ])
    func quotesText(_ text: String, _ expected: String) {
        #expect(String(decoding: JSONText.quoted(text.utf8), as: UTF8.self) == expected)
    }
}
