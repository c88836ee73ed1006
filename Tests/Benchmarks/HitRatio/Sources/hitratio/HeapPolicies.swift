/// Held keys in order of a rank; the one with the least goes first.
struct RankedKeys {
    private var heap: [Int32] = []
    private var rank: [Int]
    /// Places in the heap; -1 for a key that isn't held.
    private var place: [Int32]

    init(keys: Int) {
        rank = Array(repeating: 0, count: keys)
        place = Array(repeating: -1, count: keys)
    }

    var count: Int { heap.count }

    func holds(_ key: Int) -> Bool { place[key] >= 0 }

    func rank(of key: Int) -> Int { rank[key] }

    mutating func insert(_ key: Int, rank new: Int) {
        rank[key] = new
        place[key] = Int32(heap.count)
        heap.append(Int32(key))
        rise(heap.count - 1)
    }

    mutating func setRank(_ new: Int, of key: Int) {
        rank[key] = new
        rise(Int(place[key]))
        sink(Int(place[key]))
    }

    mutating func removeLeast() {
        let least = Int(heap[0])
        let last = heap.removeLast()
        place[least] = -1
        guard !heap.isEmpty else { return }
        heap[0] = last
        place[Int(last)] = 0
        sink(0)
    }

    private func rankAt(_ position: Int) -> Int { rank[Int(heap[position])] }

    private mutating func swapAt(_ left: Int, _ right: Int) {
        heap.swapAt(left, right)
        place[Int(heap[left])] = Int32(left)
        place[Int(heap[right])] = Int32(right)
    }

    private mutating func rise(_ start: Int) {
        var position = start
        while position > 0, rankAt(position) < rankAt((position - 1) / 2) {
            swapAt(position, (position - 1) / 2)
            position = (position - 1) / 2
        }
    }

    private mutating func sink(_ start: Int) {
        var position = start
        while true {
            var least = position
            for child in [2 * position + 1, 2 * position + 2] where child < heap.count {
                if rankAt(child) < rankAt(least) { least = child }
            }
            if least == position { return }
            swapAt(position, least)
            position = least
        }
    }
}

/// The key with the fewest requests since it came goes, of several the least recently used.
struct LFU: Policy {
    /// The rank is the count above, the time below.
    private static let timeBits = 32
    private let capacity: Int
    private var held: RankedKeys

    init(capacity: Int, keys: Int) {
        self.capacity = capacity
        held = RankedKeys(keys: keys)
    }

    mutating func request(_ key: Int, at index: Int) -> Bool {
        if held.holds(key) {
            let requests = held.rank(of: key) >> Self.timeBits + 1
            held.setRank(requests << Self.timeBits | index, of: key)
            return true
        }
        if held.count == capacity { held.removeLeast() }
        held.insert(key, rank: 1 << Self.timeBits | index)
        return false
    }
}

/// Belady's optimum: the key whose next request is farthest away goes, the new one included.
struct Belady: Policy {
    private let capacity: Int
    private var held: RankedKeys
    /// For each request, the index of the next of its key.
    private let nextRequest: [Int]

    init(capacity: Int, keys: Int, trace: [Int32]) {
        self.capacity = capacity
        held = RankedKeys(keys: keys)
        var upcoming = Array(repeating: Int.max >> 1, count: keys)
        var next = Array(repeating: 0, count: trace.count)
        for index in trace.indices.reversed() {
            next[index] = upcoming[Int(trace[index])]
            upcoming[Int(trace[index])] = index
        }
        nextRequest = next
    }

    mutating func request(_ key: Int, at index: Int) -> Bool {
        // The farthest first: the least of the negated.
        let rank = -nextRequest[index]
        if held.holds(key) {
            held.setRank(rank, of: key)
            return true
        }
        held.insert(key, rank: rank)
        if held.count > capacity { held.removeLeast() }
        return false
    }
}
