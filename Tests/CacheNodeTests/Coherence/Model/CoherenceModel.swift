import Simulation

@testable import CacheNode

/// A tree of real keyspaces, joined by links in memory, with clients and misfortunes drawn from a
/// seed; what each does is held against what the root had.
final class CoherenceModel {
    let setup: ModelSetup
    let world: SimWorld
    private(set) var nodes: [ModelNode] = []
    private(set) lazy var truth = ModelTruth(self, keyCount: setup.keyCount)
    private(set) var sessions: [ModelSession] = []
    /// What was wrong, with the time.
    private(set) var problems: [String] = []
    private(set) var hasRootCrashed = false
    /// Prints every step: for looking into a seed.
    var isTraced = false
    /// Nothing bad happens any more.
    private var isResting = false
    private var actionsLeft: Int

    init(_ setup: ModelSetup) {
        self.setup = setup
        world = SimWorld(seed: setup.seed)
        actionsLeft = setup.actionCount
        nodes = (0...setup.parents.count).map {
            ModelNode(index: $0, host: world.addHost("node-\($0)"), setup: setup)
        }
        truth.onRootBegin(nodes[0])
        for node in nodes.dropFirst() { keepAttached(node) }
    }

    func report(_ problem: String) {
        if problems.count < 20 { problems.append("\(world.nowMicroseconds) µs: \(problem)") }
    }

    /// Runs the history to its end; gives what was wrong.
    func run() -> [String] {
        world.after(microseconds: 1000) { [self] in act() }
        while actionsLeft > 0, problems.isEmpty { world.step() }
        isResting = true
        if problems.isEmpty { checkRest() }
        close()
        return problems
    }

    private func close() {
        for node in nodes where node.isUp { node.crash() }
        world.close()
        sessions.removeAll()
    }

    /// After anything a node has done.
    func afterStep(_ node: ModelNode) {
        guard node.isUp else { return }
        trace(describe(node))
        if node.isRoot { truth.record(node) }
        for key in 0..<setup.keyCount {
            let entry = node.find(key)
            guard !entry.isNone, node.keyspace.isServable(entry) else { continue }
            truth.check(
                node.content(of: entry), node.keyspace.hitNote(entry), of: key, at: node, "hit")
        }
    }

    // MARK: Sessions

    /// Looks after a node's session as long as the world lasts.
    private func keepAttached(_ node: ModelNode) {
        let pause = world.random.within(
            1_000...(isResting ? 10_000 : 80_000) as ClosedRange<UInt64>)
        world.after(microseconds: pause) { [self] in
            if node.isUp, node.session == nil, node.dialing == nil { dial(node) }
            keepAttached(node)
        }
    }

    private func dial(_ node: ModelNode) {
        let parent =
            isResting || world.random.oneIn(2)
            ? setup.parents[node.index - 1] : world.random.pick(setup.ancestors(of: node.index))
        dial(node, to: nodes[parent])
    }

    func dial(_ node: ModelNode, to parent: ModelNode) {
        sessions.removeAll { $0.isOver && $0.ups.isEmpty && $0.downs.isEmpty }
        let session = ModelSession(self, child: node, parent: parent)
        sessions.append(session)
        node.dialing?.closeFromChild()
        node.dialing = session
        session.dial()
        keepRenewed(session)
    }

    private func keepRenewed(_ session: ModelSession) {
        world.after(microseconds: world.random.within(10_000...250_000)) { [self] in
            guard !session.isOver else { return }
            if session.child.isUp, session.child.session === session { session.renew() }
            keepRenewed(session)
        }
    }

    private var attached: [ModelSession] {
        nodes.compactMap { $0.isUp ? $0.session : nil }
    }

    // MARK: Actions

    private func act() {
        guard !isResting, actionsLeft > 0 else { return }
        actionsLeft -= 1
        let node = world.random.pick(nodes)
        switch world.random.below(100) {
        case 0..<30: if node.isUp { read(world.random.below(setup.keyCount), at: node) }
        case 30..<36:
            if node.isUp {
                read(
                    world.random.below(setup.keyCount), at: node, ReadOptions(asksRoot: true))
            }
        case 36..<72: if node.isUp { write(at: node) }
        case 72..<82: if node.isUp { evict(node) }
        case 82..<90: misfortune()
        case 90..<94: reattach(node)
        case 94..<97: crash(node)
        default: if setup.policy.mode == .sync, nodes[0].isUp { nodes[0].keyspace.synchronize() }
        }
        let pause: ClosedRange<UInt64> = world.random.oneIn(8) ? 0...400_000 : 0...15_000
        let microseconds = world.random.oneIn(4) ? 0 : world.random.within(pause)
        world.after(microseconds: microseconds) { [self] in act() }
    }

    private func evict(_ node: ModelNode) {
        trace("evict \(node.index)")
        for _ in 0...world.random.below(3) { _ = node.keyspace.evictOne() }
        afterStep(node)
    }

    private func misfortune() {
        guard !attached.isEmpty else { return }
        let session = world.random.pick(attached)
        switch world.random.below(3) {
        case 0: session.failAtChild()
        case 1: session.failAtParent()
        default: session.stall(milliseconds: world.random.within(5...2500))
        }
    }

    /// To another ancestor; with or without an end of the session before.
    private func reattach(_ node: ModelNode) {
        guard !node.isRoot, node.isUp else { return }
        let parent = world.random.pick(setup.ancestors(of: node.index))
        if world.random.oneIn(2) { node.session?.failAtChild() }
        dial(node, to: nodes[parent])
    }

    private func crash(_ node: ModelNode) {
        guard node.isUp, !node.isRoot || world.random.oneIn(2) else { return }
        trace("crash \(node.index)")
        if node.isRoot { hasRootCrashed = true }
        for session in sessions {
            if session.child === node { session.closeFromChild() }
            if session.parent === node { session.closeFromParent() }
        }
        node.session = nil
        node.dialing = nil
        node.crash()
        world.after(microseconds: world.random.within(1_000...500_000)) { [self] in
            node.restart(setup)
            trace("restart \(node.index)")
            if node.isRoot { truth.onRootBegin(node) }
        }
    }
}
