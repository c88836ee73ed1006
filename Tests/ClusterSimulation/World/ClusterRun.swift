import CacheNode
import Simulation

/// What came of a run.
package struct ClusterOutcome: Sendable {
    package var seed: UInt64
    package var mode: CoherenceMode
    package var violations: [Violation]
    /// A digest of all that happened.
    package var fingerprint: UInt64
    package var eventCount: Int
    package var virtualMicroseconds: UInt64
    package var readCount: Int
    package var writeCount: Int
}

/// One run: a cluster starts, its clients work while troubles come and go, everything heals, and
/// then all must be well; and again.
package final class ClusterRun {
    /// Milliseconds until the tree must be whole again once all troubles have ended.
    private static let healingMilliseconds: UInt64 = 20_000
    /// Events of a run; more means that something goes round in circles.
    private static let eventsMax = 4_000_000

    let plan: ClusterPlan
    let story: Story
    let cluster: Cluster
    let values: Values
    var history: History
    private var watch: RootWatch
    private var clients: [Client] = []
    private var troubles: Troublemaker?
    private var lastTrouble: [UInt64]
    private var violations: [Violation] = []

    private init(_ plan: ClusterPlan, _ story: Story) {
        self.plan = plan
        self.story = story
        cluster = Cluster(plan, story)
        values = Values(bytesMax: plan.valueBytesMax)
        history = History(keyCount: plan.keyCount)
        watch = RootWatch(keyCount: plan.keyCount, values: values)
        lastTrouble = Array(repeating: 0, count: plan.nodeCount)
    }

    /// Lives through a plan.
    package static func outcome(of plan: ClusterPlan, _ story: Story = Story()) -> ClusterOutcome {
        let run = ClusterRun(plan, story)
        run.live()
        let world = run.cluster.world
        let outcome = ClusterOutcome(
            seed: plan.seed, mode: plan.mode, violations: run.violations,
            fingerprint: world.fingerprint, eventCount: world.eventCount,
            virtualMicroseconds: world.nowMicroseconds, readCount: run.history.reads.count,
            writeCount: run.history.writes.count)
        run.cluster.close()
        return outcome
    }

    var now: UInt64 { cluster.world.nowMicroseconds }

    func report(_ invariant: Invariant, _ detail: String) {
        let violation = Violation(invariant, detail)
        story.line("\(violation)")
        violations.append(violation)
    }

    // MARK: The course of a run

    private func live() {
        story.line("\(plan)")
        var random = SimRandom(seed: plan.seed &* 31)
        for member in cluster.members {
            cluster.start(member)
            advance(milliseconds: 5)
        }
        for (number, member) in cluster.members.enumerated() {
            let host = cluster.world.addHost("client-\(number + 1)")
            cluster.bringTogether(host, member.host)
            clients.append(Client(self, at: member, host: host, seed: random.next()))
        }
        cluster.onFailure = { [unowned self] in restart($0) }
        let troubles = Troublemaker(self, seed: random.next())
        self.troubles = troubles
        guard heal(isFirst: true) else { return }
        for round in 1...plan.rounds where violations.isEmpty {
            story.line("round \(round)")
            troubles.begin()
            for _ in 0..<plan.bursts {
                beginBurst()
                advance(milliseconds: UInt64(plan.troubleMilliseconds / plan.bursts))
            }
            for client in clients { client.rest() }
            troubles.end()
            if heal() { QuietCheck(self, clients).check() }
        }
        for violation in HistoryChecker.violations(of: history, plan.checkedRules) {
            story.line("\(violation)")
            violations.append(violation)
        }
    }

    private func beginBurst() {
        let inner = Set(cluster.innerMembers.map(\.index))
        let requests = plan.requestsPerRound / plan.bursts
        for client in clients {
            let isRare = plan.asksAtLeaves && inner.contains(client.member.index)
            client.work(requests: isRare ? requests / 16 : requests)
        }
        troubles?.onBurst()
    }

    /// Milliseconds within which a link that was cut off is noticed.
    private static let noticeMilliseconds: UInt64 = 1_300

    /// Waits until the tree is whole and nothing is on its way; false when that takes too long.
    private func heal(isFirst: Bool = false) -> Bool {
        let limit = now + Self.healingMilliseconds * 1000
        if plan.troublesLinks, !isFirst { advance(milliseconds: Self.noticeMilliseconds) }
        while !isWhole {
            advance(milliseconds: 20)
            if now > limit {
                report(.theTreeHeals, "\(unrest) at \(seconds(now))")
                return false
            }
        }
        advance(milliseconds: plan.settlingMilliseconds)
        return true
    }

    private var isWhole: Bool {
        clients.allSatisfy { !$0.isBusy }
            && cluster.members.allSatisfy {
                guard let node = $0.node else { return false }
                return node.isPlaced && node.queuedCount == 0
            }
    }

    /// Who isn't at rest.
    private var unrest: String {
        var parts = clients.filter(\.isBusy).map { "a client of \($0.member.life) waits" }
        for member in cluster.members {
            guard let node = member.node else { continue }
            if !node.isPlaced { parts.append("\(member.life) has no parent") }
            if node.queuedCount > 0 {
                parts.append("\(node.queuedCount) writes wait at \(member.life)")
            }
        }
        return parts.joined(separator: ", ")
    }

    /// Lets the world go on for so long, and watches the root.
    func advance(milliseconds: UInt64) { advance(milliseconds: milliseconds) { false } }

    func advance(milliseconds: UInt64, until isDone: () -> Bool) {
        let world = cluster.world
        let root = cluster.root
        var isOver = false
        world.after(milliseconds: milliseconds) { isOver = true }
        while !isOver, !isDone(), world.step() {
            watch.look(at: root, &history, story)
            if world.eventCount > Self.eventsMax {
                return report(.theRunEnds, "\(world.eventCount) events, and no end")
            }
        }
    }

    /// Writes that wait keep their limit.
    func checkQueues() {
        for member in cluster.members {
            let count = member.node?.queuedCount ?? 0
            if count > plan.upwardQueueMax {
                report(
                    .queuesAreBounded,
                    "\(count) writes wait at \(member.life), which takes \(plan.upwardQueueMax)")
            }
        }
    }

    // MARK: Troubles

    func start(_ member: ClusterMember) {
        noteTrouble(member)
        cluster.start(member)
    }

    func crash(_ member: ClusterMember, _ crash: SimCrash) {
        noteTrouble(member)
        history.crashed(member.life, at: now)
        cluster.crash(member, crash)
        if crash == .silent {
            for client in clients where client.member === member { client.giveUp() }
        }
    }

    /// What a supervisor does.
    private func restart(_ member: ClusterMember) {
        crash(member, .closing)
        cluster.world.after(milliseconds: 100) { [weak self] in
            if !member.isRunning { self?.start(member) }
        }
    }

    /// Something has been done to a node that may cost its clients their answers.
    func noteTrouble(_ member: ClusterMember) { lastTrouble[member.index] = now }

    /// A client hears of it only when it asks the next time.
    func wasInTrouble(_ member: ClusterMember, since time: UInt64) -> Bool {
        lastTrouble[member.index] + 1_000_000 >= time || !member.isRunning
    }
}
