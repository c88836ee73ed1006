/// Text of others, made inert: what a terminal would obey is shown instead of sent.
enum Printable {
    /// `text` with its control characters (C0, DEL, C1) and those that reorder text as escapes:
    /// `\n`, `\t`, `\r`, `\x1b`, `\u202e`.
    static func text(_ text: some StringProtocol) -> String {
        guard text.unicodeScalars.contains(where: isUnsafe) else { return String(text) }
        var result = ""
        for scalar in text.unicodeScalars {
            if isUnsafe(scalar) {
                result += escape(scalar)
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// `10 s`, `0.5 s`.
    static func seconds(_ seconds: Double) -> String {
        Int(exactly: seconds).map { "\($0) s" } ?? "\(seconds) s"
    }

    private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0: true
        // Embeddings, overrides and isolates of the bidirectional algorithm; line separators.
        case 0x202A...0x202E, 0x2066...0x2069, 0x2028, 0x2029: true
        default: false
        }
    }

    private static func escape(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\n": return "\\n"
        case "\r": return "\\r"
        case "\t": return "\\t"
        default:
            let digits = String(scalar.value, radix: 16)
            let width = scalar.value < 0x100 ? 2 : 4
            let zeros = String(repeating: "0", count: max(0, width - digits.count))
            return (width == 2 ? "\\x" : "\\u") + zeros + digits
        }
    }
}
