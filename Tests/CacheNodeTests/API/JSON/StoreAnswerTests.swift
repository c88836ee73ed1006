import Simulation
import Testing
import UVHTTP

@testable import CacheNode

@Suite struct StoreAnswerTests {
    // MARK: Form

    @Test(
        arguments: [
            ("{\"a\": 1}", true, .json), (" 2.0\n", true, .json), ("\"é\"", true, .json),
            ("{\"a\": 1}", false, .text), ("{'a': 1}", true, .plainText), ("", true, .plainText),
            ("", false, .plainText), ("plain é", false, .plainText), ("1 2", true, .plainText),
            ("a\nb", true, .text), ("a\\b", false, .text), ("\u{7F}", false, .plainText),
        ] as [(String, Bool, StoredForm)])
    func seesTheFormByTypeAndContent(_ value: String, _ isJSONType: Bool, _ form: StoredForm) {
        Array(value.utf8).withUnsafeBytes { bytes in
            #expect(StoreAnswer.form(of: bytes, isJSONType: isJSONType) == form)
        }
    }

    @Test func whatIsNotUTF8IsBinaryWhateverItsType() {
        for bytes in [[0xFF], [0x22, 0xFF, 0x22], [0xED, 0xA0, 0x80]] as [[UInt8]] {
            for isJSONType in [false, true] {
                bytes.withUnsafeBytes { bytes in
                    #expect(StoreAnswer.form(of: bytes, isJSONType: isJSONType) == .binary)
                }
            }
        }
    }

    @Test(arguments: [
        ("application/json", true), ("APPLICATION/Json", true), ("application/json;", true),
        ("application/json; charset=utf-8", true), ("application/json ;charset=utf-8", true),
        ("application/json\t", true), ("", false), ("application/json5", false),
        ("application/jsonl", false), ("application/problem+json", false), ("text/json", false),
        ("application/octet-stream", false), ("application/jso", false), ("; a", false),
    ])
    func knowsTheJSONMediaType(_ contentType: String, _ isJSON: Bool) {
        #expect(Array(contentType.utf8).withUnsafeBytes(StoreAnswer.isJSONType) == isJSON)
    }

    // MARK: Bodies

