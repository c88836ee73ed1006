import Simulation

/// Makes the troubles of a plan while a round lasts, each ending by itself or at the round's end.
final class Troublemaker {
    private unowned let run: ClusterRun
    private var random: SimRandom
    private var isActive = false
    private var round = 0
    private var laggard: ClusterMember?

    init(_ run: ClusterRun, seed: UInt64) {
        self.run = run
        random = SimRandom(seed: seed)
    }

    func begin() {
        isActive = true
        round += 1
        schedule()
    }

    /// Ends every trouble: nothing is cut, slow, frozen or away any more.
    func end() {
        isActive = false
        laggard = nil
        run.story.line("all troubles end")
        network.healAll()
        for one in run.cluster.members {
            one.host.loop.thaw()
            one.host.loop.turnMicroseconds = 2...20
            for other in run.cluster.members where other !== one {
                network.setLatency(from: one.host, to: other.host, microseconds: nil)
            }
            if !one.isRunning { run.start(one) }
        }
        restoreZooKeeper()
    }

    /// Everybody begins to ask.
    func onBurst() {
        guard run.plan.troubles.contains(.shortage) else { return }
        let length = run.plan.pauseMillisecondsMax * run.plan.requestsPerRound / run.plan.bursts
        after(microseconds: UInt64(random.below(500 * length))) { [self] in
            startShortage(pickInner(), for: UInt64(random.below(1000 * length)))
        }
    }

    /// Somebody, and mostly one with a parent and children.
    private func pickInner() -> ClusterMember {
        let inner = run.cluster.innerMembers
        return random.pick(inner.isEmpty || random.oneIn(4) ? run.cluster.members : inner)
    }

    private var network: SimNetwork { run.cluster.world.network }

    private func schedule() {
        guard !run.plan.troubles.isEmpty else { return }
        let pause = random.below(run.plan.calmMillisecondsMax * 1000)
        after(microseconds: UInt64(pause)) { [self] in
            run.checkQueues()
            make(random.pick(run.plan.troubles))
            schedule()
        }
    }

    /// In this round only.
    private func after(microseconds: UInt64, _ body: @escaping () -> Void) {
        let round = round
        run.cluster.world.after(microseconds: microseconds) { [weak self] in
            if let self, isActive, self.round == round { body() }
        }
    }

    private func duration() -> UInt64 {
        UInt64(random.oneIn(4) ? random.below(3_000_000) : 1000 + random.below(300_000))
    }

    private func make(_ trouble: Trouble) {
        let members = run.cluster.members
        let one = random.pick(members)
        let other = random.pick(members)
        switch trouble {
        case .cut: if one !== other { cut(one, other) }
        case .isolation: isolate(one, for: duration())
        case .reset: reset(one)
        case .relink: relink(one)
        case .freeze: freeze(one)
        case .slowLink: if one !== other { slow(one, other) }
        case .slowNode: slow(one)
        case .crash: if !one.isRoot { crash(one) }
        case .eviction: evict(one)
        case .shortage: startShortage(pickInner(), for: duration())
        case .laggard: lag(pickInner())
        case .zooKeeperLoss: loseZooKeeper(one)
        case .rootCrash: if random.oneIn(2) { crash(members[0]) }
        }
    }

    private func cut(_ one: ClusterMember, _ other: ClusterMember) {
        let isOneWay = random.oneIn(2)
        run.story.line("\(one.life) \(isOneWay ? "->" : "<->") \(other.life) is cut")
        network.cut(from: one.host, to: other.host)
        if !isOneWay { network.cut(from: other.host, to: one.host) }
        after(microseconds: duration()) { [self] in
            run.story.line("\(one.life) and \(other.life) are joined again")
            network.heal(one.host, other.host)
        }
    }

    /// Its clients stay with it.
    private func isolate(
        _ member: ClusterMember, for microseconds: UInt64, then: @escaping () -> Void = {}
    ) {
        run.story.line("\(member.life) is isolated")
        let others = run.cluster.members.filter { $0 !== member }
        for other in others { network.cut(member.host, other.host) }
        after(microseconds: microseconds) { [self] in
            run.story.line("\(member.life) is isolated no more")
            for other in others { network.heal(member.host, other.host) }
            then()
        }
    }

    private func lag(_ member: ClusterMember) {
        guard !member.isRoot, laggard == nil else { return }
        laggard = member
        // Until then it gets something to serve.
        after(microseconds: 300_000) { [self] in cutOff(member) }
    }

    private func cutOff(_ member: ClusterMember) {
        let parent = member.node?.parentName
        isolate(member, for: 1_500_000 + UInt64(random.below(1_500_000))) { [self] in
            run.story.line("\(member.life) is cut off from those above it alone")
            for other in run.cluster.members
            where other.isRoot || other.host.name == parent && other !== member {
                network.cut(member.host, other.host)
            }
            after(microseconds: 1_500_000 + duration()) { [self] in
                laggard = nil
                network.healAll()
            }
        }
    }

