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
    /// Times in a round at which all clients begin to ask, so that what they do meets.
    package let bursts: Int
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

    /// Clients ask at the leaves for the most part.
    package let asksAtLeaves: Bool

    package init(seed: UInt64, mode: CoherenceMode? = nil) {
        self.seed = seed
        var random = SimRandom(seed: seed ^ 0x706C_616E)
        let modes: [CoherenceMode] = [.push, .push, .push, .push, .sync, .ttl, .none]
        self.mode = mode ?? random.pick(modes)
        let kind = Kind.drawn(&random)
        nodeCount = kind.nodeCount(&random)
        depth = nodeCount > 7 ? 4 : 3
        keyCount = 1 + random.below(kind == .crowded ? 2 : 4)
        rounds = kind.rounds(&random)
        troubleMilliseconds = kind.troubleMilliseconds(&random)
        bursts = 1 + random.below(kind == .crowded ? 2 : 4)
        requestsPerRound = kind == .laggard ? 80 : 10 + random.below(40)
        pauseMillisecondsMax = kind.pauseMillisecondsMax(&random)
        asksAtLeaves = kind == .laggard || kind == .crowded && random.oneIn(2)
        let isCramped = kind == .ordinary && random.oneIn(12)
        valueBytesMax = isCramped ? 150_000 : random.pick([16, 16, 64, 1_000])
        memoryBytes = isCramped ? 1_100_000 : 2 << 20
        upwardQueueMax = random.oneIn(6) ? 3 : 1000
        ttlMilliseconds = random.pick([100, 500, 1500])
        syncIntervalMilliseconds = random.pick([50, 200, 800])
        maxStalenessMilliseconds =
            kind == .laggard ? 10_000 : random.pick([300, 1000, 3000, 10_000])
        // Long values through small windows over long ways would take their seconds.
        let slowest = isCramped ? 2000 : kind.slowestMicroseconds(&random)
        latencyMicroseconds = 30...(30 + slowest)
        splitting = random.oneIn(3) ? .whole : .random
        bufferBytes = !isCramped && random.oneIn(3) ? 2048...16_384 : 65_536...262_144
        zooKeeperCount = random.oneIn(8) ? (random.oneIn(2) ? 1 : 3) : 0
        let some = kind.troubles(&random)
        troubles = zooKeeperCount > 0 ? some + [.zooKeeperLoss] : some
        calmMillisecondsMax = random.pick([30, 100, 400])
    }
}

/// What a run is about.
private enum Kind {
    case ordinary
    /// A node falls behind its own children.
    case laggard
    /// Nodes run short of memory while everybody writes a few keys.
    case crowded

    static func drawn(_ random: inout SimRandom) -> Kind {
        switch random.below(16) {
        case 0, 1: .laggard
        case 2, 3, 4: .crowded
        default: .ordinary
        }
    }

    /// All but ordinary runs need a node that has a parent and children.
    func nodeCount(_ random: inout SimRandom) -> Int {
        guard self == .ordinary else { return 4 + random.below(4) }
        return random.oneIn(12) ? 8 + random.below(8) : 3 + random.below(5)
    }

    /// What is wrong with a few keys shows only until the next thing happens to them.
    func rounds(_ random: inout SimRandom) -> Int {
        switch self {
        case .ordinary: 1 + random.below(2)
        case .laggard: 1
        case .crowded: 3 + random.below(4)
        }
    }

    /// A node falls behind its own children only in the course of some seconds.
    func troubleMilliseconds(_ random: inout SimRandom) -> Int {
        switch self {
        case .ordinary: 300 + random.below(random.oneIn(4) ? 4000 : 1200)
        case .laggard: 6000
        case .crowded: 100 + random.below(400)
        }
    }

    func pauseMillisecondsMax(_ random: inout SimRandom) -> Int {
        switch self {
        case .ordinary: random.pick([2, 10, 40, 120])
        case .laggard: 130
        case .crowded: random.pick([2, 10])
        }
    }

    /// Most of what takes memory away must happen while something is on its way.
    func slowestMicroseconds(_ random: inout SimRandom) -> UInt64 {
        UInt64(random.pick(self == .crowded ? [3000, 10_000, 20_000] : [100, 500, 3000, 20_000]))
    }

    /// Most runs have a few kinds of trouble, so that each has many runs to itself.
    func troubles(_ random: inout SimRandom) -> [Trouble] {
        if self == .laggard { return [.laggard] }
        if self == .crowded, random.oneIn(2) { return [.shortage] }
        if random.oneIn(10) { return [] }
        var all = Trouble.allCases.filter { $0 != .laggard && $0 != .zooKeeperLoss }
        random.shuffle(&all)
        let some = Array(all.prefix(1 + random.below(random.oneIn(3) ? all.count : 3)))
        return self == .crowded ? some + [.shortage] : some
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
    /// A child's connections to its parent are broken off.
    case relink
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
    /// A node is short of memory for a while: it evicts again and again.
    case shortage
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

    /// Whether anything happens to links: it takes time to be noticed.
    var troublesLinks: Bool { troubles.contains { $0 != .eviction && $0 != .shortage } }

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
