import CacheNode
import Simulation

/// What is measured of a tree, and in what world.
package struct ScalePlan: Sendable {
    /// Levels of a tree that can be measured: in a smaller one no leaf is beside another.
    package static let depths = 3...Tree.depthMax

    /// Levels of the tree; it is full.
    package let depth: Int
    package var seed: UInt64 = 1
    /// Microseconds that a message between two nodes takes, one way.
    package var latencyMicroseconds: ClosedRange<UInt64> = 100...500
    /// The same between an application and the node beside it.
    package var clientLatencyMicroseconds: ClosedRange<UInt64> = 20...60
    /// Nodes that join in a millisecond.
    package var joinsPerMillisecond = 64
    /// Milliseconds for which the tree is watched while nobody asks it anything.
    package var idleMilliseconds: UInt64 = 1000
    /// Reads and writes that are measured for each share.
    package var sampleCount = 200
    /// Bytes of every value.
    package var valueBytes = 100

    /// - Precondition: `depths` contains `depth`.
    package init(depth: Int) {
        precondition(Self.depths.contains(depth))
        self.depth = depth
    }

    package var nodeCount: Int { 1 << depth - 1 }
    package var leafCount: Int { 1 << (depth - 1) }
}

extension ClusterPlan {
    /// A full tree of mode `push` in which nothing goes wrong.
    init(_ plan: ScalePlan) {
        seed = plan.seed
        mode = .push
        depth = plan.depth
        nodeCount = plan.nodeCount
        keyCount = 0
        rounds = 0
        bursts = 1
        asksAtLeaves = false
        troubleMilliseconds = 0
        requestsPerRound = 0
        pauseMillisecondsMax = 0
        valueBytesMax = plan.valueBytes
        memoryBytes = 1 << 20
        upwardQueueMax = 1000
        ttlMilliseconds = 10_000
        syncIntervalMilliseconds = 1000
        maxStalenessMilliseconds = 10_000
        latencyMicroseconds = plan.latencyMicroseconds
        splitting = .whole
        bufferBytes = 262_144...262_144
        troubles = []
        zooKeeperCount = 0
        calmMillisecondsMax = 0
    }
}
