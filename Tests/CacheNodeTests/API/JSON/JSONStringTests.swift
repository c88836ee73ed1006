import Simulation
import Testing
import UVHTTP

@testable import CacheNode

/// Strings read (`JSONString`) and written (`JSONText`).
@Suite struct JSONStringTests {
    // MARK: Reading

    @Test(arguments: [
        (#""value""#, true), (#""\u0076alue""#, true), (#""valu\u0065""#, true),
        (#""\u0076\u0061\u006c\u0075\u0065""#, true), (#""\u0076\u0061\u006C\u0075\u0065""#, true),
        (#""""#, false), (#""valu""#, false), (#""values""#, false), (#""Value""#, false),
        (#""\u0056alue""#, false), (#""value\u0000""#, false), (#""valu\u00e9""#, false),
        (#""valu\\u0065""#, false), (#""\ud83c\udf84""#, false), (#""v\ud83c\udf76""#, false),
        (#""valué""#, false), (#""\u0076alu""#, false),
    ])
    func comparesANameByItsMeaning(_ text: String, _ isValue: Bool) throws {
        try withString(text) { string in
            #expect(string.equals("value") == isValue)
        }
    }

    @Test(arguments: [
        (#""""#, ""), (#""plain é""#, "plain é"), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
        (#""\u0000\u007f\u0080\u07ff\u0800\uffff""#, "\u{0}\u{7F}\u{80}\u{7FF}\u{800}\u{FFFF}"),
        (#""a\ud83c\udf84b""#, "a🎄b"), (#""\ud800\udc00\udbff\udfff""#, "\u{10000}\u{10FFFF}"),
        (#""\\u0041""#, #"\u0041"#), (#""é\n€""#, "é\n€"),
    ])
    func unescapesToUTF8(_ text: String, _ meaning: String) throws {
        try withString(text) { string in
            #expect(string.unescaped() == Array(meaning.utf8))
            #expect(string.text == meaning)
        }
    }

    // MARK: Writing

    @Test(arguments: [
        ("", #""""#), ("plain", #""plain""#), ("é€🎄", #""é€🎄""#), ("a\"b\\c/d", #""a\"b\\c/d""#),
        ("\u{8}\t\n\u{C}\r", #""\b\t\n\f\r""#), ("\u{0}\u{B}\u{1F}", #""\u0000\u000b\u001f""#),
        ("\u{7F}\u{80}\u{2028}", "\"\u{7F}\u{80}\u{2028}\""), ("12345678\n", #""12345678\n""#),
    ])
    func escapesOnlyWhatMustBe(_ text: String, _ json: String) {
        Array(text.utf8).withUnsafeBytes { bytes in
            #expect(written { JSONText.append(utf8: bytes, to: &$0) } == json)
            #expect(written { JSONText.append(anyBytes: bytes, to: &$0) } == json)
            #expect(JSONText.byteCount(utf8: bytes) == json.utf8.count)
        }
    }

    @Test(
        arguments: [
            ([0xFF], "�"), ([0x61, 0xE2, 0x82, 0x62], "a�b"), ([0xE2, 0x82], "�"),
            ([0xC0, 0xAF], "��"),
            ([0xED, 0xA0, 0x80], "���"), ([0xF0, 0x9F, 0x8E, 0xF0, 0x9F, 0x8E, 0x84], "�🎄"),
            ([0xF4, 0x90, 0x80, 0x80], "����"), ([0xC3, 0xA9, 0x80, 0x0A], "é�\\n"),
        ] as [([UInt8], String)])
    func replacesEachMaximalSubpartOfWhatIsNotUTF8(_ bytes: [UInt8], _ expected: String) {
        bytes.withUnsafeBytes { bytes in
            #expect(written { JSONText.append(anyBytes: bytes, to: &$0) } == "\"\(expected)\"")
        }
    }

    /// Whatever the bytes, what is written is a valid string; of UTF-8 it means the same bytes.
    @Test func whatIsWrittenCanBeReadBack() throws {
        var numbers = SimRandom(seed: 0x5EED_5)
        for _ in 0..<3000 {
            let bytes = (0..<numbers.below(24)).map { _ in
                UInt8(numbers.below(3) == 0 ? numbers.below(256) : 0x18 + numbers.below(0x50))
            }
            let json = bytes.withUnsafeBytes { bytes in
                written { JSONText.append(anyBytes: bytes, to: &$0) }
            }
            try withString(json) { string in
                #expect(string.text == String(decoding: bytes, as: UTF8.self))
            }
            if bytes.withUnsafeBytes(UTF8Check.isUTF8) {
                bytes.withUnsafeBytes { bytes in
                    #expect(JSONText.byteCount(utf8: bytes) == json.utf8.count)
                    #expect(written { JSONText.append(utf8: bytes, to: &$0) } == json)
                }
            }
        }
    }

    private func withString(_ text: String, _ body: (JSONString) -> Void) throws {
        try Array(text.utf8).withUnsafeBytes { bytes in
            var scanner = JSONScanner(bytes)
            let string = try scanner.scanString()
            #expect(scanner.offset == bytes.count)
            #expect(string.hasEscapes == text.contains("\\"))
            body(string)
        }
    }
}
