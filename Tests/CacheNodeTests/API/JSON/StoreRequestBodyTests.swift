import Testing
import UVHTTP

@testable import CacheNode

/// What a FastAPI 0.165 application with pydantic 2.14 answered for each body (the model: `value:
/// Any`, `wait_for_parent: bool = True`); the places where a node means to differ come last.
@Suite struct StoreRequestBodyTests {
    /// One entry of a refusal's `detail`, by its `input`.
    enum Detail {
        case bodyMissing
        case notJSON(Int, String)
        case notObject(String)
        case valueMissing(String)
        case notUnderstood(String)
        case wrongType(String)

        var json: String {
            let flag = #"["body","wait_for_parent"],"msg":"Input should be a valid boolean"#
            switch self {
            case .bodyMissing:
                return #"{"type":"missing","loc":["body"],"msg":"Field required","input":null}"#
            case .notJSON(let offset, let error):
                return #"{"type":"json_invalid","loc":["body",\#(offset)],"msg":"JSON decode "#
                    + #"error","input":{},"ctx":{"error":"\#(error)"}}"#
            case .notObject(let input):
                return #"{"type":"model_attributes_type","loc":["body"],"msg":"Input should be a "#
                    + #"valid dictionary or object to extract fields from","input":\#(input)}"#
            case .valueMissing(let input):
                return #"{"type":"missing","loc":["body","value"],"msg":"Field required","#
                    + #""input":\#(input)}"#
            case .notUnderstood(let input):
                return #"{"type":"bool_parsing","loc":\#(flag), unable to interpret input","#
                    + #""input":\#(input)}"#
            case .wrongType(let input):
                return #"{"type":"bool_type","loc":\#(flag)","input":\#(input)}"#
            }
        }
    }

    // MARK: Accepted

