import Simulation
import Testing
import UVHTTP
import ZooKeeper

@testable import CacheNode

/// Troubles of an ensemble, of the nodes that use it, and of people with a ZooKeeper client.
private final class RegistryTrouble {
    private let test: RegistryTree
    private var random: SimRandom
    private let end: UInt64
    private(set) var rootCount = 1

    init(_ test: RegistryTree, seed: UInt64, milliseconds: UInt64) {
        self.test = test
        random = SimRandom(seed: seed)
        end = test.world.nowMilliseconds + milliseconds
    }

    func begin() {
        test.world.after(milliseconds: UInt64(random.below(1_200))) { [self] in
            guard test.world.nowMilliseconds < end else { return }
            cause()
            begin()
        }
    }

    private func cause() {
        let server = random.below(test.zooKeeper.hosts.count)
        let index = random.below(test.tree.nodes.count)
        switch random.below(9) {
        case 0: restartServer(server)
        case 1:
            test.zooKeeper.freeze(server)
            after(4_000) { $0.zooKeeper.thaw(server) }
        case 2:
            if let session = test.zooKeeper.sessionIDs.min() { test.zooKeeper.expire(session) }
        case 3: test.zooKeeper.closeConnections(server)
        case 4:
            test.world.network.cut(test.tree.hosts[index], test.zooKeeper.hosts[server])
            after(3_000) { $0.world.network.healAll() }
        case 5:
            if index == 0 { rootCount += 1 }
            // Its failure would be told by `onFailure`.
            try? test.tree.restart(index)
        case 6: meddle()
        default: test.zooKeeper.cutNextConnection(afterWriting: random.below(2_000))
        }
    }

    private func restartServer(_ server: Int) {
        guard test.zooKeeper.hosts[server].isUp else { return }
        test.zooKeeper.stop(server, random.oneIn(2) ? .silent : .closing)
        after(3_000) { $0.zooKeeper.start(server) }
    }

    /// Deletes or changes something that the nodes keep.
    private func meddle() {
        let paths = test.zooKeeper.nodes.keys.filter {
            $0.hasPrefix("/NODE-1") || $0.hasPrefix("/canopy/live/") || $0 == "/canopy/root"
        }
        guard let path = paths.sorted().randomElement(using: &random) else { return }
        if random.oneIn(2) || !path.hasPrefix("/NODE-1") {
            test.person.delete(path) { _ in }
        } else {
            test.person.set(path, data: bytes("{}")) { _ in }
        }
    }

    private func after(_ milliseconds: Int, _ body: @escaping (RegistryTree) -> Void) {
        test.world.after(milliseconds: 1 + UInt64(random.below(milliseconds))) { [test] in
            body(test)
        }
    }
}

@Suite struct RegistryChaosTests {
    /// After every trouble the record has the tree, each node in the slot it had, and everybody is
    /// known to live.
    @Test(arguments: 0..<30) func everythingHeals(seed: UInt64) throws {
        var random = SimRandom(seed: seed)
        let count = 2 + random.below(5)
        let test = try RegistryTree(
            seed: seed, nodeCount: count, serverCount: random.oneIn(2) ? 1 : 3)
        var failures: [String] = []
        test.tree.onFailure = { failures.append("\($0): \($1)") }
        test.tree.startInOrder()
        let firstEpoch = Int(test.data("/canopy/epoch") ?? "") ?? 0
        let trouble = RegistryTrouble(test, seed: random.next(), milliseconds: 20_000)
        trouble.begin()
        test.world.run(forMilliseconds: 26_000)
        test.world.network.healAll()
        for server in test.zooKeeper.hosts.indices where !test.zooKeeper.hosts[server].isUp {
            test.zooKeeper.start(server)
        }
        let isHealed = (0..<300).contains { _ in
            test.world.run(forMilliseconds: 100)
            return test.tree.nodes.allSatisfy(\.isPlaced) && isRecorded(test, count)
        }
        #expect(isHealed, "seed \(seed)")
        #expect(failures.isEmpty, "seed \(seed): \(failures)")
        test.world.run(forMilliseconds: 5_000)
        #expect(isRecorded(test, count), "seed \(seed)")
        for slot in 1...count {
            #expect(test.state("NODE-\(slot)") == "live", "seed \(seed)")
        }
        let structure = test.tree.ask(test.client, .get, 0, "/nodes/structure").text
        let names = (1...count).map { "\"NODE-\($0)\"" }.joined(separator: ",")
        #expect(structure.hasPrefix(#"{"binary_tree_array":[\#(names)"#), "seed \(seed)")
        let epoch = Int(test.data("/canopy/epoch") ?? "") ?? 0
        #expect(epoch >= firstEpoch, "seed \(seed)")
        if trouble.rootCount > 1 { #expect(epoch > firstEpoch, "seed \(seed)") }
    }

    /// Whether ZooKeeper has exactly this tree, and an ephemeral of every node that lives.
    private func isRecorded(_ test: RegistryTree, _ count: Int) -> Bool {
        let sessions = Set(test.zooKeeper.sessionIDs)
        func isLive(_ path: String) -> Bool {
            test.zooKeeper.nodes[path].map { sessions.contains($0.owner) } ?? false
        }
        let paths = test.treePaths()
        guard isLive("/canopy/root"), paths.count == count else { return false }
        return (1...count).allSatisfy { slot in
            isLive("/canopy/live/NODE-\(slot)")
                && paths.contains {
                    $0.hasSuffix("/NODE-\(slot)") && test.data($0) == test.record(slot)
                }
        }
    }
}
