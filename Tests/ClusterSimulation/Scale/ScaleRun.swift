import CacheNode
import Simulation

/// Why a tree could not be measured; a sentence.
package struct ScaleFailure: Error, CustomStringConvertible {
    package let description: String
}

/// Grows a tree and measures what reads and writes cost it.
///
/// Nothing is computed that could be counted: the frames are read off the wire at the root, pushes
/// are the nodes' own counters, and a write is everywhere when the cache of the last node that
/// holds the key, looked at after each of the node's reads, has the new value.
package final class ScaleRun {
    /// Microseconds between two requests that don't wait for each other.
    private static let paceMicroseconds: UInt64 = 500
    /// Reads that give leaves their copies, in a millisecond.
    private static let fillsPerMillisecond = 128
    /// Copies that are made for a share, at least: of many keys where few hold each, 40 at most.
    private static let fillsMin = 8000
    /// Milliseconds that any part may take.
    private static let partMillisecondsMax: UInt64 = 60_000
    /// Milliseconds after which nothing is on its way any more.
    private var settlingMilliseconds: UInt64 {
        4 * plan.latencyMicroseconds.upperBound * UInt64(plan.depth) / 1000 + 5
    }

    private let plan: ScalePlan
    private let tree: ScaleTree
    private let tap: RootTap
    private let client: ScaleClient
    private let progress: (String) -> Void
    private var random: SimRandom
    private var writeCount = 0
    /// Writes that are not everywhere yet.
    private var spreads: [ScaleSpread] = []

    private init(_ plan: ScalePlan, _ progress: @escaping (String) -> Void) {
        self.plan = plan
        self.progress = progress
        random = SimRandom(seed: ~plan.seed)
        tree = ScaleTree(plan)
        tap = RootTap(root: tree.root.host.name)
        client = ScaleClient(tree)
        let tap = tap
        tree.world.onBytes = { tap.onBytes($0) }
    }

    /// Measures; `progress` hears what is being done.
    package static func figures(
        of plan: ScalePlan, shares: [ScaleShare] = ScaleShare.allCases,
        progress: @escaping (String) -> Void = { _ in }
    ) throws(ScaleFailure) -> ScaleFigures {
        let start = ProcessUse.cpuSeconds
        let run = ScaleRun(plan, progress)
        defer { run.tree.cluster.close() }
        var figures = ScaleFigures(plan: plan)
        progress("\(plan.nodeCount) nodes join")
        guard run.tree.grow() else { throw ScaleFailure(description: "the tree does not grow") }
        figures.idle = run.measureIdle()
        for share in shares {
            progress("\(share.name)")
            figures.shares.append(try run.measure(share))
        }
        figures.eventCount = run.world.eventCount
        figures.virtualMilliseconds = run.world.nowMilliseconds
        figures.cpuSeconds = ProcessUse.cpuSeconds - start
        figures.residentBytes = ProcessUse.residentBytesMax
        return figures
    }

    private var world: SimWorld { tree.world }

    // MARK: Nobody asks

    private func measureIdle() -> IdleFigures {
        world.run(forMilliseconds: settlingMilliseconds)
        let before = tap.traffic
        let registrations = (tree.root.node?.counts.registrations ?? 0)
        world.run(forMilliseconds: plan.idleMilliseconds)
        let traffic = tap.traffic - before
        func perSecond(_ count: Int) -> Int { count * 1000 / Int(plan.idleMilliseconds) }
        return IdleFigures(
            registrations: perSecond(
                Int((tree.root.node?.counts.registrations ?? 0) - registrations)),
            httpBytesReceived: perSecond(traffic.received.httpBytes),
            httpBytesSent: perSecond(traffic.sent.httpBytes),
            framesReceived: perSecond(traffic.received.regular.frames),
            framesSent: perSecond(traffic.sent.regular.frames))
    }

    // MARK: A share of holders

    private func measure(_ share: ScaleShare) throws(ScaleFailure) -> ShareFigures {
        share == .nobody ? try measureNobody(share) : try measureHeld(share)
    }

    /// Keys that nobody holds: each is written once at some leaf, and each of as many others, which
    /// were written at the root, is read once at some leaf.
    private func measureNobody(_ share: ScaleShare) throws(ScaleFailure) -> ShareFigures {
        var figures = ShareFigures(share: share)
        let written = (0..<plan.sampleCount).map { ScaleKey("new-\($0)", holders: [pickLeaf()]) }
        figures.copyCount = 1
        figures.writes = try measured("the writes") { [self] in
            for (number, key) in written.enumerated() {
                world.after(microseconds: UInt64(number) * Self.paceMicroseconds) { [self] in
                    write(key, awaiting: [tree.root.index])
                }
            }
        }
        figures.hits = try reads(written.map { ($0, $0.holders[0]) })
        let lone = (0..<plan.sampleCount).map { ScaleKey("lone-\($0)", holders: [tree.root]) }
        _ = try measured("the root's keys") { [self] in
            for key in lone { write(key, awaiting: [tree.root.index]) }
        }
        figures.misses = try reads(lone.map { ($0, pickLeaf()) })
        return figures
    }

    private func measureHeld(_ share: ScaleShare) throws(ScaleFailure) -> ShareFigures {
        var figures = ShareFigures(share: share)
        figures.holderCount = share.holderCount(ofLeaves: plan.leafCount)
        // Those to everybody cost as much as all others together.
        let writes = share == .everyLeaf ? plan.sampleCount / 2 : plan.sampleCount
        let keyCount = min(max(Self.fillsMin / figures.holderCount, 4), 40, writes)
        let keys = (0..<keyCount).map { number in
            ScaleKey("\(share)-\(number)", holders: pickLeaves(figures.holderCount))
        }
        try fill(keys)
        let copies = keys.map { key in
            tree.cluster.members.filter { isHeld(key, by: $0) }.map(\.index)
        }
        figures.copyCount = Double(copies.reduce(0) { $0 + $1.count }) / Double(keys.count)
        figures.writes = try measured("the writes") { [self] in
            for (key, copies) in zip(keys, copies) {
                write(key, awaiting: copies, times: writes / keyCount)
            }
        }
        figures.hits = try reads(samples(keys, plan.sampleCount) { random.pick($0.holders) })
        if figures.holderCount < plan.leafCount / 2 {
            // So few that the share stays what it is.
            let count = min(plan.sampleCount, keyCount * max(1, figures.holderCount / 10))
            figures.misses = try reads(samples(keys, count) { pickLeaf(besides: $0) })
        }
        return figures
    }

    /// Every holder reads its keys, which the root has.
    private func fill(_ keys: [ScaleKey]) throws(ScaleFailure) {
        _ = try measured("the first writes") { [self] in
            for key in keys { write(key, at: tree.root, awaiting: [tree.root.index]) }
        }
        var readers = keys.flatMap { key in key.holders.map { (key, $0) } }
        random.shuffle(&readers)
        try finish("the copies") { [self] in
            for (number, (key, member)) in readers.enumerated() {
                world.after(microseconds: UInt64(number * 1000 / Self.fillsPerMillisecond)) {
                    [self] in client.get(key.name, expecting: key.value, at: member) { _ in }
                }
            }
        }
    }

    private func samples(
        _ keys: [ScaleKey], _ count: Int, _ member: (ScaleKey) -> ClusterMember
    ) -> [(ScaleKey, ClusterMember)] {
        (0..<count).map { number in
            let key = keys[number % keys.count]
            return (key, member(key))
        }
    }

    private func isHeld(_ key: ScaleKey, by member: ClusterMember) -> Bool {
        member.node?.copy(of: key.bytes).map { $0.isVerified && !$0.isTag && !$0.isAbsent } ?? false
    }

    // MARK: Whom to ask

    private func pickLeaf() -> ClusterMember { random.pick(tree.leaves) }

    private func pickLeaf(besides key: ScaleKey) -> ClusterMember {
        while true {
            let leaf = pickLeaf()
            if !isHeld(key, by: leaf) { return leaf }
        }
    }

    private func pickLeaves(_ count: Int) -> [ClusterMember] {
        var leaves = tree.leaves
        random.shuffle(&leaves)
        return Array(leaves.prefix(count))
    }

    // MARK: Requests

    /// Writes a key at one of its holders, `times` times, each time once the write before is
    /// everywhere: at the nodes `copies`.
    private func write(_ key: ScaleKey, awaiting copies: [Int], times: Int = 1) {
        write(key, at: random.pick(key.holders), awaiting: copies) { [self] in
            guard times > 1 else { return }
            // Not in step with anything that repeats.
            world.after(microseconds: 1 + UInt64(random.below(1000))) { [self] in
                write(key, awaiting: copies, times: times - 1)
            }
        }
    }

    private func write(
        _ key: ScaleKey, at member: ClusterMember, awaiting copies: [Int],
        onEverywhere: @escaping () -> Void = {}
    ) {
        writeCount += 1
        key.value = value(of: writeCount)
        spreads.append(
            ScaleSpread(
                of: key, to: copies, nodeCount: plan.nodeCount, start: now,
                onEverywhere: onEverywhere))
        client.put(key.name, key.value, at: member)
    }

    private func value(of number: Int) -> [UInt8] {
        let text = Array("w\(number);".utf8)
        return text + repeatElement(UInt8(ascii: "."), count: max(0, plan.valueBytes - text.count))
    }

    private func reads(
        _ samples: [(ScaleKey, ClusterMember)]
    ) throws(ScaleFailure) -> RequestFigures {
        var times: [UInt64] = []
        var figures = try measured("the reads") { [self] in
            for (number, (key, member)) in samples.enumerated() {
                world.after(microseconds: UInt64(number) * Self.paceMicroseconds) { [self] in
                    client.get(key.name, expecting: key.value, at: member) { times.append($0) }
                }
            }
        }
        figures.count = times.count
        figures.times = times
        return figures
    }

    // MARK: Counting

    /// Looks at the copies of those who have read something in the last event.
    private func look() {
        var hasNews = false
        tap.takeReaders { [self] reader in
            let member = tree.cluster.members[reader]
            for spread in spreads where spread.isCompleted(by: member) { hasNews = true }
        }
        guard hasNews else { return }
        let done = spreads.filter(\.isEverywhere)
        spreads.removeAll(where: \.isEverywhere)
        for spread in done {
            times.append(now - spread.start)
            spread.onEverywhere()
        }
    }

    /// Microseconds that the writes of the present part took.
    private var times: [UInt64] = []
    private var now: UInt64 { world.nowMicroseconds }
    private var pushCount: Int {
        tree.cluster.members.reduce(0) { $0 + Int($1.node?.counts.pushesSent ?? 0) }
    }

    /// Does `part`, waits until it is over, and tells what it cost.
    private func measured(
        _ noun: String, _ part: () -> Void
    ) throws(ScaleFailure) -> RequestFigures {
        let traffic = tap.traffic
        let pushes = pushCount
        let writes = writeCount
        times.removeAll()
        try finish(noun, part)
        return RequestFigures(
            writes: writeCount - writes, tap.traffic - traffic, pushes: pushCount - pushes, times)
    }

    /// Does `part`, and lets the world go on until all is answered, everywhere and at rest.
    private func finish(_ noun: String, _ part: () -> Void) throws(ScaleFailure) {
        tap.notesReaders = true
        part()
        let limit = world.nowMilliseconds + Self.partMillisecondsMax
        var restUntil: UInt64 = 0
        while world.nowMilliseconds <= limit, world.step() {
            look()
            if client.openCount > 0 || !spreads.isEmpty {
                restUntil = world.nowMilliseconds + settlingMilliseconds
            } else if world.nowMilliseconds > restUntil, restUntil > 0 {
                break
            }
        }
        tap.notesReaders = false
        if let problem = client.problem { throw ScaleFailure(description: problem) }
        if !spreads.isEmpty || client.openCount > 0 {
            throw ScaleFailure(
                description: "\(noun) take too long: \(client.openCount) answers and"
                    + " \(spreads.count) writes are awaited still")
        }
    }
}

extension RequestFigures {
    fileprivate init(writes: Int, _ traffic: RootTraffic, pushes: Int, _ times: [UInt64]) {
        self.init()
        count = writes
        let received = traffic.received.caused
        let sent = traffic.sent.caused
        framesReceived = received.frames
        framesSent = sent.frames
        bytesReceived = received.bytes
        bytesSent = sent.bytes
        rootPushes = traffic.sent.frames(.push)
        rootCommits = traffic.sent.frames(.commit)
        self.pushes = pushes
        self.times = times
    }
}
