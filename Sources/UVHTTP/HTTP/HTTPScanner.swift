/// Scans that look at sixteen bytes at a time. Every input must be followed by at least 16 zero
/// bytes: zero stops each of these scans, so a scan that begins at or before the end of the input
/// loads nothing past the sixteenth.
///
/// They use additions and not comparisons, because the compiler makes vector instructions of the
/// former only: a lane's top bit says yes. For bytes below 0x80, adding 0x80 - n sets it for
/// exactly those that are n or more; a pair of additions singles out a range among all 256 bytes. A
/// scan for suspects may also stop at a harmless byte: the caller looks at it and goes on.
enum HTTPScanner {
    @inline(__always)
    static func byte(_ bytes: UnsafeRawPointer, _ offset: Int) -> UInt8 {
        bytes.load(fromByteOffset: offset, as: UInt8.self)
    }

    /// Two bytes, the first one lowest.
    @inline(__always)
    static func pair(_ bytes: UnsafeRawPointer, _ offset: Int) -> UInt16 {
        UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }

    /// Four bytes, the first one lowest.
    @inline(__always)
    static func half(_ bytes: UnsafeRawPointer, _ offset: Int) -> UInt32 {
        UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    /// Eight bytes, the first one lowest.
    @inline(__always)
    static func word(_ bytes: UnsafeRawPointer, _ offset: Int) -> UInt64 {
        UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// Whether `count` bytes, 16 at least, are the same.
    @inline(__always)
    static func areEqual(_ some: UnsafeRawPointer, _ others: UnsafeRawPointer, _ count: Int) -> Bool
    {
        var difference = differences(some, others, at: count &- 16)
        var offset = 0
        while offset &+ 16 < count {
            difference |= differences(some, others, at: offset)
            offset &+= 16
        }
        return difference[0] | difference[1] == 0
    }

    /// Where the sixteen bytes at `offset` differ.
    @inline(__always)
    private static func differences(
        _ some: UnsafeRawPointer, _ others: UnsafeRawPointer, at offset: Int
    ) -> SIMD2<UInt64> {
        some.loadUnaligned(fromByteOffset: offset, as: SIMD2<UInt64>.self)
            ^ others.loadUnaligned(fromByteOffset: offset, as: SIMD2<UInt64>.self)
    }

    /// A text of eight bytes as `word` would load it; the compiler makes a constant of it.
    @inline(__always)
    static func word(_ text: StaticString) -> UInt64 {
        assert(text.utf8CodeUnitCount == 8)
        return word(UnsafeRawPointer(text.utf8Start), 0)
    }

    /// A word of eight times `byte`.
    @inline(__always)
    static func each(_ byte: UInt8) -> UInt64 { UInt64(byte) &* 0x0101_0101_0101_0101 }

    /// CR LF as `pair` loads it.
    @inline(__always) static var lineEnd: UInt16 { 0x0A0D }

    /// The first byte at or after `offset` that may not be a plain byte of a path: every byte
    /// outside 0x24…0x7E, and `? < > \`; harmless suspects are `! = | } ~`.
    @inline(__always)
    static func targetSuspect(_ bytes: UnsafeRawPointer, _ offset: Int) -> Int {
        scan(bytes, offset) { lanes in (lanes &- all(0x24)) | targetSuspects(lanes) }
    }

    /// The same where `%` is a suspect, too, and `$` a harmless one.
    @inline(__always)
    static func unescapedTargetSuspect(_ bytes: UnsafeRawPointer, _ offset: Int) -> Int {
        scan(bytes, offset) { lanes in (lanes &- all(0x26)) | targetSuspects(lanes) }
    }

    @inline(__always)
    private static func targetSuspects(_ lanes: SIMD16<UInt8>) -> SIMD16<UInt8> {
        let angles = (lanes | all(0x43)) &+ all(0x01)  // < = > ? | } ~ DEL
        let backslash = (lanes ^ all(0x23)) &+ all(0x01)
        return angles | backslash
    }

    /// The first byte at or after `offset` that is neither a letter nor `-`: mostly the colon
    /// behind a field name.
    @inline(__always)
    static func nameSuspect(_ bytes: UnsafeRawPointer, _ offset: Int) -> Int {
        scan(bytes, offset) { lanes in
            notLetter(lanes) & ((lanes ^ all(0x2D)) &+ all(0x7F)) | lanes
        }
    }

    /// The first byte at or after `offset` that may not belong in a field value: the controls and
    /// DEL; HTAB is a harmless suspect.
    @inline(__always)
    static func valueSuspect(_ bytes: UnsafeRawPointer, _ offset: Int) -> Int {
        scan(bytes, offset) { lanes in ((lanes &- all(0x20)) | (lanes &+ all(0x01))) & ~lanes }
    }

    /// The first byte at or after `offset` that is no letter, digit, `-` or `.`: mostly what ends
    /// a host name.
    @inline(__always)
    static func hostSuspect(_ bytes: UnsafeRawPointer, _ offset: Int) -> Int {
        scan(bytes, offset) { lanes in
            let notNumber = ~(lanes &+ all(0x53)) | (lanes &+ all(0x46))  // - . / 0…9
            let slash = (lanes ^ all(0x50)) &+ all(0x01)
            return notLetter(lanes) & notNumber | slash
        }
    }

    /// How many of the eight bytes at `offset` are decimal digits before the first that isn't.
    @inline(__always)
    static func digitCount(_ bytes: UnsafeRawPointer, _ offset: Int) -> Int {
        let value = word(bytes, offset) ^ each(0x30)
        // A carry comes from a byte that is a hit itself and goes upwards: the lowest hit is exact.
        let hits = ((value &+ each(0x76)) | value) & each(0x80)
        return hits.trailingZeroBitCount &>> 3
    }

    // MARK: Sixteen bytes

    /// The first byte at or after `offset` for which `hits` sets the top bit of its lane.
    @inline(__always)
    private static func scan(
        _ bytes: UnsafeRawPointer, _ offset: Int, _ hits: (SIMD16<UInt8>) -> SIMD16<UInt8>
    ) -> Int {
        var offset = offset
        while true {
            let lanes = bytes.loadUnaligned(fromByteOffset: offset, as: SIMD16<UInt8>.self)
            let halves = unsafeBitCast(hits(lanes) & all(0x80), to: SIMD2<UInt64>.self)
            let low = UInt64(littleEndian: halves[0])
            if low != 0 { return offset &+ low.trailingZeroBitCount &>> 3 }
            let high = UInt64(littleEndian: halves[1])
            if high != 0 { return offset &+ 8 &+ high.trailingZeroBitCount &>> 3 }
            offset &+= 16
        }
    }

    @inline(__always)
    private static func notLetter(_ lanes: SIMD16<UInt8>) -> SIMD16<UInt8> {
        let lower = lanes | all(0x20)
        return ~(lower &+ all(0x1F)) | (lower &+ all(0x05))
    }

    @inline(__always)
    private static func all(_ byte: UInt8) -> SIMD16<UInt8> { SIMD16(repeating: byte) }
}

/// Sets of bytes that HTTP's grammar names.
enum HTTPByteClass {
    /// tchar (RFC 9110 §5.6.2): letters, digits and !#$%&'*+-.^_`|~
    @inline(__always)
    static func isToken(_ byte: UInt8) -> Bool {
        contains(byte, 0x03FF_6CFA_0000_0000, 0x57FF_FFFF_C7FF_FFFE)
    }

    /// A byte of a request target: visible ASCII without `" # < > \`.
    ///
    /// RFC 3986 also leaves out ^ ` { | }, but browsers send some of them as they are (the WHATWG
    /// URL Standard doesn't encode `|` and, for long, `^` in paths, nor ` { } in queries), and they
    /// delimit nothing anywhere. The five that are refused do: `#` begins a fragment, `\` is taken
    /// for `/` by some, and quotes and angle brackets end URIs in text (RFC 3986 appendix C).
    @inline(__always)
    static func isTarget(_ byte: UInt8) -> Bool {
        contains(byte, 0xAFFF_FFF2_0000_0000, 0x7FFF_FFFF_EFFF_FFFF)
    }

    /// A byte of a reg-name (RFC 3986 §3.2.2) other than the `%` of an escape: unreserved or
    /// sub-delims.
    static func isRegisteredName(_ byte: UInt8) -> Bool {
        contains(byte, 0x2BFF_7FD2_0000_0000, 0x47FF_FFFE_87FF_FFFE)
    }

    /// A byte of a field value or a reason phrase: HTAB, SP, VCHAR and obs-text (RFC 9110 §5.5).
    @inline(__always)
    static func isFieldValue(_ byte: UInt8) -> Bool {
        (byte >= 0x20 && byte != 0x7F) || byte == ASCII.tab
    }

    /// Bit n of `low` stands for byte n, bit n of `high` for byte 64 + n.
    @inline(__always)
    private static func contains(_ byte: UInt8, _ low: UInt64, _ high: UInt64) -> Bool {
        byte < 0x80 && (byte < 0x40 ? low : high) &>> UInt64(byte & 0x3F) & 1 != 0
    }
}
