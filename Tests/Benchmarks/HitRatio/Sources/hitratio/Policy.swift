/// A cache that takes one request after the other, for keys that are small numbers.
protocol Policy: ~Copyable {
    /// Whether `key` was held; it is held from now on. `index` is the request's place in the trace.
    mutating func request(_ key: Int, at index: Int) -> Bool
}

extension Policy where Self: ~Copyable {
    /// The part of the trace's requests that found their key.
    mutating func hitRatio(of trace: [Int32]) -> Double {
        var hits = 0
        for index in trace.indices where request(Int(trace[index]), at: index) { hits += 1 }
        return Double(hits) / Double(trace.count)
    }
}

/// What a node does: its own cache, filled on a miss, evicting one after the other until the new
/// entry has room.
struct ProductionCache: Policy, ~Copyable {
    private static let valueBytes = 240
    private static let keyBytes = 16

    private var cache: Cache

    init(bytesMax: Int) throws {
        cache = try Cache(bytesMax: bytesMax, seed: (1, 2))
    }

    /// How many entries such a cache holds, which the others are given to hold as well.
    static func capacity(bytesMax: Int) throws -> Int {
        var full = try ProductionCache(bytesMax: bytesMax)
        for key in 0..<bytesMax / keyBytes { _ = full.request(key, at: key) }
        return full.cache.count
    }

    mutating func request(_ key: Int, at index: Int) -> Bool {
        withUnsafeTemporaryAllocation(byteCount: Self.keyBytes, alignment: 8) { bytes in
            bytes.storeBytes(of: key, as: Int.self)
            bytes.storeBytes(of: ~key, toByteOffset: 8, as: Int.self)
            let name = UnsafeRawBufferPointer(bytes)
            if !cache.read(name).isNone { return true }
            store(name)
            return false
        }
    }

    private mutating func store(_ key: UnsafeRawBufferPointer) {
        while true {
            let entry = cache.make(key: key, valueCount: Self.valueBytes, mediaType: 0)
            if !entry.isNone {
                cache.publish(entry)
                return
            }
            let victim = cache.evictionCandidate()
            if victim.isNone { return }
            cache.remove(victim)
        }
    }
}

/// The least recently used key goes.
struct LRU: Policy {
    private let capacity: Int
    private var count = 0
    /// Neighbours in a ring through all held keys; the last place is the ring's head.
    private var next: [Int32]
    private var previous: [Int32]
    private let head: Int

    init(capacity: Int, keys: Int) {
        self.capacity = capacity
        head = keys
        next = Array(repeating: -1, count: keys + 1)
        previous = next
        next[head] = Int32(head)
        previous[head] = Int32(head)
    }

    mutating func request(_ key: Int, at index: Int) -> Bool {
        let isHeld = next[key] >= 0
        if isHeld {
            unlink(key)
        } else if count == capacity {
            unlink(Int(previous[head]))
        } else {
            count += 1
        }
        linkFirst(key)
        return isHeld
    }

    private mutating func unlink(_ key: Int) {
        let (before, after) = (previous[key], next[key])
        next[Int(before)] = after
        previous[Int(after)] = before
        next[key] = -1
    }

    private mutating func linkFirst(_ key: Int) {
        let first = next[head]
        next[key] = first
        previous[key] = Int32(head)
        previous[Int(first)] = Int32(key)
        next[head] = Int32(key)
    }
}
