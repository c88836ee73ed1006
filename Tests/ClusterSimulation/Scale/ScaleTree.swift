import CacheNode
import Simulation

/// A full tree of real nodes, level by level.
final class ScaleTree {
    /// Milliseconds that a level may take until all its nodes are attached.
    private static let levelMillisecondsMax: UInt64 = 10_000

    let plan: ScalePlan
    let cluster: Cluster
    private(set) var levels: [[ClusterMember]] = []

    init(_ plan: ScalePlan) {
        self.plan = plan
        cluster = Cluster(ClusterPlan(plan), Story())
    }

    var world: SimWorld { cluster.world }
    var root: ClusterMember { cluster.root }
    var leaves: [ClusterMember] { levels[levels.count - 1] }

    /// Lets all nodes join, a level once the one above is complete, so that slots are given level
    /// by level.
    func grow() -> Bool {
        for level in 0..<plan.depth {
            let first = 1 << level - 1
            let members = Array(cluster.members[first..<(2 * first + 1)])
            for (index, member) in members.enumerated() {
                if index % plan.joinsPerMillisecond == 0 { world.run(forMilliseconds: 1) }
                cluster.start(member)
            }
            guard waitUntilPlaced(members) else { return false }
            levels.append(members)
        }
        return true
    }

    private func waitUntilPlaced(_ members: [ClusterMember]) -> Bool {
        let limit = world.nowMilliseconds + Self.levelMillisecondsMax
        var index = 0
        while index < members.count {
            if members[index].node?.isPlaced == true {
                index += 1
            } else if world.nowMilliseconds > limit {
                return false
            } else {
                world.run(forMilliseconds: 1)
            }
        }
        return true
    }
}