    @Test(arguments: [
        (#"{"value":1}"#, "1"), (#"{"value":null}"#, "null"), (#"{"value":1,"value":2}"#, "2"),
        (#"{"\u0076alue":7}"#, "7"), (#"{"value":2.0}"#, "2.0"), (#"{"value":-0}"#, "-0"),
        (#"{"value":1e5}"#, "1e5"), (#"{"value":""}"#, #""""#), (#" {"value":[]} "#, "[]"),
        (#"{"value":123456789012345678901234567890}"#, "123456789012345678901234567890"),
        (#"{"value":{"a":[1,{"b":null}]},"extra":9}"#, #"{"a":[1,{"b":null}]}"#),
        (#"{"value":"a/b","value":[1,{"value":2}]}"#, #"[1,{"value":2}]"#),
        (#"{"value":"a\ud83d\ude00"}"#, #""a\ud83d\ude00""#), (#"{"value":"é"}"#, #""é""#),
        ("{\"value\":\"a\u{7F}b\"}", "\"a\u{7F}b\""), ("\t{\r\n\"value\"\t:\n1.50\r}\n", "1.50"),
        (#"{"value":"\"\\\/\b\f\n\r\t"}"#, #""\"\\\/\b\f\n\r\t""#),
    ])
    func slicesTheValueAsItWasWritten(_ body: String, _ value: String) throws {
        try Array(body.utf8).withUnsafeBytes { bytes throws in
            let request = try StoreRequestBody(bytes)
            #expect(bytes.slice(request.value).text == value)
            #expect(request.waitForParent)
        }
    }

    @Test(arguments: [
        ("true", true), ("false", false), ("0", false), ("1", true), ("-0", false), ("0.0", false),
        ("-0.0", false), ("1.0", true), ("1e0", true), ("10e-1", true), ("1e-400", false),
        ("1.00000000000000000001", true), ("0e5", false), ("0e999999", false), ("-0e-1", false),
        ("0.0000000001e10", true), ("0.99999999999999999999", true),
        ("100000000000000000000e-20", true), (#""0""#, false), (#""1""#, true),
        (#""true""#, true), (#""TRUE""#, true), (#""fAlse""#, false), (#""T""#, true),
        (#""f""#, false), (#""Yes""#, true), (#""NO""#, false), (#""y""#, true), (#""N""#, false),
        (#""On""#, true), (#""oFF""#, false), (#""\u0074rue""#, true), (#""\u006Fn""#, true),
        (#""maybe","wait_for_parent":true"#, true), (#"null,"wait_for_paren\u0074":"no""#, false),
    ])
    func readsTheFlagAsPydanticReadsABoolean(_ flag: String, _ waits: Bool) throws {
        try Array(#"{"wait_for_parent":\#(flag),"value":1}"#.utf8).withUnsafeBytes { bytes throws in
            #expect(try StoreRequestBody(bytes).waitForParent == waits)
        }
    }

    // MARK: Refused

    @Test(
        arguments: [
            ("null", .wrongType("null")), ("2", .notUnderstood("2")), ("-1", .notUnderstood("-1")),
            ("1.5", .wrongType("1.5")), ("2.0", .notUnderstood("2.0")), ("[]", .wrongType("[]")),
            ("-1.0", .notUnderstood("-1.0")), ("[true]", .wrongType("[true]")),
            ("123456789012345678901234567890", .wrongType("123456789012345678901234567890")),
            ("9223372036854775807", .notUnderstood("9223372036854775807")),
            ("9223372036854775808", .wrongType("9223372036854775808")),
            ("-9223372036854775808", .notUnderstood("-9223372036854775808")),
            ("-9223372036854775809", .wrongType("-9223372036854775809")),
            ("{}", .wrongType("{}")), (#"{"a":1}"#, .wrongType(#"{"a":1}"#)),
            (#""""#, .notUnderstood(#""""#)), (#""maybe""#, .notUnderstood(#""maybe""#)),
            (#"" true""#, .notUnderstood(#"" true""#)), (#""true ""#, .notUnderstood(#""true ""#)),
            (#""00""#, .notUnderstood(#""00""#)), (#""1.0""#, .notUnderstood(#""1.0""#)),
            (#""2""#, .notUnderstood(#""2""#)), (#""é""#, .notUnderstood(#""é""#)),
            (#"true,"wait_for_parent":"maybe""#, .notUnderstood(#""maybe""#)),
        ] as [(String, Detail)])
    func refusesAFlagThatIsNoBoolean(_ flag: String, _ detail: Detail) {
        expectRefusal(#"{"value":1,"wait_for_parent":\#(flag)}"#, [detail])
        expectRefusal(#"{ "value" : 1 , "wait_for_parent" : \#(flag) }"#, [detail])
    }

    @Test(arguments: ["{}", #"{"other":"é"}"#, #"{"Value":7}"#, #"{"a":{"value":1}}"#])
    func refusesABodyWithoutAValue(_ body: String) {
        expectRefusal(body, [.valueMissing(body)])
    }

    @Test(
        arguments: [
            (#"{"wait_for_parent":"maybe"}"#, .notUnderstood(#""maybe""#)),
            (#"{"wait_for_parent":null}"#, .wrongType("null")),
            (#"{"wait_for_parent":"maybe","other":[1,2]}"#, .notUnderstood(#""maybe""#)),
        ] as [(String, Detail)])
    func reportsBothFaultsInTheOrderOfTheFields(_ body: String, _ second: Detail) {
        expectRefusal(body, [.valueMissing(body), second])
    }

    @Test(arguments: ["[]", "[1,2]", #""text""#, "7", "2.0", "true", "null"])
    func refusesABodyThatIsNoObject(_ body: String) {
        expectRefusal(body, [.notObject(body)])
        expectRefusal("\n \(body)\t", [.notObject(body)])
    }

    @Test func refusesAnEmptyBody() { expectRefusal("", [.bodyMissing]) }

    @Test(arguments: Self.notJSON)
    func refusesWhatIsNotJSON(_ body: String, _ offset: Int, _ error: String) {
        expectRefusal(body, [.notJSON(offset, error)])
    }

    private static let name = "Expecting property name enclosed in double quotes"
    private static let value = "Expecting value"
    private static let colon = "Expecting ':' delimiter"
    private static let comma = "Expecting ',' delimiter"
    private static let unterminated = "Unterminated string starting at"
    /// As they stand in JSON.
    private static let badEscape = #"Invalid \\escape"#
    private static let badUnicode = #"Invalid \\uXXXX escape"#

    private static let notJSON: [(String, Int, String)] = [
        (" ", 1, value), ("\n", 1, value), ("{", 1, name), (#"{"value""#, 8, colon),
        (#"{"value":"#, 9, value), (#"{"value":1"#, 10, comma), (#"{"value":1,"#, 11, name),
        (#"{"value":1,}"#, 11, name), (#"{"value":1 "x":2}"#, 11, comma), ("{value:1}", 1, name),
        (#"{"value" 1}"#, 9, colon), (#"{"value":}"#, 9, value), (#"{"value":tru}"#, 9, value),
        (#"{"value":nul}"#, 9, value), (#"{"value":01}"#, 10, comma), (#"{"value":1.}"#, 10, comma),
        (#"{"value":.5}"#, 9, value), (#"{"value":+1}"#, 9, value), (#"{"value":-}"#, 9, value),
        (#"{"value":-a}"#, 9, value), (#"{"value":1e}"#, 10, comma), (#"{"value":1e+}"#, 10, comma),
        (#"{"value":"abc"#, 9, unterminated), (#"{"value":"abc\"#, 9, unterminated),
        (#"{"value":"a\x"}"#, 11, badEscape), (#"{"value":"a\u12"}"#, 12, badUnicode),
        (#"{"value":"a\u12g4"}"#, 12, badUnicode), (#"{"value":"a\u"#, 12, badUnicode),
        (#"{"value":"a\u123"#, 12, badUnicode), (#"{"value":"a\u1234"#, 12, badUnicode),
        (#"{"value":"a\ud800"#, 12, badUnicode), (#"{"value":"a\ud800\u"#, 18, badUnicode),
        (#"{"value":"a\ud800\u12x4"}"#, 18, badUnicode), (#"{"value":[1,]}"#, 12, value),
        (#"{"value":[1"#, 11, comma), (#"{"value":["#, 10, value), (#"{"value":[1 2]}"#, 12, comma),
        (#"{"value":[}"#, 10, value), (#"{"value":{]}"#, 10, name),
        (#"{"value":1}}"#, 11, "Extra data"), (#"{"value":1} x"#, 12, "Extra data"),
        (#"{"value":1}{"value":2}"#, 11, "Extra data"), ("[1] x", 4, "Extra data"),
        ("x", 0, value), ("'single'", 0, value), ("{,}", 1, name), (#"{"a":1,,"b":2}"#, 7, name),
        ("{1:2}", 1, name), (#"{"é" 1}"#, 5, colon), (#"{"🎄":"é" 1}"#, 9, comma),
        ("{\"value\":\"a\nb\"}", 11, "Invalid control character at"),
        ("{\"value\":\"a\u{0}b\"}", 11, "Invalid control character at"),
        ("\u{C}{\"value\":1}", 0, value), ("{\"value\":\u{A0}1}", 9, value),
        (#"{"value":falsy}"#, 9, value), ("[1,2", 4, comma), ("[tru]", 1, value),
        (#""abc"#, 0, unterminated), (#"{"a" : }"#, 7, value), (#"{"a":[{"b":]}"#, 11, value),
    ]

    // MARK: Where a node differs from the earlier system

    /// There these were a 200 (the byte order mark), a 400 (not UTF-8, too deep) or a 500 (the
    /// rest), or another of two faults was named.
    @Test(arguments: [
        ("\u{FEFF}{\"value\":1}", 0, value), (#"{"value":NaN}"#, 9, value),
        (#"{"value":Infinity}"#, 9, value), (#"{"value":-Infinity}"#, 9, value),
        (#"{"value":"\ud800"}"#, 10, "Surrogate without its other half"),
        (#"{"value":"é\udc00"}"#, 11, "Surrogate without its other half"),
        (#"{"value":"a\ud800\x"}"#, 11, "Surrogate without its other half"),
        (#"{"value":"a\ud800\"#, 11, "Surrogate without its other half"),
        (#"{"value":"# + String(repeating: "[", count: 2000), 136, "More than 128 levels deep"),
    ])
    func refusesWhatTheStandardForbidsOrLeavesOpen(_ body: String, _ offset: Int, _ error: String) {
        expectRefusal(body, [.notJSON(offset, error)])
    }

    @Test func refusesABodyThatIsNotUTF8() {
        let body = Array("{\"value\":\"é".utf8) + [0xFF, 0x22, 0x7D]
        #expect(refusal(body) == detail([.notJSON(11, "Invalid UTF-8 in string")]))
    }

    /// There the input was decoded and encoded again.
    @Test func echoesTheInputAsItWasWritten() {
        expectRefusal(#" { "other" : [1, 2] } "#, [.valueMissing(#"{ "other" : [1, 2] }"#)])
        expectRefusal(#""a\u00e9""#, [.notObject(#""a\u00e9""#)])
        for number in ["1e30", "9223372036854775807.0", "-9223372036854775808.0", "1e-5", "1e400"] {
            expectRefusal(
                #"{"value":1,"wait_for_parent":\#(number)}"#, [.wrongType("\(number)")])
        }
        expectRefusal(#"{"value":1,"wait_for_parent":9.2e18}"#, [.notUnderstood("9.2e18")])
        expectRefusal(
            #"{"value":1,"wait_for_parent":"\u212A"}"#, [.notUnderstood(#""\u212A""#)])
    }

    @Test func echoesAKibibyteAndOfMoreTheBeginningAsAString() {
        let most = "\"" + String(repeating: "a", count: 1022) + "\""
        expectRefusal(most, [.notObject(most)])
        let more = "[\"" + String(repeating: "é", count: 2000) + "\"]"
        let beginning = #""[\""# + String(repeating: "é", count: 511) + "…\""
        expectRefusal(more, [.notObject(beginning)])
        let both = #"{"wait_for_parent":"# + more + "}"
        let start = #"{"wait_for_parent":[""#
        let echoed = start + String(repeating: "é", count: (1024 - start.utf8.count) / 2) + "…"
        expectRefusal(
            both,
            [
                .valueMissing("\"" + echoed.replacing(#"""#, with: #"\""#) + "\""),
                .wrongType(beginning),
            ])
    }

    @Test func aLongNumberIsNoBoolean() {
        let number = "0." + String(repeating: "0", count: 1_000_000)
        let beginning = "\"" + number.prefix(1024) + "…\""
        expectRefusal(#"{"value":1,"wait_for_parent":\#(number)}"#, [.wrongType(beginning)])
    }

    // MARK: Query

    @Test(arguments: [
        ("maybe", #""maybe""#), ("", #""""#), ("2", #""2""#), (" true", #"" true""#),
        ("1.0", #""1.0""#), ("null", #""null""#), ("é", #""é""#), (#"a"b"#, #""a\"b""#),
    ])
    func refusesAQueryThatIsNoBoolean(_ query: String, _ input: String) {
        #expect(Array(query.utf8).withUnsafeBytes(QueryFlag.waitForParent) == nil)
        #expect(queryRefusal(Array(query.utf8)) == queryDetail(input))
    }

    @Test func boundsAndRepairsWhatItEchoesOfAQuery() {
        #expect(queryRefusal([0x61, 0xFF, 0x62]) == queryDetail("\"a\u{FFFD}b\""))
        let long = [UInt8](repeating: 0x61, count: 8000)
        let beginning = "\"" + String(repeating: "a", count: 1024) + "…\""
        #expect(queryRefusal(long) == queryDetail(beginning))
        let continuations = [UInt8](repeating: 0x80, count: 8000)
        #expect(queryRefusal(continuations).utf8.count < 4096)
    }

    @Test func readsTheQueryFlagsOfBothAPIs() {
        for (text, flag) in [("TRUE", true), ("1", true), ("On", true), ("y", true), ("T", true)] {
            #expect(Array(text.utf8).withUnsafeBytes(QueryFlag.waitForParent) == flag)
        }
        for (text, flag) in [("false", false), ("0", false), ("oFf", false), ("no", false)] {
            #expect(Array(text.utf8).withUnsafeBytes(QueryFlag.waitForParent) == flag)
        }
        #expect(Array("1".utf8).withUnsafeBytes(QueryFlag.waitPropagate) == true)
        #expect(Array("0".utf8).withUnsafeBytes(QueryFlag.waitPropagate) == false)
        for text in ["", "2", "00", "true", " 1", "1 ", "-1", "１"] {
            #expect(Array(text.utf8).withUnsafeBytes(QueryFlag.waitPropagate) == nil)
        }
    }

    // MARK: Helpers

    private func expectRefusal(_ body: String, _ details: [Detail]) {
        #expect(refusal(Array(body.utf8)) == detail(details))
    }

    private func detail(_ details: [Detail]) -> String {
        #"{"detail":[\#(details.map(\.json).joined(separator: ","))]}"#
    }

    private func refusal(_ body: [UInt8]) -> String {
        body.withUnsafeBytes { bytes in
            do throws(ValidationFailure) {
                _ = try StoreRequestBody(bytes)
                return "accepted"
            } catch {
                return written { error.append(input: bytes, to: &$0) }
            }
        }
    }

    private func queryRefusal(_ value: [UInt8]) -> String {
        value.withUnsafeBytes { bytes in
            written { output in
                ValidationFailure([.queryFlagNotUnderstood]).append(input: bytes, to: &output)
            }
        }
    }

    private func queryDetail(_ input: String) -> String {
        #"{"detail":[{"type":"bool_parsing","loc":["query","wait_for_parent"],"msg":"Input should "#
            + #"be a valid boolean, unable to interpret input","input":\#(input)}]}"#
    }
}
