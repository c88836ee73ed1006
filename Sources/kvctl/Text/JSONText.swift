/// JSON as text: nothing is decoded, so a number keeps its digits and a string its escapes.
enum JSONText {
    /// How the same value is laid out.
    enum Spacing {
        /// As Python's `json.dumps` does: one space after each comma and colon.
        case spaced
        /// No white space outside strings.
        case compact
    }

    /// `text` laid out anew, or nil when it is not exactly one JSON value (RFC 8259) with white
    /// space around it. With `escapingControls`, the control characters that JSON allows in a
    /// string (DEL and U+0080…U+009F) become `\u…` escapes, so that they are inert on a terminal.
    static func laidOut(
        _ text: [UInt8], as spacing: Spacing, escapingControls: Bool = false
    ) -> [UInt8]? {
        var writer = JSONWriter(text, spacing: spacing, escapingControls: escapingControls)
        return writer.run()
    }

    /// True when all of `text` is one number of RFC 8259 §6: no sign `+`, no leading zero, no bare
    /// point, no hexadecimal, no NaN, no white space.
    static func isNumber(_ text: [UInt8]) -> Bool {
        numberEnd(text, from: 0) == text.count
    }

    /// Where the longest number that begins at `start` ends, or nil when none does.
    static func numberEnd(_ text: [UInt8], from start: Int) -> Int? {
        var index = start
        if index < text.count, text[index] == UInt8(ascii: "-") { index += 1 }
        guard index < text.count, isDigit(text[index]) else { return nil }
        if text[index] == UInt8(ascii: "0") {
            index += 1
        } else {
            index = digitsEnd(text, from: index)
        }
        if index < text.count, text[index] == UInt8(ascii: ".") {
            let end = digitsEnd(text, from: index + 1)
            guard end > index + 1 else { return nil }
            index = end
        }
        if index < text.count, text[index] | 0x20 == UInt8(ascii: "e") {
            var digits = index + 1
            if digits < text.count,
                text[digits] == UInt8(ascii: "+") || text[digits] == UInt8(ascii: "-")
            {
                digits += 1
            }
            let end = digitsEnd(text, from: digits)
            guard end > digits else { return nil }
            index = end
        }
        return index
    }

    /// `text` as a JSON string: quotes around it, and escapes where RFC 8259 §7 asks for them.
    static func quoted(_ text: some Sequence<UInt8>) -> [UInt8] {
        var result = [UInt8(ascii: "\"")]
        for byte in text {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                result += [UInt8(ascii: "\\"), byte]
            case 0x0A: result += Array(#"\n"#.utf8)
            case 0x0D: result += Array(#"\r"#.utf8)
            case 0x09: result += Array(#"\t"#.utf8)
            case 0..<0x20: result += escape(UInt16(byte))
            default: result.append(byte)
            }
        }
        result.append(UInt8(ascii: "\""))
        return result
    }

    /// The escape `\u….` of a UTF-16 code unit.
    static func escape(_ unit: UInt16) -> [UInt8] {
        let digits = String(unit, radix: 16)
        return Array("\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".utf8)
    }

    private static func digitsEnd(_ text: [UInt8], from start: Int) -> Int {
        var index = start
        while index < text.count, isDigit(text[index]) { index += 1 }
        return index
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }
}
