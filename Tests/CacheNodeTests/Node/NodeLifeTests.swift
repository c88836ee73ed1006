import Simulation
import Testing
import UVHTTP

@testable import CacheNode

@Suite struct NodeLifeTests {
    @Test func aNodeThatIsStoppedAtOnceNeverListens() throws {
        let tree = try SimTree(seed: 1, nodeCount: 1, depth: 1)
        let client = SimClient(tree.world.addHost("client"))
        var stops = 0
        tree.start(0)
        tree.nodes[0].stop { stops += 1 }
        tree.world.run(forMilliseconds: 100)
        #expect(stops == 1)
        #expect(tree.ask(client, .get, 0, "/livez").status == 0)
        tree.world.run(forMilliseconds: 20_000)
        #expect(stops == 1)
    }

    @Test func stoppingLetsTheWritesThatWaitReachTheParent() throws {
        let tree = try SimTree(seed: 2, nodeCount: 2, depth: 2)
        tree.startInOrder()
        let client = SimClient(tree.world.addHost("client"))
        tree.world.network.cut(tree.hosts[0], tree.hosts[1])
        for number in 0..<20 {
            let target = "/kv/k\(number)?wait_propagate=0"
            #expect(tree.ask(client, .put, 1, target, bytes("v")).status == 200)
        }
        var isStopped = false
        tree.nodes[1].stop { isStopped = true }
        tree.world.run(forMilliseconds: 1000)
        #expect(!isStopped)
        tree.world.network.healAll()
        #expect(tree.world.run(withinMilliseconds: 9_000) { isStopped })
        for number in 0..<20 {
            #expect(tree.ask(client, .get, 0, "/kv/k\(number)").text == "v")
        }
    }

    @Test func stoppingEndsInTimeWithoutTheParent() throws {
        let tree = try SimTree(seed: 3, nodeCount: 2, depth: 2)
        tree.startInOrder()
        let client = SimClient(tree.world.addHost("client"))
        tree.world.network.cut(tree.hosts[0], tree.hosts[1])
        #expect(tree.ask(client, .put, 1, "/kv/k?wait_propagate=0", bytes("v")).status == 200)
        var isStopped = false
        tree.nodes[1].stop { isStopped = true }
        #expect(tree.world.run(withinMilliseconds: Node.stopMilliseconds + 100) { isStopped })
    }

    /// Not even with a reader, a writer and a stop that wait.
    @Test func nothingIsLeftOfANodeWhoseWorldHasEnded() throws {
        weak var node: Node?
        weak var keyspace: Keyspace?
        do {
            let tree = try SimTree(seed: 5, nodeCount: 2, depth: 2)
            tree.startInOrder()
            node = tree.nodes[1]
            keyspace = node?.keyspace
            let client = SimClient(tree.world.addHost("client"))
            tree.world.network.cut(tree.hosts[0], tree.hosts[1])
            for request in [
                HTTPClientRequest(.get, "/kv/read"),
                HTTPClientRequest(.put, "/kv/written?ack=root", body: bytes("v")),
            ] {
                client.send(request, to: tree.hosts[1]) { _ in }
            }
            tree.world.run(forMilliseconds: 100)
            #expect(node?.queuedCount == 1 && keyspace?.fills.count == 1)
            node?.stop {}
            tree.world.run(forMilliseconds: 10)
        }
        #expect(node == nil && keyspace == nil)
    }

    /// A child waits for a root that isn't up, and says why.
    @Test func aChildWaitsForItsRoot() throws {
        let tree = try SimTree(seed: 4, nodeCount: 2, depth: 2)
        let client = SimClient(tree.world.addHost("client"))
        tree.start(1)
        tree.world.run(forMilliseconds: 5000)
        let ready = tree.ask(client, .get, 1, "/readyz")
        #expect(ready.status == 503)
        #expect(ready.text.contains("connection refused"))
        #expect(tree.ask(client, .put, 1, "/kv/k", bytes("v")).status == 503)
        #expect(tree.ask(client, .put, 1, "/kv/k?wait_propagate=0", bytes("v")).status == 200)
        #expect(tree.ask(client, .get, 1, "/kv/k").text == "v")
        tree.start(0)
        tree.world.run(forMilliseconds: 5000)
        #expect(tree.ask(client, .get, 1, "/readyz").status == 200)
        #expect(tree.ask(client, .get, 0, "/kv/k").text == "v")
    }

    /// What an earlier root calls the parent becomes a host's name: not every text is one.
    @Test(arguments: [
        (#"{"path":"/NODE-1/NODE 2"}"#, 503), (#"{"path":"/NODE-1/a:b"}"#, 503),
        (#"{"path":"/NODE-1/x\r\nHost: y"}"#, 503), (#"{"path":"/NODE-1"}"#, 200),
        (#"{"path":"/NODE-1/NODE-2"}"#, 200),
    ]) func anEarlierRootIsNotTrustedWithNames(body: String, readiness: Int) throws {
        let tree = try SimTree(seed: 6, nodeCount: 2, depth: 2)
        let client = SimClient(tree.world.addHost("client"))
        let root = try StandInNode(on: tree.hosts[0]) {
            $0 == "GET /nodes/parent/NODE-2" ? (200, body) : (404, "{}")
        }
        tree.start(1)
        tree.world.run(forMilliseconds: 2000)
        #expect(tree.ask(client, .get, 1, "/readyz").status == readiness)
        #expect(root.requests.prefix(2) == ["POST /nodes", "GET /nodes/parent/NODE-2"])
    }
}
