/// RFC 8259's grammar written down as slowly and plainly as possible: what the scanner is compared
/// with. It works on scalars, after the bytes were found to be UTF-8 by the standard library.
struct JSONReference {
    private let text: [Unicode.Scalar]
    private var index = 0
    private var depth = 0

    static func accepts(_ bytes: [UInt8]) -> Bool {
        guard let string = String(validating: bytes, as: UTF8.self) else { return false }
        var reference = JSONReference(text: Array(string.unicodeScalars))
        return reference.space() && reference.value() && reference.space()
            && reference.index == reference.text.count
    }

    private init(text: [Unicode.Scalar]) { self.text = text }

    private mutating func take(_ scalars: String) -> Bool {
        guard index < text.count, scalars.unicodeScalars.contains(text[index]) else { return false }
        index += 1
        return true
    }

    private mutating func space() -> Bool {
        while take(" \t\n\r") {}
        return true
    }

    private mutating func word(_ word: String) -> Bool {
        word.unicodeScalars.allSatisfy { take(String($0)) }
    }

    private mutating func value() -> Bool {
        guard index < text.count else { return false }
        switch text[index] {
        case "{": return container("}") { $0.string() && $0.space() && $0.take(":") && $0.space() }
        case "[": return container("]") { _ in true }
        case "\"": return string()
        case "t": return word("true")
        case "f": return word("false")
        case "n": return word("null")
        default: return number()
        }
    }

    private mutating func container(
        _ end: String, _ prefix: (inout JSONReference) -> Bool
    ) -> Bool {
        index += 1
        depth += 1
        defer { depth -= 1 }
        guard depth <= 128, space() else { return false }
        if take(end) { return true }
        repeat {
            guard space(), prefix(&self), value(), space() else { return false }
        } while take(",")
        return take(end)
    }

    private mutating func digits() -> Bool {
        guard take("0123456789") else { return false }
        while take("0123456789") {}
        return true
    }

    private mutating func number() -> Bool {
        _ = take("-")
        guard take("0") || digits() else { return false }
        if take("."), !digits() { return false }
        guard take("eE") else { return true }
        _ = take("+-")
        return digits()
    }

    private mutating func string() -> Bool {
        guard take("\"") else { return false }
        while index < text.count {
            if take("\"") { return true }
            if take("\\") {
                guard escape() else { return false }
            } else {
                guard text[index].value >= 0x20 else { return false }
                index += 1
            }
        }
        return false
    }

    private mutating func escape() -> Bool {
        if take("\"\\/bfnrt") { return true }
        guard take("u"), let first = unit() else { return false }
        switch first {
        case 0xD800..<0xDC00:
            guard take("\\"), take("u"), let second = unit() else { return false }
            return (0xDC00..<0xE000).contains(second)
        case 0xDC00..<0xE000: return false
        default: return true
        }
    }

    private mutating func unit() -> Int? {
        guard index + 4 <= text.count else { return nil }
        let digits = text[index..<index + 4]
        guard digits.allSatisfy({ $0.properties.isASCIIHexDigit }) else { return nil }
        index += 4
        return Int(String(String.UnicodeScalarView(digits)), radix: 16)
    }
}
