import Simulation
import Testing
import UVHTTP
import ZooKeeper

@testable import CacheNode

/// Whole nodes and a simulated ZooKeeper.
@Suite struct NodeRegistryTests {
    @Test func theTreeIsRecordedAsItIs() throws {
        let test = try RegistryTree(nodeCount: 5)
        test.tree.startInOrder()
        test.world.run(forMilliseconds: 200)
        let paths = [
            "/NODE-1", "/NODE-1/NODE-2", "/NODE-1/NODE-2/NODE-4", "/NODE-1/NODE-2/NODE-5",
            "/NODE-1/NODE-3",
        ]
        #expect(test.treePaths() == paths)
        for path in paths {
            let slot = Int(path.suffix(1)) ?? 0
            #expect(test.data(path) == test.record(slot))
            #expect(test.zooKeeper.nodes[path]?.owner == 0)
            let live = test.zooKeeper.nodes["/canopy/live/NODE-\(slot)"]
            #expect(test.zooKeeper.sessionIDs.contains(live?.owner ?? 0))
            let session = RegistryRecord.text(session: live?.owner ?? 0)
            #expect(
                test.data("/canopy/live/NODE-\(slot)")
                    == test.record(slot).dropLast() + #","session":"\#(session)"}"#)
            #expect(test.nodes().contains(#""session":"\#(session)""#))
        }
        #expect(test.data("/canopy/root")?.contains(#""name":"NODE-1""#) == true)
        let epoch = UInt32(test.data("/canopy/epoch") ?? "")
        #expect(epoch.map(Int.init) ?? 0 >= test.world.unixSecondsAtStart)
        let ready = test.tree.ask(test.client, .get, 3, "/readyz?verbose").text
        #expect(ready.contains("[+]zookeeper connected to zk1:2181, session 0x"))
    }

    @Test func numberedNodesHaveNumberedZnodes() throws {
        let test = try RegistryTree(nodeCount: 4) { $0.layout = .numbered }
        test.tree.startInOrder()
        test.world.run(forMilliseconds: 200)
        #expect(test.treePaths(below: "/1") == ["/1", "/1/2", "/1/2/4", "/1/3"])
        #expect(test.data("/1/2/4") == test.record(4))
    }

