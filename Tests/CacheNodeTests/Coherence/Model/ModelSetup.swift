import Simulation

@testable import CacheNode

/// What one history of the model is drawn from; the seed decides.
struct ModelSetup {
    let seed: UInt64
    var policy = CoherencePolicy()
    /// The parent of each node but the root, by its index: always a smaller one.
    var parents: [Int] = []
    var keyCount = 1
    /// Bytes of a value, about.
    var valueBytes: ClosedRange<Int> = 4...300
    /// Writes that a node's queue takes.
    var queueCountMax = 1000
    /// Microseconds that a frame takes on its way.
    var delays: ClosedRange<UInt64> = 10...1000
    /// What clients and fate do before everything may come to rest.
    var actionCount = 90

    /// `mode` nil: the seed decides about that too.
    init(seed: UInt64, mode: CoherenceMode? = nil) {
        self.seed = seed
        var random = SimRandom(seed: seed &* 0x2545_F491_4F6C_DD1D)
        let modes: [CoherenceMode] = [.push, .push, .push, .push, .sync, .sync, .ttl, .ttl, .none]
        policy.mode = mode ?? random.pick(modes)
        policy.ttlMilliseconds = random.pick([50, 300, 1500])
        policy.syncIntervalMilliseconds = random.pick([20, 100, 300])
        policy.maxStalenessMilliseconds = random.pick([400, 1500, 10_000])
        policy.staleIfErrorMilliseconds = random.pick([0, 2000, 3_600_000])
        if random.oneIn(12) {
            // More children than bits.
            parents = [Int](repeating: 0, count: 9)
        } else {
            parents = (1...random.within(3...6)).map { random.oneIn(3) ? random.below($0) : $0 - 1 }
        }
        keyCount = random.within(1...4)
        if random.oneIn(8) {
            // More than fits into a cache.
            keyCount = random.within(4...8)
            valueBytes = 100_000...250_000
        }
        queueCountMax = random.pick([1, 3, 1000, 1000])
        delays = random.pick([10...200, 10...3000, 10...50_000])
    }

    func isAncestor(_ ancestor: Int, of node: Int) -> Bool {
        var current = node
        while current > 0 {
            current = parents[current - 1]
            if current == ancestor { return true }
        }
        return false
    }

    func ancestors(of node: Int) -> [Int] { (0..<node).filter { isAncestor($0, of: node) } }
}
