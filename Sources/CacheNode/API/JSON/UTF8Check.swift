/// Well-formedness of UTF-8 (Unicode 15 table 3-7, RFC 3629 §4): no overlong form, no encoded
/// surrogate, nothing above U+10FFFF.
enum UTF8Check {
    /// True when all of `bytes` is well-formed.
    static func isUTF8(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var offset = 0
        while true {
            offset = ByteScan.endOfASCII(bytes, from: offset)
            guard offset < bytes.count else { return true }
            offset = endOfNonASCII(bytes, from: offset)
            guard offset < bytes.count else { return true }
            guard bytes[offset] < 0x80 else { return false }
        }
    }

    /// The offset behind the well-formed sequences of more than one byte that stand at `offset`:
    /// that of an ASCII byte, of a byte that begins no well-formed sequence, or `bytes.count`.
    @inline(never)
    static func endOfNonASCII(_ bytes: UnsafeRawBufferPointer, from offset: Int) -> Int {
        var end = offset
        while true {
            let count = sequenceByteCount(bytes, at: end)
            guard count > 0 else { return end }
            end &+= count
        }
    }

    /// Bytes (2…4) of the well-formed sequence at `offset`; 0 when there is none, nor ASCII.
    @inline(__always)
    static func sequenceByteCount(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Int {
        let word = word(bytes, at: offset)
        if word & 0xC0_E0 == 0x80_C0 {
            // C0 and C1 would be overlong.
            return word & 0x1E != 0 ? 2 : 0
        }
        if word & 0xC0_C0_F0 == 0x80_80_E0 {
            // After E0 a second byte below A0 would be overlong, after ED one from A0 on a
            // surrogate: the bit of 20 tells.
            let border = word & 0x20_0F
            return border != 0 && border != 0x20_0D ? 3 : 0
        }
        guard word & 0xC0_C0_C0_F8 == 0x80_80_80_F0 else { return 0 }
        // The scalar's bits above the lowest 16: 0 would be overlong, and 16 is the last plane.
        let plane = (word & 0x07) &<< 2 | word &>> 12 & 0x03
        return plane &- 1 < 16 ? 4 : 0
    }

    /// Bytes of the maximal subpart at `offset`, where no well-formed sequence begins: what one
    /// U+FFFD replaces (Unicode 15 §3.9, "U+FFFD substitution of maximal subparts").
    static func maximalSubpartByteCount(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Int {
        let total: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch bytes[offset] {
        case 0xE0: (total, second) = (3, 0xA0...0xBF)
        case 0xED: (total, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: total = 3
        case 0xF0: (total, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: total = 4
        case 0xF4: (total, second) = (4, 0x80...0x8F)
        default: return 1
        }
        guard offset &+ 1 < bytes.count, second.contains(bytes[offset &+ 1]) else { return 1 }
        var count = 2
        while count < total, offset &+ count < bytes.count, bytes[offset &+ count] & 0xC0 == 0x80 {
            count &+= 1
        }
        return count
    }

    /// The four bytes from `offset` on, the first lowest; zeros stand behind the end.
    @inline(__always)
    private static func word(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> UInt32 {
        if offset &+ 4 <= bytes.count {
            return UInt32(
                littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        }
        var word = UInt32(0)
        for index in stride(from: bytes.count &- 1, through: offset, by: -1) {
            word = word &<< 8 | UInt32(bytes[index])
        }
        return word
    }
}