    @Test func childrenFindTheirRootInZooKeeper() throws {
        let test = try RegistryTree(nodeCount: 3) {
            guard !$0.isRoot else { return }
            $0.root = nil
            $0.findsRoot = true
        }
        // Before there is a root at all.
        test.tree.start(2)
        test.world.run(forMilliseconds: 3_000)
        #expect(
            test.tree.ask(test.client, .get, 2, "/readyz").text.contains(
                "the root, wherever it is"))
        test.tree.startInOrder(besides: [2])
        test.wait(for: "NODE-3") { test.tree.nodes[2].isPlaced }
        #expect(test.tree.ask(test.client, .put, 2, "/kv/k?ack=root", bytes("v")).status == 200)
    }

    /// The same name, another address: as when a container is started on another machine.
    @Test func childrenFollowARootThatMoves() throws {
        let test = try RegistryTree(nodeCount: 3)
        test.tree.startInOrder()
        test.tree.hosts[0].crash(.silent)
        let index = try test.tree.add("NODE-1", hostName: "elsewhere") {
            RegistryTree.prepare(&$0, test.zooKeeper.connectString)
            $0.root = nil
        }
        test.tree.start(index)
        test.world.run(forMilliseconds: 300)
        let waiting = test.tree.ask(test.client, .get, index, "/readyz")
        #expect(waiting.status == 503)
        #expect(waiting.text.contains("NODE-1 at 10.0.0.1:5000 is the root already"))
        #expect(test.tree.ask(test.client, .get, index, "/livez").status == 200)
        for child in [1, 2] {
            test.wait(for: "NODE-\(child + 1)", milliseconds: 10_000) {
                test.tree.nodes[child].attachedEndpoint == test.tree.hosts[index].addresses[0]
            }
        }
        let structure = test.tree.ask(test.client, .get, index, "/nodes/structure").text
        #expect(structure.contains(#"["NODE-1","NODE-2","NODE-3",null,"#))
    }

    @Test func aRootThatRestartsFindsEveryNodeInItsSlot() throws {
        let test = try RegistryTree(nodeCount: 5)
        test.tree.startInOrder()
        let epoch = Int(test.data("/canopy/epoch") ?? "") ?? 0
        for host in test.tree.hosts { host.crash(.closing) }
        try test.tree.restart(0)
        test.wait(for: "the root") {
            test.tree.ask(test.client, .get, 0, "/readyz").status == 200
        }
        #expect(Int(test.data("/canopy/epoch") ?? "") ?? 0 > epoch)
        for index in [4, 2, 3, 1] {
            try test.tree.restart(index)
            test.wait(for: "NODE-\(index + 1)") { test.tree.nodes[index].parentName != nil }
        }
        let structure = test.tree.ask(test.client, .get, 0, "/nodes/structure").text
        #expect(
            structure
                == #"{"binary_tree_array":["NODE-1","NODE-2","NODE-3","NODE-4","NODE-5",null,null]}"#
        )
        #expect(test.treePaths().count == 5)
    }

    @Test func aNodeThatDiesIsGoneWithinTheSessionTimeout() throws {
        let test = try RegistryTree(nodeCount: 4)
        test.tree.startInOrder()
        test.tree.hosts[3].crash(.silent)
        test.world.run(forMilliseconds: UInt64(RegistryTree.timeoutMilliseconds) + 200)
        #expect(test.state("NODE-4") == "gone")
        #expect(test.state("NODE-2") == "live")
        #expect(test.data("/NODE-1/NODE-2/NODE-4") == test.record(4))
        try test.tree.restart(3)
        test.wait(for: "NODE-4", milliseconds: 5_000) { test.state("NODE-4") == "live" }
    }

    /// The session of the process before lives on for a while.
    @Test func aNodeThatRestartsQuicklyReplacesItsOwnEphemeral() throws {
        let test = try RegistryTree(nodeCount: 2)
        test.tree.startInOrder()
        let before = test.zooKeeper.nodes["/canopy/live/NODE-2"]?.owner
        try test.tree.restart(1)
        test.wait(for: "another ephemeral", milliseconds: 1_000) {
            let owner = test.zooKeeper.nodes["/canopy/live/NODE-2"]?.owner
            return owner != nil && owner != before
        }
        test.world.run(forMilliseconds: 5_000)
        #expect(test.zooKeeper.nodes["/canopy/live/NODE-2"] != nil)
        #expect(test.state("NODE-2") == "live")
    }

    @Test func aNameThatALiveProcessHoldsIsRefused() throws {
        let test = try RegistryTree(nodeCount: 3)
        test.tree.startInOrder()
        let other = try test.tree.add("NODE-3", hostName: "other") {
            RegistryTree.prepare(&$0, test.zooKeeper.connectString)
        }
        test.tree.start(other)
        test.world.run(forMilliseconds: 4_000)
        let ready = test.tree.ask(test.client, .get, other, "/readyz")
        #expect(ready.status == 503)
        #expect(
            ready.text.contains(
                "409: a live process at 10.0.0.3:5000 has the name NODE-3 (ZooKeeper session 0x"))
        #expect(test.tree.nodes[2].isPlaced)
        #expect(test.data("/NODE-1/NODE-3") == test.record(3))
        // When it has ended, the other takes its place.
        test.tree.hosts[2].crash(.silent)
        test.wait(for: "the other", milliseconds: 8_000) { test.tree.nodes[other].isPlaced }
        test.world.run(forMilliseconds: 500)
        #expect(test.data("/NODE-1/NODE-3")?.contains(test.tree.hosts[other].addresses[0]) == true)
    }

    @Test func znodesDeletedOrChangedByHandAreMadeAgain() throws {
        let test = try RegistryTree(nodeCount: 4)
        test.tree.startInOrder()
        test.world.run(forMilliseconds: 500)
        for path in ["/NODE-1/NODE-2/NODE-4", "/NODE-1/NODE-2", "/canopy/live/NODE-3"] {
            test.person.delete(path) { #expect((try? $0.get()) != nil) }
        }
        test.person.set("/NODE-1/NODE-3", data: bytes("{}")) { #expect((try? $0.get()) != nil) }
        test.person.create("/NODE-1/mine") { #expect((try? $0.get()) != nil) }
        test.person.delete("/canopy/root") { #expect((try? $0.get()) != nil) }
        test.world.run(forMilliseconds: 1_000)
        for (path, slot) in [
            ("/NODE-1/NODE-2", 2), ("/NODE-1/NODE-2/NODE-4", 4), ("/NODE-1/NODE-3", 3),
        ] {
            #expect(test.data(path) == test.record(slot))
        }
        #expect(test.zooKeeper.nodes["/canopy/live/NODE-3"] != nil)
        #expect(test.zooKeeper.nodes["/canopy/root"] != nil)
        #expect(test.zooKeeper.nodes["/NODE-1/mine"] != nil)
        #expect(test.tree.ask(test.client, .get, 0, "/readyz").status == 200)
    }

    // MARK: Loss

    @Test func withoutZooKeeperTheCacheGoesOnAndTheTopologyFreezes() throws {
        let test = try RegistryTree(nodeCount: 4)
        test.tree.startInOrder()
        test.zooKeeper.stop(0)
        test.world.run(forMilliseconds: 10_000)
        #expect(test.tree.ask(test.client, .put, 3, "/kv/k?ack=root", bytes("v")).status == 200)
        #expect(test.tree.ask(test.client, .get, 2, "/kv/k").text == "v")
        #expect(test.tree.ask(test.client, .get, 3, "/readyz").status == 200)
        #expect(
            test.tree.ask(test.client, .get, 3, "/readyz?verbose").text.contains(
                "[-]zookeeper away for"))
        // A node that is known comes back, one that isn't has to wait.
        try test.tree.restart(3)
        test.wait(for: "NODE-4", milliseconds: 3_000) { test.tree.nodes[3].isPlaced }
        let late = try test.tree.add("NODE-5") {
            RegistryTree.prepare(&$0, test.zooKeeper.connectString)
        }
        test.tree.start(late)
        test.world.run(forMilliseconds: 3_000)
        let ready = test.tree.ask(test.client, .get, late, "/readyz")
        #expect(ready.text.contains("503: ZooKeeper, where the tree is recorded, can't be reached"))
        test.zooKeeper.start(0)
        test.wait(for: "NODE-5", milliseconds: 10_000) { test.tree.nodes[late].isPlaced }
        test.world.run(forMilliseconds: 3_000)
        #expect(test.treePaths().count == 5)
        for slot in 1...5 {
            #expect(test.zooKeeper.nodes["/canopy/live/NODE-\(slot)"] != nil)
            #expect(test.state("NODE-\(slot)") == "live")
        }
    }

    @Test(arguments: 0..<4) func anExpiredSessionRegistersAgainUnderTheSameSlot(index: Int) throws {
        let test = try RegistryTree(nodeCount: 4)
        test.tree.startInOrder()
        let path = index == 0 ? "/canopy/root" : "/canopy/live/NODE-\(index + 1)"
        let owner = test.zooKeeper.nodes[path]?.owner ?? 0
        let epoch = test.data("/canopy/epoch")
        test.zooKeeper.expire(owner)
        test.wait(for: "another session", milliseconds: 3_000) {
            let now = test.zooKeeper.nodes[path]?.owner
            return now != nil && now != owner
        }
        test.world.run(forMilliseconds: 2_000)
        #expect(test.data("/canopy/epoch") == epoch)
        for slot in 1...4 { #expect(test.state("NODE-\(slot)") == "live") }
        #expect(test.treePaths().count == 4)
    }

    /// A root that was cut off until another began must not come back.
    @Test func aRootThatAnotherHasFollowedEnds() throws {
        let test = try RegistryTree(nodeCount: 1)
        test.tree.startInOrder()
        let second = try test.tree.add("NODE-1", hostName: "second") {
            RegistryTree.prepare(&$0, test.zooKeeper.connectString)
            $0.root = nil
        }
        test.tree.start(second)
        test.world.network.cut(test.tree.hosts[0], test.zooKeeper.hosts[0])
        test.wait(for: "the second root", milliseconds: 10_000) {
            test.tree.ask(test.client, .get, second, "/readyz").status == 200
        }
        var failure: String?
        test.tree.onFailure = { index, error in if index == 0 { failure = error.description } }
        test.world.network.healAll()
        test.wait(for: "the first to end", milliseconds: 10_000) { failure != nil }
        #expect(failure?.contains("another root has begun") == true)
    }
}
