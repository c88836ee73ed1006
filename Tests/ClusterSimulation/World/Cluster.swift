import CacheNode
import Simulation
import UVHTTP

/// A whole cluster of real nodes in a simulated world. Node 0 is the root.
package final class Cluster {
    static let port: UInt16 = 5000

    let world: SimWorld
    let plan: ClusterPlan
    let story: Story
    private(set) var members: [ClusterMember] = []
    let zooKeeper: SimZooKeeper?
    /// A node that ran can't go on, and its process ends: as a root does that another has replaced.
    var onFailure: ((ClusterMember) -> Void)?
    private var seeds: SimRandom
    /// Nodes outlive what happens on their loops, which ends with the world.
    private var gone: [Node] = []

    /// Hosts, and no process on them yet.
    package init(_ plan: ClusterPlan, _ story: Story) {
        self.plan = plan
        self.story = story
        world = SimWorld(seed: plan.seed)
        seeds = SimRandom(seed: ~plan.seed)
        story.begin(in: world)
        if story.isTold {
            let tap = FrameTap(story)
            world.onBytes = { tap.onBytes($0) }
        }
        world.network.latencyMicroseconds = plan.latencyMicroseconds
        world.network.splitting = plan.splitting
        world.network.bufferBytes = plan.bufferBytes
        world.network.backoffMicroseconds = 0...20_000
        zooKeeper =
            plan.zooKeeperCount > 0
            ? SimZooKeeper(in: world, serverCount: plan.zooKeeperCount, tickMilliseconds: 100)
            : nil
        members = (0..<plan.nodeCount).map {
            ClusterMember(index: $0, host: world.addHost("NODE-\($0 + 1)"))
        }
    }

    /// Ends the world and with it everything that happens.
    package func close() {
        for node in members.compactMap(\.node) + gone { node.abandon() }
        world.close()
        // A node tells its member when it fails.
        for member in members { member.node = nil }
        members.removeAll()
        gone.removeAll()
    }

    /// An application runs beside its node.
    func bringTogether(_ client: SimHost, _ node: SimHost) {
        world.network.setLatency(from: client, to: node, microseconds: 20...60)
        world.network.setLatency(from: node, to: client, microseconds: 20...60)
    }

    var root: ClusterMember { members[0] }

    /// Those that have a parent and children.
    var innerMembers: [ClusterMember] {
        members.filter { member in
            !member.isRoot && members.contains { $0.node?.parentName == member.host.name }
        }
    }

    // MARK: Nodes

    /// Starts a node's next life, on a host where nothing runs.
    func start(_ member: ClusterMember) {
        if !member.host.isUp { member.host.restart() }
        member.lives += 1
        story.line("\(member.life) starts")
        let log = Log(
            level: story.isTold ? .debug : .error, format: .text, node: member.host.name,
            // One that isn't open takes no line, and costs no node a file.
            descriptor: story.isTold ? 1 : -1,
            wallMilliseconds: { [unowned world] in world.nowMilliseconds })
        do {
            let node = try Node(
                settings: settings(of: member), loop: member.host.loop, log: log,
                descriptorsMax: max(1024, 2 * plan.nodeCount), seed: (seeds.next(), seeds.next()))
            member.node = node
            node.start { [weak self, weak node] error in
                guard let self else { return }
                story.line("\(member.life) ends: \(error)")
                // Its process ends, once this call has returned.
                world.after(microseconds: 1) { [weak self] in
                    if member.node === node, node != nil { self?.onFailure?(member) }
                }
            }
        } catch {
            preconditionFailure("NODE-\(member.index + 1): \(error)")
        }
    }

    /// Ends a node's life: its memory is gone.
    func crash(_ member: ClusterMember, _ crash: SimCrash) {
        guard member.host.isUp else { return }
        story.line("\(member.life) crashes (\(crash))")
        member.host.crash(crash)
        if let node = member.node { gone.append(node) }
        member.node = nil
    }

    private func settings(of member: ClusterMember) -> Settings {
        var arguments = [
            "--name", member.host.name, "--listen", "\(member.host.addresses[0]):\(Self.port)",
            "--depth", "\(plan.depth)",
        ]
        if member.index > 0 {
            arguments += ["--root", "\(members[0].host.addresses[0]):\(Self.port)"]
        }
        let outcome = Settings.parse(arguments: arguments, environment: [:])
        guard case .run(var settings, _) = outcome else {
            preconditionFailure("the settings are wrong: \(outcome)")
        }
        if member.isRoot { settings.policy = plan.policy }
        settings.zookeeper = zooKeeper?.connectString
        settings.zookeeperTimeoutMilliseconds = 2_000
        settings.memoryBytes = plan.memoryBytes
        settings.maxBodyBytes = 1 << 18
        settings.upwardQueueMax = plan.upwardQueueMax
        return settings
    }
}

/// A host of a cluster and the node that runs, or doesn't, on it.
final class ClusterMember {
    let index: Int
    let host: SimHost
    fileprivate(set) var node: Node?
    fileprivate var lives = 0

    fileprivate init(index: Int, host: SimHost) {
        self.index = index
        self.host = host
    }

    var life: Life { Life(node: index, number: max(0, lives - 1)) }
    var isRunning: Bool { node != nil }
    var isRoot: Bool { index == 0 }
}
