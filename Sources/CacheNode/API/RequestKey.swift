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
        if encoded.contains(ASCII.percent) { return decodeEscapes(encoded, scratch) }
        return check(encoded)
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
