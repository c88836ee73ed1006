import Simulation
import Testing
import UVHTTP

@testable import CacheNode

/// Whole nodes that lose their parents.
@Suite struct NodeAttachmentTests {
    private let client: SimClient
    private let tree: SimTree

    init() throws {
        tree = try SimTree(seed: 11, nodeCount: 9, depth: 4)
        tree.startInOrder()
        client = SimClient(tree.world.addHost("client"))
    }

    /// `NODE-4 by link`, as the node says it itself.
    private func parent(of slot: Int) -> String? {
        let text = tree.ask(client, .get, slot - 1, "/readyz?verbose").text
        let line = text.split(separator: "\n").first { $0.hasPrefix("[+]attached to ") }
        guard let words = line?.split(separator: " "), words.count > 5 else { return nil }
        return "\(words[2]) \(words[5]) \(words[6].prefix { $0 != "," })"
    }

    /// Milliseconds until the node in `slot` has this parent.
    private func wait(_ slot: Int, for parent: String, within milliseconds: UInt64) -> UInt64? {
        let start = tree.world.nowMilliseconds
        while tree.world.nowMilliseconds <= start + milliseconds {
            if self.parent(of: slot) == parent { return tree.world.nowMilliseconds - start }
            tree.world.run(forMilliseconds: 20)
        }
        Issue.record("NODE-\(slot) has the parent \(self.parent(of: slot) ?? "none")")
        return nil
    }

    @Test func everyNodeIsAttachedToItsParentByLink() {
        for slot in 2...9 { #expect(parent(of: slot) == "NODE-\(slot / 2) by link") }
        tree.world.run(forMilliseconds: 1_500)
        let nodes = tree.ask(client, .get, 8, "/nodes").text
        #expect(
            nodes.contains(
                #""state":"live","last_seen_seconds":0,"depth":4,"parent":"NODE-4","by":"link","#
                    + #""coherence":"push"}"#))
        #expect(
            tree.ask(client, .get, 8, "/readyz?verbose").text.contains(
                "[ ]ancestors NODE-4 at 10.0.0.4:5000, NODE-2 at 10.0.0.2:5000,"
                    + " NODE-1 at 10.0.0.1:5000\nready\n"))
    }

    @Test(arguments: [SimCrash.silent, .closing, .resetting])
    func childrenOfACrashedNodeAttachToTheNearestLiveAncestor(crash: SimCrash) throws {
        tree.hosts[3].crash(crash)
        for slot in [8, 9] {
            let took = wait(slot, for: "NODE-2 by link", within: 2_000)
            #expect(took ?? .max <= (crash == .silent ? 2_000 : 500))
        }
        #expect(tree.ask(client, .put, 8, "/kv/k?ack=root", bytes("v")).status == 200)
        tree.world.run(forMilliseconds: 5_000)
        #expect(
            tree.ask(client, .get, 8, "/nodes").text.contains(#""state":"gone","gone_seconds""#))
        try tree.restart(3)
        for slot in [8, 9] { _ = wait(slot, for: "NODE-4 by link", within: 4_000) }
        #expect(tree.ask(client, .get, 7, "/kv/k").text == "v")
    }

    @Test func twoDeadAncestorsAreLeapt() {
        tree.hosts[3].crash(.silent)
        tree.hosts[1].crash(.silent)
        _ = wait(9, for: "NODE-1 by link", within: 2_000)
        _ = wait(5, for: "NODE-1 by link", within: 2_000)
        #expect(tree.ask(client, .put, 8, "/kv/k?ack=root", bytes("v")).status == 200)
    }

    @Test func aNodeThatIsCutOffSaysSoAndServesWhatItHas() {
        #expect(tree.ask(client, .put, 8, "/kv/k?ack=root", bytes("v")).status == 200)
        for host in tree.hosts where host !== tree.hosts[8] {
            tree.world.network.cut(host, tree.hosts[8])
        }
        tree.world.run(forMilliseconds: 5_000)
        let ready = tree.ask(client, .get, 8, "/readyz")
        #expect(ready.status == 503)
        #expect(ready.text.contains("no ancestor answers"))
        #expect(tree.ask(client, .get, 8, "/kv/k").text == "v")
        #expect(tree.ask(client, .put, 8, "/kv/l?ack=local", bytes("w")).status == 200)
        tree.world.network.healAll()
        _ = wait(9, for: "NODE-4 by link", within: 3_000)
        tree.world.run(forMilliseconds: 1_000)
        #expect(tree.ask(client, .get, 0, "/kv/l").text == "w")
    }

    @Test func childrenOfANodeThatStopsLeaveAtOnce() {
        tree.nodes[3].stop {}
        tree.world.run(forMilliseconds: 300)
        for slot in [8, 9] { #expect(parent(of: slot) == "NODE-2 by link") }
    }
}
