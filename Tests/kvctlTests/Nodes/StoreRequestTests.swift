import Testing

@testable import UVHTTP
@testable import kvctl

@Suite struct StoreRequestTests {
    @Test(arguments: [
        ("hello", "/store/hello"), ("a/b", "/store/a%2Fb"), ("a b", "/store/a%20b"),
        ("%2F", "/store/%252F"), ("é", "/store/%C3%A9"), ("🌳", "/store/%F0%9F%8C%B3"),
        ("a.b_c~d-e", "/store/a.b_c~d-e"), ("?#&=+", "/store/%3F%23%26%3D%2B"),
        ("\"'\n", "/store/%22%27%0A"), ("..", "/store/.."),
    ])
    func keysArePercentEncodedOnce(_ key: String, _ target: String) throws {
        #expect(try StoreRequest.target(key: key) == target)
    }

    @Test func anEmptyKeyIsNotSent() {
        #expect(throws: Failure.self) { try StoreRequest.target(key: "") }
    }

    @Test func theBodySaysWhetherToWait() {
        let body = StoreRequest.body(valueJSON: Array("2.0".utf8), waitForParent: false)
        #expect(String(decoding: body, as: UTF8.self) == #"{"value":2.0,"wait_for_parent":false}"#)
    }

    @Test(arguments: [
        (200, #"{"key":"hello","value":"world"}"#, #"200 {"key": "hello", "value": "world"}"#),
        (404, #"{"detail":"Key not found"}"#, #"404 {"detail": "Key not found"}"#),
        (204, "", "204"), (502, "Bad Gateway\n", "502 Bad Gateway"),
    ])
    func answersArePrintedWithTheirStatus(_ status: Int, _ body: String, _ expected: String) {
        let text = StoreRequest.text(status: status, body: Array(body.utf8), false)
        #expect(String(decoding: text, as: UTF8.self) == expected)
    }

    @Test func aTerminalGetsNoControlCharacters() {
        let body = Array("{\"value\":\"\u{9B}31m\"}".utf8)
        let text = StoreRequest.text(status: 200, body: body, true)
        #expect(String(decoding: text, as: UTF8.self) == #"200 {"value": "\u009b31m"}"#)
        let raw = StoreRequest.text(status: 200, body: [0x9B, 0x33, 0x1B, 0x5B], true)
        #expect(String(decoding: raw, as: UTF8.self) == "200 \u{FFFD}3\\x1b[")
    }

    @Test(arguments: [
        (#"{ "value": 2.0 }"#, #"{"status":200,"body":{"value":2.0}}"#),
        ("", #"{"status":200,"body":""}"#), ("plain\"", #"{"status":200,"body":"plain\""}"#),
    ])
    func theMachineReadableFormIsAlwaysJSON(_ body: String, _ expected: String) {
        let json = StoreRequest.json(status: 200, body: Array(body.utf8))
        #expect(String(decoding: json, as: UTF8.self) == expected)
        #expect(JSONText.laidOut(json, as: .compact) == json)
    }

    @Test func fieldsAreShownBelowOrBesideTheAnswer() {
        let lines = "Age: 3\r\nX: y\r\nETAG: \"7.42\"\r\nCache-Status: A; hit\u{1B}[2J\r\n\r\n"
        let response = HTTPClientResponse(
            status: 200, fieldLines: Array(lines.utf8), body: Array("{}".utf8))
        let fields = StoreRequest.fields(of: response)
        let text = StoreRequest.fieldText(fields)
        #expect(
            String(decoding: text, as: UTF8.self)
                == "ETag: \"7.42\"\nAge: 3\nCache-Status: A; hit\\x1b[2J\n")
        let json = StoreRequest.json(status: 200, body: Array("{}".utf8), fields: fields)
        #expect(
            String(decoding: json, as: UTF8.self)
                == #"{"status":200,"fields":{"ETag":"\"7.42\"","Age":"3","#
                + #""Cache-Status":"A; hit\u001b[2J"},"body":{}}"#)
        #expect(
            StoreRequest.json(status: 304, body: [], fields: [])
                == Array(#"{"status":304,"fields":{},"body":""}"#.utf8))
    }

    @Test func keysOnATerminalAreInertAndElsewhereExact() {
        let keys = ["plain", "esc\u{1B}[2J", "two\nlines"]
        let shown = KeysCommand.lines(keys, escapingControls: true)
        #expect(String(decoding: shown, as: UTF8.self) == "plain\nesc\\x1b[2J\ntwo\\nlines\n")
        let exact = KeysCommand.lines(keys, escapingControls: false)
        #expect(String(decoding: exact, as: UTF8.self) == "plain\nesc\u{1B}[2J\ntwo\nlines\n")
    }
}
