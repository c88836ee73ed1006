import Simulation
import Testing
import UVHTTP

@testable import CacheNode

/// Troubles of a network: each is over in less than the time a parent has to answer, and they don't
/// follow each other at once.
private final class SimTrouble {
    private let tree: SimTree
    private var random: SimRandom
    private let end: UInt64

    init(_ tree: SimTree, seed: UInt64, milliseconds: UInt64) {
        self.tree = tree
        random = SimRandom(seed: seed)
        end = tree.world.nowMilliseconds + milliseconds
    }

    func begin() {
        let pause = 300 + UInt64(random.below(1500))
        tree.world.after(milliseconds: pause) { [self] in
            guard tree.world.nowMilliseconds < end else { return }
            let host = random.pick(tree.hosts)
            let duration = 1 + UInt64(random.oneIn(3) ? random.below(3000) : random.below(300))
            switch random.below(5) {
            case 0:
                for other in tree.hosts where other !== host { tree.world.network.cut(host, other) }
            case 1:
                let other = random.pick(tree.hosts)
                if other !== host { tree.world.network.cut(from: host, to: other) }
            case 2: host.loop.freeze()
            default: reset(host)
            }
            tree.world.after(milliseconds: duration) { [self] in
                tree.world.network.healAll()
                host.loop.thaw()
                begin()
            }
        }
    }

    private func reset(_ host: SimHost) {
        for stream in host.loop.openStreams where random.oneIn(2) { stream.reset() }
    }
}

@Suite struct NodeTreeTests {
    /// Lives through the history of a seed; its fingerprint.
    @discardableResult
    private func live(seed: UInt64) throws -> UInt64 {
        var random = SimRandom(seed: seed)
        let nodeCount = 2 + random.below(6)
        let queueMax = random.oneIn(4) ? 3 : 1000
        let tree = try SimTree(seed: seed, nodeCount: nodeCount, depth: 3) {
            $0.upwardQueueMax = queueMax
        }
        let latency = UInt64(50 + random.below(4000))
        tree.world.network.latencyMicroseconds = 50...(50 + latency)
        if random.oneIn(2) {
            for index in 0..<nodeCount {
                tree.world.after(milliseconds: UInt64(random.below(3000))) { tree.start(index) }
            }
        } else {
            tree.startInOrder()
        }
        let writers = (0..<(1 + random.below(4))).map { number in
            SimWriter(
                tree, name: "client-\(number)", nodeIndex: random.below(nodeCount), operations: 40,
                seed: random.next())
        }
        for writer in writers { writer.begin() }
        SimTrouble(tree, seed: random.next(), milliseconds: 15_000).begin()
        let isDone = tree.world.run(withinMilliseconds: 600_000) { writers.allSatisfy(\.isDone) }
        #expect(isDone, "seed \(seed): requests without an answer")
        tree.world.network.healAll()
        for host in tree.hosts { host.loop.thaw() }
        tree.world.run(forMilliseconds: 20_000)
        check(tree, writers, seed)
        return tree.world.fingerprint
    }

    private func check(_ tree: SimTree, _ writers: [SimWriter], _ seed: UInt64) {
        let checker = SimClient(tree.world.addHost("checker"))
        for index in tree.nodes.indices where index > 0 {
            let queued = tree.metric(checker, index, "canopy_upward_queued")
            #expect(queued == 0, "seed \(seed): NODE-\(index + 1) has writes left")
        }
        for writer in writers {
            #expect(writer.hasOneAnswerToEach, "seed \(seed)")
            if !writer.problems.isEmpty { Issue.record("seed \(seed): \(writer.problems)") }
            for (key, known) in writer.keys.sorted(by: { $0.key < $1.key }) {
                let answer = tree.ask(checker, .get, 0, "/kv/\(key)")
                #expect(answer.status == 200 || answer.status == 404)
                let value = SimWriter.value(of: answer)
                if !known.values.contains(value) {
                    Issue.record(
                        "seed \(seed): the root has \(SimWriter.text(value)) for \(key), \(known)")
                }
            }
        }
    }

    @Test(arguments: 0..<200) func everyAcknowledgedWriteReachesTheRoot(seed: UInt64) throws {
        try live(seed: seed)
    }

    @Test(arguments: [3, 77, 1001] as [UInt64]) func aSeedReplaysExactly(seed: UInt64) throws {
        let first = try live(seed: seed)
        let second = try live(seed: seed)
        #expect(first == second)
    }

    @Test func manyMissesOfAKeyAreOneRequestToTheParentAndOneToTheRoot() throws {
        let tree = try SimTree(seed: 5, nodeCount: 4, depth: 3)
        tree.startInOrder()
        let client = SimClient(tree.world.addHost("client"))
        #expect(tree.ask(client, .put, 0, "/kv/k", bytes("v")).status == 200)
        var answers: [SimAnswer] = []
        for _ in 0..<200 {
            client.send(HTTPClientRequest(.get, "/kv/k"), to: tree.hosts[3]) { answers.append($0) }
        }
        tree.world.run(withinMilliseconds: 10_000) { answers.count == 200 }
        let expected = SimAnswer(status: 200, text: "v", isMalformed: false)
        #expect(answers == Array(repeating: expected, count: 200))
        for (index, fills) in [(3, 1), (1, 1), (2, 0)] {
            #expect(tree.metric(client, index, "canopy_fills_total") == fills)
        }
        // Held on the way down: nobody climbs any more.
        #expect(tree.ask(client, .get, 1, "/kv/k").text == "v")
        #expect(tree.metric(client, 1, "canopy_fills_total") == 1)
    }
}