    private func reset(_ member: ClusterMember) {
        guard member.isRunning else { return }
        run.story.line("connections of \(member.life) are reset")
        run.noteTrouble(member)
        for stream in member.host.loop.openStreams where random.oneIn(2) { stream.reset() }
    }

    private func relink(_ member: ClusterMember) {
        guard
            let parent = run.cluster.members.first(where: {
                $0.host.name == member.node?.parentName
            })
        else { return }
        run.story.line("\(member.life) loses its connections to \(parent.life)")
        let address = parent.host.address(port: Cluster.port)
        for stream in member.host.loop.openStreams where stream.peer == address { stream.reset() }
    }

    private func freeze(_ member: ClusterMember) {
        guard member.isRunning else { return }
        run.story.line("\(member.life) stands still")
        run.noteTrouble(member)
        member.host.loop.freeze()
        after(microseconds: duration()) { [self] in
            run.story.line("\(member.life) goes on")
            run.noteTrouble(member)
            member.host.loop.thaw()
        }
    }

    private func slow(_ one: ClusterMember, _ other: ClusterMember) {
        let most = UInt64(1000 + random.below(400_000))
        run.story.line("\(one.life) to \(other.life) takes up to \(milliseconds(most))")
        network.setLatency(from: one.host, to: other.host, microseconds: most / 4...most)
        after(microseconds: duration()) { [self] in
            network.setLatency(from: one.host, to: other.host, microseconds: nil)
        }
    }

    private func slow(_ member: ClusterMember) {
        guard member.isRunning else { return }
        run.story.line("\(member.life) is slow")
        let loop = member.host.loop
        loop.turnMicroseconds = 2000...20_000
        after(microseconds: duration()) { loop.turnMicroseconds = 2...20 }
    }

    private func loseZooKeeper(_ member: ClusterMember) {
        guard let zooKeeper = run.cluster.zooKeeper else { return }
        let server = random.below(zooKeeper.hosts.count)
        switch random.below(5) {
        case 0:
            run.story.line("ZooKeeper's server \(server + 1) ends")
            zooKeeper.stop(server, random.pick([.silent, .resetting, .closing]))
        case 1:
            run.story.line("ZooKeeper's server \(server + 1) stands still")
            zooKeeper.freeze(server)
        case 2:
            let sessions = zooKeeper.sessionIDs.sorted()
            guard !sessions.isEmpty else { return }
            run.story.line("a session with ZooKeeper expires")
            zooKeeper.expire(random.pick(sessions))
        case 3:
            run.story.line("connections to ZooKeeper's server \(server + 1) are closed")
            zooKeeper.closeConnections(server)
        default:
            run.story.line("\(member.life) is cut off from ZooKeeper")
            for host in zooKeeper.hosts { network.cut(member.host, host) }
        }
        after(microseconds: duration()) { [self] in
            for host in zooKeeper.hosts { network.heal(member.host, host) }
            restoreZooKeeper()
        }
    }

    private func restoreZooKeeper() {
        guard let zooKeeper = run.cluster.zooKeeper else { return }
        for (server, host) in zooKeeper.hosts.enumerated() {
            zooKeeper.thaw(server)
            if !host.isUp { zooKeeper.start(server) }
        }
    }

    /// Several at a time, as memory runs out.
    private func evict(_ member: ClusterMember) {
        for _ in 0...random.below(4) {
            let key = random.below(run.plan.keyCount)
            let name = Array("k\(key)".utf8)
            guard member.node?.evict(name, leavesTag: random.oneIn(2)) == true else { continue }
            run.story.line("\(member.life) evicts k\(key)")
        }
    }

    private func startShortage(_ member: ClusterMember, for microseconds: UInt64) {
        guard member.isRunning else { return }
        run.story.line("\(member.life) is short of memory for \(milliseconds(microseconds))")
        shorten(member, leavesTags: random.oneIn(2), for: microseconds)
    }

    /// Evicts as often as something may be on its way meanwhile.
    private func shorten(_ member: ClusterMember, leavesTags: Bool, for microseconds: UInt64) {
        let key = random.below(run.plan.keyCount)
        let name = Array("k\(key)".utf8)
        let isTag = member.node?.copy(of: name)?.isTag == true
        if !isTag || random.oneIn(8), member.node?.evict(name, leavesTag: leavesTags) == true {
            run.story.line("\(member.life) evicts k\(key)")
        }
        let pause = 200 + UInt64(random.below(Int(run.plan.latencyMicroseconds.upperBound)))
        guard pause < microseconds else { return }
        after(microseconds: pause) { [self] in
            shorten(member, leavesTags: leavesTags, for: microseconds - pause)
        }
    }

    private func crash(_ member: ClusterMember) {
        guard member.isRunning else { return }
        run.crash(member, random.pick([.silent, .resetting, .closing]))
        if random.oneIn(3) { return }
        after(microseconds: duration()) { [self] in
            if !member.isRunning { run.start(member) }
        }
    }
}
