import CacheNode
import Simulation

/// What a run will be like: all of it follows from the seed.
package struct ClusterPlan: Sendable {
    package let seed: UInt64
    package let mode: CoherenceMode
    /// Levels of the tree, 2…4.
    package let depth: Int
    package let nodeCount: Int
    package let keyCount: Int
    /// Rounds of trouble, each followed by healing.
    package let rounds: Int
    /// Milliseconds of trouble in a round.
    package let troubleMilliseconds: Int
    /// Requests that every client sends in a round, at most.
    package let requestsPerRound: Int
    /// Milliseconds between two requests of a client, at most.
    package let pauseMillisecondsMax: Int
    /// Bytes of the longest value.
    package let valueBytesMax: Int
    package let memoryBytes: Int
    package let upwardQueueMax: Int
    package let ttlMilliseconds: Int
    package let syncIntervalMilliseconds: Int
    package let maxStalenessMilliseconds: Int
    package let latencyMicroseconds: ClosedRange<UInt64>
    package let splitting: SimSplitting
    package let bufferBytes: ClosedRange<Int>
    /// Which kinds of trouble there are, each as often as it is in the list.
    package let troubles: [Trouble]
    /// Servers of a ZooKeeper ensemble that records the tree; 0 without one.
    package let zooKeeperCount: Int
    /// Milliseconds between two troubles, at most.
    package let calmMillisecondsMax: Int

    package init(seed: UInt64, mode: CoherenceMode? = nil) {
        self.seed = seed
        var random = SimRandom(seed: seed ^ 0x706C_616E)
        let modes: [CoherenceMode] = [.push, .push, .push, .push, .sync, .ttl, .none]
        self.mode = mode ?? random.pick(modes)
        nodeCount = random.oneIn(12) ? 8 + random.below(8) : 3 + random.below(5)
        depth = nodeCount > 7 ? 4 : 3
        keyCount = 1 + random.below(4)
        // A node falls behind its own children only in the course of some seconds.
        let hasLaggard = random.oneIn(8)
        rounds = hasLaggard ? 1 : 1 + random.below(2)
        troubleMilliseconds =
            hasLaggard ? 5500 : 300 + random.below(random.oneIn(4) ? 4000 : 1200)
        requestsPerRound = hasLaggard ? 80 : 10 + random.below(40)
        pauseMillisecondsMax = hasLaggard ? 130 : random.pick([2, 10, 40, 120])
        let isCramped = random.oneIn(12)
        valueBytesMax = isCramped ? 150_000 : random.pick([16, 16, 64, 1_000])
        memoryBytes = isCramped ? 1_100_000 : 2 << 20
        upwardQueueMax = random.oneIn(6) ? 3 : 1000
        ttlMilliseconds = random.pick([100, 500, 1500])
        syncIntervalMilliseconds = random.pick([50, 200, 800])
        maxStalenessMilliseconds = random.pick([300, 1000, 3000, 10_000])
        // Long values through small windows over long ways would take their seconds.
        let slowest = UInt64(isCramped ? 2000 : random.pick([100, 500, 3000, 20_000]))
        latencyMicroseconds = 30...(30 + slowest)
        splitting = random.oneIn(3) ? .whole : .random
        bufferBytes = !isCramped && random.oneIn(3) ? 2048...16_384 : 65_536...262_144
        zooKeeperCount = random.oneIn(8) ? (random.oneIn(2) ? 1 : 3) : 0
        let some = hasLaggard ? [.laggard] : Self.troubles(&random)
        troubles = zooKeeperCount > 0 ? some + [.zooKeeperLoss] : some
        calmMillisecondsMax = random.pick([30, 100, 400])
    }

    /// Most runs have a few kinds of trouble, so that each has many runs to itself.
    private static func troubles(_ random: inout SimRandom) -> [Trouble] {
        if random.oneIn(10) { return [] }
        var all = Trouble.allCases.filter { $0 != .laggard && $0 != .zooKeeperLoss }
        random.shuffle(&all)
        return Array(all.prefix(1 + random.below(random.oneIn(3) ? all.count : 3)))
    }
}

/// What can go wrong.
package enum Trouble: String, CaseIterable, Sendable {
    /// Nothing passes between two nodes, or in one direction between them.
    case cut
    /// Nothing passes between a node and all others.
    case isolation
    /// Some connections of a node are broken off.
    case reset
    /// A process stands still, as under SIGSTOP.
    case freeze
    /// Whatever goes from one node to another takes long.
    case slowLink
    /// A process needs long for every turn of its loop.
    case slowNode
    /// A node is gone, with all it remembered, and comes back.
    case crash
    /// So is the root.
    case rootCrash
    /// A node needs the memory of a key.
    case eviction
    /// A node is cut off, and then from those above it alone: its children come back to it, and
    /// know more than it does.
    case laggard
    /// Servers of ZooKeeper, sessions with it, or the way to it are lost.
    case zooKeeperLoss
}

extension ClusterPlan {
    var policy: CoherencePolicy {
        var policy = CoherencePolicy()
        policy.mode = mode
        policy.ttlMilliseconds = UInt32(ttlMilliseconds)
        policy.syncIntervalMilliseconds = UInt32(syncIntervalMilliseconds)
        policy.maxStalenessMilliseconds = UInt32(maxStalenessMilliseconds)
        return policy
    }

    /// Milliseconds after which, in peace, every copy is what the root has.
    var settlingMilliseconds: UInt64 {
        let hops = 4 * latencyMicroseconds.upperBound / 1000 * UInt64(depth) + 50
        switch mode {
        case .push, .none: return hops
        case .ttl: return hops + UInt64(ttlMilliseconds)
        case .sync: return hops + 2 * UInt64(syncIntervalMilliseconds)
        }
    }

    /// What must hold in this run.
    package var checkedRules: CheckedRules {
        var rules = CheckedRules()
        switch mode {
        case .push, .sync: rules.limitMicroseconds = UInt64(maxStalenessMilliseconds) * 1000
        case .ttl: rules.limitMicroseconds = UInt64(ttlMilliseconds) * 1000
        case .none:
            rules.copiesFollow = false
            // After a change of parents a node may be given an older copy.
            rules.ownWritesAreRead = troubles.isEmpty
        }
        return rules
    }
}

extension ClusterPlan: CustomStringConvertible {
    package var description: String {
        "seed \(seed): mode \(mode.rawValue), \(nodeCount) nodes, \(keyCount) keys,"
            + (zooKeeperCount > 0 ? " ZooKeeper," : "")
            + " \(rounds) rounds of \(troubleMilliseconds) ms, troubles: "
            + (troubles.isEmpty ? "none" : troubles.map(\.rawValue).joined(separator: ", "))
    }
}
