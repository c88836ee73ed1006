import UVHTTP

/// The key of a request: what follows `/kv/` or `/store/`, decoded once. A `/`, plain or as `%2F`,
/// is part of it.
enum RequestKey {
    /// Bytes of a key after decoding.
    static let bytesMax = 511

    enum Outcome {
        case key(UnsafeRawBufferPointer)
        /// A sentence that says what is allowed.
        case refused(StaticString)
    }

    /// Decodes into `scratch` (of at least `encoded.count` bytes) only when there is something to
    /// decode.
    @inline(__always)
    static func decode(
        _ encoded: UnsafeRawBufferPointer, scratch: UnsafeMutableRawPointer
    ) -> Outcome {
        if hasPercent(encoded) { return decodeEscapes(encoded, scratch) }
        return check(encoded)
    }

    /// Looks at eight bytes at a time; the last eight may overlap what was looked at.
    @inline(__always)
    private static func hasPercent(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count >= 8, let start = bytes.baseAddress else {
            return bytes.contains(ASCII.percent)
        }
        let last = bytes.count &- 8
        if hasPercent(start.word(at: 0)) { return true }
        var offset = 8
        while offset < last {
            if hasPercent(start.word(at: offset)) { return true }
            offset &+= 8
        }
        return hasPercent(start.word(at: last))
    }

    /// Whether a byte of the word is `%`: then, and only then, a byte of the difference is 0
    /// (Warren, "Hacker's Delight", 6-1).
    @inline(__always)
    private static func hasPercent(_ word: UInt64) -> Bool {
        let difference = word ^ 0x2525_2525_2525_2525
        return (difference &- 0x0101_0101_0101_0101) & ~difference & 0x8080_8080_8080_8080 != 0
    }

    @inline(never)
    private static func decodeEscapes(
        _ encoded: UnsafeRawBufferPointer, _ scratch: UnsafeMutableRawPointer
    ) -> Outcome {
        guard let count = PercentCoding.decode(encoded, into: scratch) else {
            return .refused(
                "the key is badly escaped: % must be followed by two hexadecimal digits")
        }
        return check(UnsafeRawBufferPointer(start: scratch, count: count))
    }

    @inline(__always)
    private static func check(_ key: UnsafeRawBufferPointer) -> Outcome {
        if key.isEmpty { return .refused("the key is empty: it must have 1 to 511 bytes") }
        if key.count > bytesMax {
            return .refused("the key is too long: it must have 1 to 511 bytes after decoding")
        }
        return .key(key)
    }
}
