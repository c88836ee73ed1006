import Glibc

/// How many of something there are by a hash, of which a few bits count: what has different hashes
/// may be counted as one. For what every write counts and few ask about.
struct HashCounts: ~Copyable {
    private static var bits: UInt64 { 15 }

    /// 128 KiB, of which the system gives pages when they are first written to.
    private let counts: UnsafeMutablePointer<UInt32>
    /// All that is counted.
    private var total = 0

    init() {
        let capacity = 1 << Int(Self.bits)
        guard let room = calloc(capacity, MemoryLayout<UInt32>.stride) else {
            fatalError("out of memory: counts of hashes")
        }
        counts = room.bindMemory(to: UInt32.self, capacity: capacity)
    }

    deinit { free(counts) }

    var isEmpty: Bool { total == 0 }

    /// Whether anything is counted under this hash.
    func has(_ hash: UInt64) -> Bool { total > 0 && counts[Self.index(hash)] > 0 }

    @inline(__always)
    mutating func add(_ hash: UInt64) {
        counts[Self.index(hash)] &+= 1
        total &+= 1
    }

    /// Takes away what was added; nothing, if there is nothing.
    @inline(__always)
    mutating func remove(_ hash: UInt64) {
        let index = Self.index(hash)
        guard counts[index] > 0 else { return }
        counts[index] &-= 1
        total &-= 1
    }

    @inline(__always)
    private static func index(_ hash: UInt64) -> Int {
        Int(truncatingIfNeeded: hash &>> (64 &- bits))
    }
}
