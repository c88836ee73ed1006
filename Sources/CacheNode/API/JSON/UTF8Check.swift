/// Well-formedness of UTF-8 (Unicode 15 table 3-7, RFC 3629 §4): no overlong form, no encoded
/// surrogate, nothing above U+10FFFF.
enum UTF8Check {
    /// One sequence, or the part of one that stands where it should be.
    struct Sequence: Equatable {
        /// Bytes of the sequence (1…4); of an ill-formed one those of its maximal subpart, which is
        /// what one U+FFFD replaces (Unicode 15 §3.9, "U+FFFD substitution of maximal subparts").
        var byteCount: Int
        var isWellFormed: Bool
    }

    /// True when all of `bytes` is well-formed.
    static func isUTF8(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var offset = ByteScan.endOfASCII(bytes, from: 0)
        while offset < bytes.count {
            let sequence = sequence(bytes, at: offset)
            guard sequence.isWellFormed else { return false }
            offset &+= sequence.byteCount
            if offset < bytes.count, bytes[offset] < 0x80 {
                offset = ByteScan.endOfASCII(bytes, from: offset)
            }
        }
        return true
    }

    /// The sequence at `offset`, which must be below `bytes.count`.
    @inline(__always)
    static func sequence(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Sequence {
        // The second byte's range depends on the first; every later byte is 0x80…0xBF.
        var lowest = UInt8(0x80)
        var highest = UInt8(0xBF)
        let total: Int
        switch bytes[offset] {
        case 0x00...0x7F: return Sequence(byteCount: 1, isWellFormed: true)
        case 0xC2...0xDF: total = 2
        case 0xE0: (total, lowest) = (3, 0xA0)
        case 0xED: (total, highest) = (3, 0x9F)
        case 0xE1...0xEF: total = 3
        case 0xF0: (total, lowest) = (4, 0x90)
        case 0xF1...0xF3: total = 4
        case 0xF4: (total, highest) = (4, 0x8F)
        default: return Sequence(byteCount: 1, isWellFormed: false)
        }
        var length = 1
        while length < total {
            guard offset &+ length < bytes.count else { break }
            let byte = bytes[offset &+ length]
            guard byte >= lowest, byte <= highest else { break }
            (lowest, highest) = (0x80, 0xBF)
            length &+= 1
        }
        return Sequence(byteCount: length, isWellFormed: length == total)
    }
}
