import Glibc

/// How many of something there are by a hash, of which a few bits count: what has different hashes
/// may be counted as one. For what every write counts and few ask about.
struct HashCounts: ~Copyable {
    private static var bits: UInt64 { 15 }

    /// 128 KiB from the first that is counted on, of which the system gives pages when they are
    /// written to.
    private var counts: UnsafeMutablePointer<UInt32>?
    /// All that is counted.
    private var total = 0

    init() {}

    deinit { free(counts) }

    var isEmpty: Bool { total == 0 }

    /// Whether anything is counted under this hash.
    func has(_ hash: UInt64) -> Bool {
        guard let counts else { return false }
        return counts[Self.index(hash)] > 0
    }

    @inline(__always)
    mutating func add(_ hash: UInt64) {
        (counts ?? allocate())[Self.index(hash)] &+= 1
        total &+= 1
    }

    /// Takes away what was added; nothing, if there is nothing.
    @inline(__always)
    mutating func remove(_ hash: UInt64) {
        let index = Self.index(hash)
        guard let counts, counts[index] > 0 else { return }
        counts[index] &-= 1
        total &-= 1
    }

    @inline(never)
    private mutating func allocate() -> UnsafeMutablePointer<UInt32> {
        let capacity = 1 << Int(Self.bits)
        guard let room = calloc(capacity, MemoryLayout<UInt32>.stride) else {
            fatalError("out of memory: counts of hashes")
        }
        let made = room.bindMemory(to: UInt32.self, capacity: capacity)
        counts = made
        return made
    }

    @inline(__always)
    private static func index(_ hash: UInt64) -> Int {
        Int(truncatingIfNeeded: hash &>> (64 &- bits))
    }
}
