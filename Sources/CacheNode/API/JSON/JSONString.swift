import UVHTTP

/// A JSON string that has been scanned and found valid, as it stands between its quotes. Borrowed:
/// it holds while the scanned bytes do.
struct JSONString {
    /// The bytes between the quotes, escapes and all.
    let content: UnsafeRawBufferPointer
    let hasEscapes: Bool

    /// True when this string means `name`, which must be ASCII: `"\u0076alue"` means `value`.
    func equals(_ name: StaticString) -> Bool {
        guard hasEscapes else { return content.equals(name) }
        var offset = 0
        for index in 0..<name.utf8CodeUnitCount {
            guard offset < content.count else { return false }
            guard unit(at: &offset) == UInt32(name.utf8Start[index]) else { return false }
        }
        return offset == content.count
    }

    /// What the string means, in UTF-8.
    func unescaped() -> [UInt8] {
        guard hasEscapes else { return Array(content) }
        var result: [UInt8] = []
        result.reserveCapacity(content.count)
        var offset = 0
        while offset < content.count {
            if content[offset] == ASCII.backslash {
                let scalar = Unicode.Scalar(unit(at: &offset)) ?? "\u{FFFD}"
                result.append(contentsOf: scalar.utf8)
            } else {
                result.append(content[offset])
                offset += 1
            }
        }
        return result
    }

    /// What the string means, as text.
    var text: String { String(decoding: unescaped(), as: UTF8.self) }

    /// The four hexadecimal digits at `offset` as a number; nil if they aren't four digits.
    /// `offset + 4` must not pass the end.
    static func codeUnit(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> UInt16? {
        var unit = UInt16(0)
        for index in offset..<offset &+ 4 {
            guard let digit = ASCII.hexadecimalValue(bytes[index]) else { return nil }
            unit = unit &<< 4 | UInt16(digit)
        }
        return unit
    }

    /// The byte at `offset`, or the scalar that the escape there means; moves past it.
    private func unit(at offset: inout Int) -> UInt32 {
        guard content[offset] == ASCII.backslash else {
            offset += 1
            return UInt32(content[offset - 1])
        }
        offset += 2
        switch content[offset - 1] {
        case UInt8(ascii: "b"): return 0x08
        case UInt8(ascii: "f"): return 0x0C
        case UInt8(ascii: "n"): return 0x0A
        case UInt8(ascii: "r"): return 0x0D
        case UInt8(ascii: "t"): return 0x09
        case UInt8(ascii: "u"): return scalar(at: &offset)
        case let itself: return UInt32(itself)
        }
    }

    /// The scalar of the `XXXX`, or `XXXX\uXXXX`, at `offset`; moves past it. The scanner has seen
    /// that the digits and the second half are there.
    private func scalar(at offset: inout Int) -> UInt32 {
        let first = UInt32(Self.codeUnit(content, at: offset) ?? 0)
        offset += 4
        guard first & 0xF800 == 0xD800 else { return first }
        let second = UInt32(Self.codeUnit(content, at: offset + 2) ?? 0)
        offset += 6
        return 0x10000 &+ (first & 0x3FF) &<< 10 &+ (second & 0x3FF)
    }
}
