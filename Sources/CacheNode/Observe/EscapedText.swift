import UVHTTP

/// Text from elsewhere, made harmless for one line of a log or a terminal: quotes, backslashes,
/// controls, line separators and invisible format characters (which can reverse what is read)
/// become JSON escapes (RFC 8259 §7), so no text can begin a line of its own or hide what follows.
enum EscapedText {
    /// Most bytes that one scalar takes when it is escaped: a surrogate pair.
    static let scalarBytesMax = 12

    /// Appends `text` escaped, as far as `queue` stays within `countMax` bytes; what doesn't fit is
    /// replaced by `…`. Gives false when something was left out.
    static func append(_ text: String, to queue: inout ByteQueue, countMax: Int) -> Bool {
        for scalar in text.unicodeScalars {
            if queue.count + scalarBytesMax + 3 > countMax {
                if queue.count + 3 <= countMax { queue.append("…" as StaticString) }
                return false
            }
            append(scalar, to: &queue)
        }
        return true
    }

    /// `text` escaped, in quotes when it is empty or has white space, quotes or escapes in it.
    static func quotedIfNeeded(_ text: String) -> String {
        var queue = ByteQueue()
        let isWhole = append(text, to: &queue, countMax: 256)
        let escaped = queue.readable.text
        return isWhole && isPlain(text) ? escaped : "\"\(escaped)\""
    }

    /// True for text that stands in a `name=value` line without quotes.
    static func isPlain(_ text: String) -> Bool {
        !text.isEmpty
            && text.unicodeScalars.allSatisfy { scalar in
                scalar != "=" && !needsEscape(scalar) && !scalar.properties.isWhitespace
            }
    }

    private static func append(_ scalar: Unicode.Scalar, to queue: inout ByteQueue) {
        switch scalar {
        case "\"": queue.append("\\\"" as StaticString)
        case "\\": queue.append("\\\\" as StaticString)
        case "\n": queue.append("\\n" as StaticString)
        case "\r": queue.append("\\r" as StaticString)
        case "\t": queue.append("\\t" as StaticString)
        default:
            if needsEscape(scalar) {
                for unit in scalar.utf16 { appendHexadecimal(unit, to: &queue) }
            } else {
                for byte in scalar.utf8 { queue.append(byte) }
            }
        }
    }

    private static func needsEscape(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII {
            return scalar.value < 0x20 || scalar.value == 0x7F || scalar == "\"" || scalar == "\\"
        }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: return true
        default: return false
        }
    }

    private static func appendHexadecimal(_ unit: UInt16, to queue: inout ByteQueue) {
        queue.append("\\u" as StaticString)
        for shift in [UInt16(12), 8, 4, 0] {
            let digit = UInt8(truncatingIfNeeded: (unit >> shift) & 15)
            queue.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
        }
    }
}
