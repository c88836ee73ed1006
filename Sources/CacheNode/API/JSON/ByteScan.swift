/// Searches for the first byte of a kind, whole words at a time: a body of 1 MiB is mostly one
/// string.
///
/// Each search marks bytes by their top bit. Subtraction borrows, so a byte above a true hit may be
/// marked falsely; the lowest mark is always true, and of a block of words only whether there is
/// any.
enum ByteScan {
    /// The offset of the first byte from `offset` on that isn't plain ASCII in a JSON string: a
    /// quote, a backslash, a control (below 0x20) or a byte above 0x7F. `bytes.count` if there is
    /// none.
    @inline(__always)
    static func endOfPlain(_ bytes: UnsafeRawBufferPointer, from offset: Int) -> Int {
        firstMarked(.notPlain, bytes, from: offset)
    }

    /// The offset of the first byte from `offset` on that must be escaped in a JSON string (RFC
    /// 8259 §7): a quote, a backslash or a control. `bytes.count` if there is none.
    @inline(__always)
    static func endOfUnescaped(_ bytes: UnsafeRawBufferPointer, from offset: Int) -> Int {
        firstMarked(.escaped, bytes, from: offset)
    }

    /// The offset of the first byte above 0x7F from `offset` on; `bytes.count` if there is none.
    @inline(__always)
    static func endOfASCII(_ bytes: UnsafeRawBufferPointer, from offset: Int) -> Int {
        firstMarked(.notASCII, bytes, from: offset)
    }

    // MARK: Marks

    private enum Kind {
        case notPlain, escaped, notASCII
    }

    private static let tops: UInt64 = 0x8080_8080_8080_8080

    /// `words` with the top bit set in the bytes looked for; the other bits mean nothing.
    @inline(__always)
    private static func marks<Words: ByteWords>(_ kind: Kind, _ words: Words) -> Words {
        if kind == .notASCII { return words }
        let ones = Words(each: 0x01)
        let quotes = (words ^ Words(each: 0x22)) &- ones
        let backslashes = (words ^ Words(each: 0x5C)) &- ones
        let controls = words &- Words(each: 0x20)
        let escaped = quotes | backslashes | controls
        // A byte above 0x7F is marked by itself in the one case, and never marked in the other.
        return kind == .notPlain ? escaped | words : escaped & (words ^ Words(each: 0xFF))
    }

    // MARK: Searches

    @inline(__always)
    private static func firstMarked(
        _ kind: Kind, _ bytes: UnsafeRawBufferPointer, from start: Int
    ) -> Int {
        guard let base = bytes.baseAddress else { return start }
        let end = bytes.count
        var offset = start
        while offset &+ 8 <= end {
            let word = base.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            let found = marks(kind, UInt64(littleEndian: word)) & tops
            if found != 0 { return offset &+ found.trailingZeroBitCount &>> 3 }
            offset &+= 8
            // A run that has got this long is likely to go on.
            if offset &- start == 32 { offset = endOfUnmarkedBlocks(kind, base, offset, end) }
        }
        while offset < end {
            // A borrow moves up only, so of a byte alone its own top bit is true.
            let byte = base.load(fromByteOffset: offset, as: UInt8.self)
            if marks(kind, UInt64(byte)) & 0x80 != 0 { break }
            offset &+= 1
        }
        return offset
    }

    /// Skips blocks of four words without a mark. Apart, so that the search above stays small.
    @inline(never)
    private static func endOfUnmarkedBlocks(
        _ kind: Kind, _ base: UnsafeRawPointer, _ start: Int, _ end: Int
    ) -> Int {
        var offset = start
        while offset &+ 32 <= end {
            let block = base.loadUnaligned(fromByteOffset: offset, as: SIMD4<UInt64>.self)
            let found = marks(kind, block)
            if (found[0] | found[1] | found[2] | found[3]) & tops != 0 { break }
            offset &+= 32
        }
        return offset
    }
}

/// One word of eight bytes, or several.
private protocol ByteWords {
    /// Every byte is `byte`.
    init(each byte: UInt64)
    static func ^ (left: Self, right: Self) -> Self
    static func | (left: Self, right: Self) -> Self
    static func & (left: Self, right: Self) -> Self
    static func &- (left: Self, right: Self) -> Self
}

extension UInt64: ByteWords {
    @inline(__always)
    fileprivate init(each byte: UInt64) { self = byte &* 0x0101_0101_0101_0101 }
}

extension SIMD4: ByteWords where Scalar == UInt64 {
    @inline(__always)
    fileprivate init(each byte: UInt64) { self.init(repeating: UInt64(each: byte)) }
}

extension UnsafeRawBufferPointer {
    /// The bytes of `range`, which must lie within these.
    @inline(__always)
    func slice(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: self[range])
    }
}