    @Test(
        arguments: [
            ("2.0", .json, #"{"value":2.0}"#), (" [1, 2]\n", .json, "{\"value\": [1, 2]\n}"),
            ("", .text, #"{"value":""}"#), ("a\"é\n", .text, #"{"value":"a\"é\n"}"#),
            ("", .plainText, #"{"value":""}"#), ("a 'é'", .plainText, #"{"value":"a 'é'"}"#),
            ("\u{0}\u{1F}", .text, #"{"value":"\u0000\u001f"}"#),
            ("foob", .binary, #"{"value":"Zm9vYg==","encoding":"base64"}"#),
            ("", .binary, #"{"value":"","encoding":"base64"}"#),
        ] as [(String, StoredForm, String)])
    func answersAGetWithTheValueInItsForm(_ value: String, _ form: StoredForm, _ body: String) {
        Array(value.utf8).withUnsafeBytes { bytes in
            #expect(written { StoreAnswer.append(bytes, form, to: &$0) } == body)
            #expect(StoreAnswer.byteCount(bytes, form) == body.utf8.count)
        }
    }

    @Test func countsTheBytesOfAnyAnswerInAdvance() {
        var numbers = SimRandom(seed: 0x5EED_7)
        for _ in 0..<2000 {
            let value = (0..<numbers.below(50)).map { _ in
                numbers.below(4) == 0 ? UInt8(numbers.below(256)) : UInt8(0x61)
            }
            value.withUnsafeBytes { bytes in
                let form = StoreAnswer.form(of: bytes, isJSONType: false)
                let body = Array(written { StoreAnswer.append(bytes, form, to: &$0) }.utf8)
                #expect(StoreAnswer.byteCount(bytes, form) == body.count)
                #expect(body.isJSON)
            }
        }
    }

    @Test func answersAPutWithTheKeyAndTheValueAsItWasWritten() {
        Array("a/b \"é\"".utf8).withUnsafeBytes { key in
            Array("[1.50]".utf8).withUnsafeBytes { json in
                let body = written { StoreAnswer.appendStored(key: key, json: json, to: &$0) }
                #expect(body == #"{"key":"a/b \"é\"","value":[1.50]}"#)
            }
        }
    }

    @Test func answersADeleteWithTheKeyWhateverItsBytes() {
        ([0x61, 0xFF, 0x0A] as [UInt8]).withUnsafeBytes { key in
            let body = written { StoreAnswer.appendDeleted(key: key, to: &$0) }
            #expect(body == "{\"key\":\"a\u{FFFD}\\n\"}")
        }
    }

    @Test func saysAnErrorInTheEarlierForm() {
        let body = written { StoreAnswer.appendDetail("Key not found", to: &$0) }
        #expect(body == #"{"detail":"Key not found"}"#)
    }

    // MARK: Parent

    @Test(arguments: [
        (#"{"value":2.0}"#, "2.0"), (#" { "value" : [1, 2] } "#, "[1, 2]"),
        (#"{"value":"Zg==","encoding":"other"}"#, #""Zg==""#),
        (#"{"value":"Zg==","encoding":null}"#, #""Zg==""#),
        (#"{"value":1,"value":null}"#, "null"), (#"{"encoding":"base6","value":"a"}"#, #""a""#),
    ])
    func takesTheValueOfAParentsAnswerAsItStands(_ body: String, _ value: String) throws {
        try Array(body.utf8).withUnsafeBytes { bytes throws in
            guard case .json(let range) = try ParentAnswer.value(bytes) else {
                Issue.record("not JSON")
                return
            }
            #expect(bytes.slice(range).text == value)
        }
    }

    @Test(arguments: [
        #"{"value":"/w==","encoding":"base64"}"#, #"{"encoding":"base64","value":"\/w=\u003D"}"#,
        #"{"encoding":"b\u0061se64","value":"/w=="}"#,
    ])
    func decodesBase64WhereTheAnswerSaysSo(_ body: String) throws {
        try Array(body.utf8).withUnsafeBytes { bytes throws in
            #expect(try ParentAnswer.value(bytes) == .binary([0xFF]))
        }
    }

    @Test(
        arguments: [
            ("", .notJSON(JSONError(.expectedValue, at: 0))), ("[]", .notObject),
            (#"{"value":1"#, .notJSON(JSONError(.expectedComma, at: 10))),
            ("{}", .missing(member: "value", allowed: "any JSON value")),
            (
                #"{"value":1,"encoding":"base64"}"#,
                .notAllowed(member: "value", allowed: "a string of Base64")
            ),
            (
                #"{"value":"Zg=","encoding":"base64"}"#,
                .notAllowed(member: "value", allowed: "a string of Base64")
            ),
        ] as [(String, JSONReadError)])
    func refusesAnAnswerThatHasNoValue(_ body: String, _ error: JSONReadError) {
        #expect(throws: error) {
            try Array(body.utf8).withUnsafeBytes { bytes in _ = try ParentAnswer.value(bytes) }
        }
    }

    @Test(
        arguments: [
            ([0x32, 0x2E, 0x30], .json, #"{"value":2.0,"wait_for_parent":false}"#),
            ([0x22, 0x0A], .text, #"{"value":"\"\n","wait_for_parent":false}"#),
            ([0xFF], .binary, #"{"value":"/w==","encoding":"base64","wait_for_parent":false}"#),
        ] as [([UInt8], StoredForm, String)])
    func asksAParentNotToWaitForItsOwn(_ value: [UInt8], _ form: StoredForm, _ body: String) throws
    {
        value.withUnsafeBytes { bytes in
            #expect(written { ParentAnswer.appendRequest(bytes, form, to: &$0) } == body)
        }
        try Array(body.utf8).withUnsafeBytes { bytes throws in
            #expect(try !StoreRequestBody(bytes).waitForParent)
        }
    }
}
