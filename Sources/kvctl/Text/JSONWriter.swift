import UVHTTP

/// Walks one JSON text, checks it against RFC 8259 and writes it out again. It keeps its own stack,
/// so no depth of nesting overflows the process's.
struct JSONWriter {
    private enum Expected {
        case value
        /// A value, or the end of an array that has just begun.
        case firstElement
        /// A name, or the end of an object that has just begun.
        case firstName
        case name
        /// A comma or the end of the innermost array or object; at the outermost level, the end.
        case separator
    }

    private let text: [UInt8]
    private let spacing: JSONText.Spacing
    private let escapingControls: Bool
    private var index = 0
    private var result: [UInt8] = []
    /// The closing bracket of each array and object that is open.
    private var closers: [UInt8] = []
    private var expected = Expected.value

    init(_ text: [UInt8], spacing: JSONText.Spacing, escapingControls: Bool) {
        self.text = text
        self.spacing = spacing
        self.escapingControls = escapingControls
        result.reserveCapacity(text.count + text.count / 8)
    }

    /// The text laid out anew, or nil when it is not JSON.
    mutating func run() -> [UInt8]? {
        skipSpace()
        while index < text.count {
            guard step() else { return nil }
            skipSpace()
        }
        return expected == .separator && closers.isEmpty ? result : nil
    }

    private mutating func step() -> Bool {
        let byte = text[index]
        switch expected {
        case .value:
            return value(byte)
        case .firstElement:
            return byte == UInt8(ascii: "]") ? close(byte) : value(byte)
        case .firstName:
            return byte == UInt8(ascii: "}") ? close(byte) : name(byte)
        case .name:
            return name(byte)
        case .separator:
            return byte == ASCII.comma ? comma() : close(byte)
        }
    }

    private mutating func value(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "{"):
            open(byte, closer: UInt8(ascii: "}"), .firstName)
            return true
        case UInt8(ascii: "["):
            open(byte, closer: UInt8(ascii: "]"), .firstElement)
            return true
        case ASCII.quote:
            expected = .separator
            return string()
        case UInt8(ascii: "t"): return word("true")
        case UInt8(ascii: "f"): return word("false")
        case UInt8(ascii: "n"): return word("null")
        default: return number()
        }
    }

    private mutating func open(_ byte: UInt8, closer: UInt8, _ next: Expected) {
        result.append(byte)
        closers.append(closer)
        index += 1
        expected = next
    }

    private mutating func close(_ byte: UInt8) -> Bool {
        guard byte == closers.last else { return false }
        closers.removeLast()
        result.append(byte)
        index += 1
        expected = .separator
        return true
    }

    private mutating func comma() -> Bool {
        guard let closer = closers.last else { return false }
        punctuate(ASCII.comma)
        expected = closer == UInt8(ascii: "}") ? .name : .value
        return true
    }

    private mutating func name(_ byte: UInt8) -> Bool {
        guard byte == ASCII.quote, string() else { return false }
        skipSpace()
        guard index < text.count, text[index] == ASCII.colon else { return false }
        punctuate(ASCII.colon)
        expected = .value
        return true
    }

    private mutating func punctuate(_ byte: UInt8) {
        result.append(byte)
        if spacing == .spaced { result.append(ASCII.space) }
        index += 1
    }

    private mutating func word(_ word: String) -> Bool {
        guard text[index...].starts(with: word.utf8) else { return false }
        result += Array(word.utf8)
        index += word.utf8.count
        expected = .separator
        return true
    }

    private mutating func number() -> Bool {
        guard let end = JSONText.numberEnd(text, from: index) else { return false }
        result += text[index..<end]
        index = end
        expected = .separator
        return true
    }

    /// Copies a string with its quotes; `index` is at the opening one.
    private mutating func string() -> Bool {
        let start = index
        index += 1
        while index < text.count, text[index] != ASCII.quote {
            guard text[index] >= 0x20 else { return false }
            if text[index] == ASCII.backslash {
                guard let end = escapeEnd() else { return false }
                index = end
            } else {
                index += 1
            }
        }
        guard index < text.count else { return false }
        index += 1
        appendString(text[start..<index])
        return true
    }

    /// Where the escape at `index` ends, or nil when it is none of RFC 8259 §7.
    private func escapeEnd() -> Int? {
        guard index + 1 < text.count else { return nil }
        guard text[index + 1] == UInt8(ascii: "u") else {
            return Array(#""\/bfnrt"#.utf8).contains(text[index + 1]) ? index + 2 : nil
        }
        guard index + 5 < text.count else { return nil }
        let digits = text[(index + 2)...(index + 5)]
        return digits.allSatisfy { ASCII.hexadecimalValue($0) != nil } ? index + 6 : nil
    }

    private mutating func appendString(_ string: ArraySlice<UInt8>) {
        guard escapingControls else {
            result += string
            return
        }
        var position = string.startIndex
        while position < string.endIndex {
            let byte = string[position]
            let next = position + 1 < string.endIndex ? string[position + 1] : 0
            if byte == 0x7F {
                result += JSONText.escape(0x7F)
                position += 1
            } else if byte == 0xC2, next >= 0x80, next < 0xA0 {
                result += JSONText.escape(UInt16(next))
                position += 2
            } else {
                result.append(byte)
                position += 1
            }
        }
    }

    private mutating func skipSpace() {
        while index < text.count, isSpace(text[index]) { index += 1 }
    }

    private func isSpace(_ byte: UInt8) -> Bool {
        byte == ASCII.space || byte == ASCII.lineFeed || byte == ASCII.carriageReturn
            || byte == ASCII.tab
    }
}
