/// A seeded 64-bit hash of a key by folded multiplication, as in wyhash. All constants that meet
/// the key's bytes derive from the seed, so nobody who doesn't know it can choose keys that
/// collide.
struct KeyHash {
    private let secret0: UInt64
    private let secret1: UInt64
    private let secret2: UInt64
    private let secret3: UInt64

    init(seed: (UInt64, UInt64)) {
        secret0 = Self.mix(seed.0, 0x9E37_79B9_7F4A_7C15)
        secret1 = Self.mix(seed.1, 0xBF58_476D_1CE4_E5B9)
        secret2 = Self.mix(seed.0 ^ secret1, 0x94D0_49BB_1331_11EB)
        secret3 = Self.mix(seed.1 ^ secret2, 0xD6E8_FEB8_6659_FD93)
    }

    /// The hash of `key`, of which nothing before or behind is read.
    @inline(__always)
    func hash(_ key: UnsafeRawBufferPointer) -> UInt64 {
        guard let start = key.baseAddress else { return 0 }
        return Self.isMidsize(key.count)
            ? midsizeHash(start, key.count) : otherHash(start, key.count)
    }

    /// Keys of 8…16 bytes are hashed and compared as two words, without a loop; the hot path is
    /// laid out for them.
    @inline(__always)
    static func isMidsize(_ count: Int) -> Bool { 8...16 ~= count }

    @inline(__always)
    func midsizeHash(_ bytes: UnsafeRawPointer, _ count: Int) -> UInt64 {
        finish(bytes.word(at: 0), bytes.word(at: count &- 8), count)
    }

    @inline(never)
    private func otherHash(_ bytes: UnsafeRawPointer, _ count: Int) -> UInt64 {
        let (first, last) = Self.ends(bytes, count, secret2, secret3)
        return finish(first, last, count)
    }

    @inline(__always)
    private func finish(_ first: UInt64, _ last: UInt64, _ count: Int) -> UInt64 {
        let folded = Self.fold(first ^ secret0, last ^ secret1)
        return Self.fold(folded ^ secret2, UInt64(truncatingIfNeeded: count) ^ secret3)
    }

    /// A key of fewer than 8 or more than 16 bytes as two words. A long one is folded 16 bytes at a
    /// time; its last 16 may overlap what was taken.
    private static func ends(
        _ bytes: UnsafeRawPointer, _ count: Int, _ secret: UInt64, _ start: UInt64
    ) -> (UInt64, UInt64) {
        if count < 4 { return (count == 0 ? 0 : UInt64(bytes.threeBytes(count)), 0) }
        if count < 8 {
            return (UInt64(bytes.halfWord(at: 0)), UInt64(bytes.halfWord(at: count &- 4)))
        }
        var state = start
        var offset = 0
        while offset &+ 16 < count {
            state = fold(bytes.word(at: offset) ^ secret, bytes.word(at: offset &+ 8) ^ state)
            offset &+= 16
        }
        return (bytes.word(at: count &- 16) ^ state, bytes.word(at: count &- 8))
    }

    @inline(__always)
    private static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        return product.low ^ product.high
    }

    /// The finalizer of splitmix64, on a sum.
    private static func mix(_ seed: UInt64, _ increment: UInt64) -> UInt64 {
        var word = seed &+ increment
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}

extension UnsafeRawPointer {
    @inline(__always)
    func word(at offset: Int) -> UInt64 { loadUnaligned(fromByteOffset: offset, as: UInt64.self) }

    @inline(__always)
    func halfWord(at offset: Int) -> UInt32 {
        loadUnaligned(fromByteOffset: offset, as: UInt32.self)
    }

    /// The 1…3 bytes here as one number, some of them twice.
    @inline(__always)
    func threeBytes(_ count: Int) -> UInt32 {
        let first = UInt32(load(as: UInt8.self))
        let middle = UInt32(load(fromByteOffset: count &>> 1, as: UInt8.self))
        let last = UInt32(load(fromByteOffset: count &- 1, as: UInt8.self))
        return first | middle &<< 8 | last &<< 16
    }

    /// True when the `count` (8…16) bytes here and at `other` are the same.
    @inline(__always)
    func equalsMidsize(_ other: UnsafeRawPointer, count: Int) -> Bool {
        word(at: 0) == other.word(at: 0) && word(at: count &- 8) == other.word(at: count &- 8)
    }

    /// True when the `count` bytes here and at `other` are the same; by words, none of them beyond
    /// the bytes.
    @inline(__always)
    func equals(_ other: UnsafeRawPointer, count: Int) -> Bool {
        if count >= 8 {
            var offset = 0
            while offset &+ 8 < count {
                if word(at: offset) != other.word(at: offset) { return false }
                offset &+= 8
            }
            return word(at: count &- 8) == other.word(at: count &- 8)
        }
        if count >= 4 {
            return halfWord(at: 0) == other.halfWord(at: 0)
                && halfWord(at: count &- 4) == other.halfWord(at: count &- 4)
        }
        return count == 0 || threeBytes(count) == other.threeBytes(count)
    }
}
