import Testing
import UVHTTP

@testable import CacheNode

/// Small documents, written (`JSONWriter`, `ProblemDetails`) and read (`JSONObjectReader`).
@Suite struct JSONDocumentTests {
    // MARK: Writing

    @Test func putsTheCommas() {
        let text = written { output in
            var json = JSONWriter()
            json.beginObject(&output)
            json.member("a", "é\"", &output)
            json.member("b", -12, &output)
            json.name("c", &output)
            json.beginArray(&output)
            json.null(&output)
            json.value(true, &output)
            json.beginArray(&output)
            json.endArray(&output)
            json.beginObject(&output)
            json.endObject(&output)
            json.value(Int.min, &output)
            json.endArray(&output)
            json.member("d", false, &output)
            json.name("e", &output)
            Array("{\"x\": 1}".utf8).withUnsafeBytes { json.json($0, &output) }
            ([0x66, 0xFF] as [UInt8]).withUnsafeBytes { bytes in
                json.name(anyBytes: bytes, &output)
                json.value(anyBytes: bytes, &output)
            }
            json.endObject(&output)
        }
        #expect(
            text == #"{"a":"é\"","b":-12,"c":[null,true,[],{},-9223372036854775808],"#
                + #""d":false,"e":{"x": 1},"f�":"f�"}"#)
        #expect(Array(text.utf8).isJSON)
    }

    @Test func writesAProblemWithItsExtensions() {
        let problem = ProblemDetails(
            type: "/problems/tree-full", title: "The tree is full", status: 409,
            detail: "7 of 7 slots are taken",
            extensions: [
                .init(name: "slots", value: .integer(7)),
                .init(name: "root", value: .text("NODE-1")),
            ])
        #expect(
            written { problem.append(to: &$0) }
                == #"{"type":"/problems/tree-full","title":"The tree is full","status":409,"#
                + #""detail":"7 of 7 slots are taken","slots":7,"root":"NODE-1"}"#)
    }

    @Test func leavesOutWhatAProblemDoesNotSay() {
        let problem = ProblemDetails(title: "Not Found", status: 404)
        #expect(written { problem.append(to: &$0) } == #"{"title":"Not Found","status":404}"#)
    }

    // MARK: Reading

    private static let document = #"""
        {"name": "NODE-4", "port": 5004, "late": true, "none": null, "e\u0078tra": "\u00e9",
         "path": [ {"slot": 1}, [2, "x"] , "y" ], "settings": {"mode": "push", "name": "inner"},
         "real": 2.0, "half": 5e-1, "big": 99999999999999999999, "twice": 1, "twice": 2, "empty": [ ]}
        """#

    @Test func readsMembersByNameAndType() throws {
        try withReader { reader throws in
            #expect(try reader.string("name") == "NODE-4")
            #expect(try reader.string("extra") == "é")
            #expect(try reader.integer("port", in: 1...65535) == 5004)
            #expect(try reader.integer("twice", in: 0...9) == 2)
            #expect(try reader.integer("real", in: 0...9) == 2)
            #expect(try reader.boolean("late"))
            #expect(try reader.object("settings").string("name") == "inner")
            #expect(try reader.optionalString("absent") == nil)
            #expect(try reader.optionalInteger("none", in: 0...1) == nil)
            #expect(try reader.optionalObject("none") == nil)
        }
    }

    @Test func readsTheElementsOfArrays() throws {
        try withReader { reader throws in
            let path = try reader.array("path")
            #expect(path.map(\.bytes.text) == [#"{"slot": 1}"#, #"[2, "x"]"#, #""y""#])
            #expect(try JSONObjectReader(path[0])?.integer("slot", in: 1...7) == 1)
            #expect(JSONObjectReader(path[1]) == nil)
            #expect(path[1].elements?.map(\.kind) == [.number, .string])
            #expect(path[2].string?.text == "y")
            #expect(path[2].elements == nil)
            #expect(try reader.array("empty").isEmpty)
        }
    }

    @Test func namesTheMemberAndWhatIsAllowed() throws {
        try withReader { reader throws in
            expect("\"absent\" is missing: it must be a string") { try reader.string("absent") }
            expect("\"none\" is missing: it must be an object") { try reader.object("none") }
            expect("\"port\" must be a node's name") {
                try reader.string("port", allowed: "a node's name")
            }
            expect("\"port\" must be an integer from 1 to 16") {
                try reader.integer("port", in: 1...16)
            }
            for name in ["half", "big", "name", "late", "path"] as [StaticString] {
                expect("\"\(name)\" must be an integer from 0 to 9") {
                    try reader.integer(name, in: 0...9)
                }
            }
            expect("\"name\" must be true or false") { try reader.boolean("name") }
            expect("\"name\" must be an object") { try reader.object("name") }
            expect("\"settings\" must be an array") { try reader.array("settings") }
        }
    }

    @Test func refusesADocumentThatIsNoObject() {
        for text in ["[]", "1", "null", "\"{}\""] {
            expect("not a JSON object") { try reader(text) }
        }
        expect("not JSON: Expecting ',' delimiter, at byte 8") { try reader("{\"a\": 1 2}") }
        expect("not JSON: Expecting value, at byte 0") { try reader("") }
    }

    private func reader(_ text: String) throws {
        try Array(text.utf8).withUnsafeBytes { _ = try JSONObjectReader($0) }
    }

    private func withReader(_ body: (JSONObjectReader) throws -> Void) throws {
        try Array(Self.document.utf8).withUnsafeBytes { try body(try JSONObjectReader($0)) }
    }

    private func expect(_ description: String, _ body: () throws -> some Any) {
        do {
            _ = try body()
            Issue.record("no error")
        } catch {
            #expect((error as? JSONReadError)?.description == description)
        }
    }
}
