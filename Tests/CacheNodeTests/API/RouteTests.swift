import Simulation
import Testing
import UVHTTP

@testable import CacheNode

/// Asks the nodes of a simulated tree, and reads whole answers.
private final class RouteProbe {
    let tree: SimTree
    private let host: SimHost
    private let client: HTTPClient

    init(seed: UInt64, nodeCount: Int, mode: CoherenceMode) throws {
        tree = try SimTree(seed: seed, nodeCount: nodeCount, depth: 3) { $0.policy.mode = mode }
        tree.startInOrder()
        host = tree.world.addHost("probe")
        client = HTTPClient(loop: host.loop, limits: HTTPLimits())
    }

    /// `index` counts from 0; `fields` are lines without their ends.
    func ask(
        _ method: HTTPMethod, _ index: Int, _ target: String, _ fields: String..., body: String = ""
    ) -> Answer {
        var request = HTTPClientRequest(method, target, body: Array(body.utf8))
        request.fieldLines = fields.flatMap { Array("\($0)\r\n".utf8) }
        var answer = Answer()
        host.loop.schedule { [self] in
            client.send(
                request, to: tree.hosts[index].endpoint(port: SimTree.port),
                timeoutMilliseconds: 60_000
            ) { result in
                if case .success(let response) = result { answer = Answer(response) }
            }
        }
        tree.world.run(withinMilliseconds: 70_000) { answer.status != 0 }
        return answer
    }
}

private struct Answer {
    var status = 0
    var body = ""
    var tag = ""
    var age = ""
    var bound = ""
    var way = ""
    var type = ""

    init() {}

    init(_ response: HTTPClientResponse) {
        func field(_ name: StaticString) -> String {
            response.field(name).map { String(decoding: $0, as: UTF8.self) } ?? ""
        }
        status = response.status
        body = String(decoding: response.body, as: UTF8.self)
        tag = field("etag")
        age = field("age")
        bound = field("staleness-bound")
        way = field("cache-status")
        type = field("content-type")
    }
}

@Suite struct RouteTests {
    private static let apis = ["kv", "store"]
    private static let bodies = ["kv": "x", "store": #"{"value":"x"}"#]

    @Test(arguments: apis) func everyAnswerToAReadExplainsItself(api: String) throws {
        let probe = try RouteProbe(seed: 1, nodeCount: 4, mode: .push)
        let written = probe.ask(.put, 0, "/\(api)/k", body: Self.bodies[api] ?? "")
        #expect(written.status == 200 && !written.tag.isEmpty)
        let cold = probe.ask(.get, 3, "/\(api)/k")
        #expect(cold.tag == written.tag)
        #expect(
            cold.way
                == "NODE-1; hit, NODE-2; fwd=uri-miss; stored, NODE-4; fwd=uri-miss; stored")
        for method in [HTTPMethod.get, .head] {
            let warm = probe.ask(method, 3, "/\(api)/k")
            #expect(warm.status == 200)
            #expect(warm.body.isEmpty == (method == .head))
            #expect(warm.tag == written.tag && warm.age == "0")
            #expect(warm.bound.hasPrefix("0.") && warm.bound.utf8.count == 5)
            #expect(warm.way == "NODE-4; hit; ttl=9")
        }
        let unchanged = probe.ask(.get, 3, "/\(api)/k", "If-None-Match: \(written.tag)")
        #expect(unchanged.status == 304)
        #expect(unchanged.tag == written.tag && unchanged.way == "NODE-4; hit; ttl=9")
        let failed = probe.ask(.get, 3, "/\(api)/k", "If-Match: \"1.1\"")
        #expect(failed.status == 412 && failed.tag == written.tag)
        #expect(failed.body.contains("If-Match"))
        let missing = probe.ask(.get, 3, "/\(api)/none", "If-None-Match: *")
        #expect(missing.status == 404)
        #expect(missing.way.hasPrefix("NODE-1; hit, NODE-2; fwd=uri-miss"))
        #expect(probe.ask(.get, 3, "/\(api)/k", "If-Match: k").status == 400)
    }

    @Test(arguments: apis) func aReaderWhoWantsItFresherGetsItFromTheRoot(api: String) throws {
        let probe = try RouteProbe(seed: 2, nodeCount: 4, mode: .ttl)
        #expect(probe.ask(.put, 0, "/\(api)/k", body: Self.bodies[api] ?? "").status == 200)
        #expect(probe.ask(.get, 1, "/\(api)/k").status == 200)
        probe.tree.world.run(forMilliseconds: 3_000)
        let old = probe.ask(.get, 1, "/\(api)/k", "Cache-Control: max-age=4, min-fresh=6")
        #expect(old.way == "NODE-2; hit; ttl=6" && old.age == "3")
        // NODE-4 asks NODE-2, whose copy is too old, and so it asks the root.
        let fresher = probe.ask(.get, 3, "/\(api)/k", "Cache-Control: max-age=1")
        #expect(fresher.age == "0")
        #expect(fresher.way.hasPrefix("NODE-1; hit, NODE-2; fwd=request"))
        probe.tree.world.run(forMilliseconds: 3_000)
        let longer = probe.ask(.get, 3, "/\(api)/k", "Cache-Control: min-fresh=8")
        #expect(longer.way.hasPrefix("NODE-1; hit"))
        let asked = probe.ask(.get, 3, "/\(api)/k", "cache-control: foo, NO-CACHE")
        #expect(asked.way.hasSuffix("NODE-4; fwd=request; stored"))
        let held = probe.ask(.get, 3, "/\(api)/k", "Cache-Control: only-if-cached, max-age=1")
        #expect(held.way == "NODE-4; hit; ttl=9")
        probe.tree.world.run(forMilliseconds: 2_000)
        let tooOld = probe.ask(.get, 3, "/\(api)/k", "Cache-Control: only-if-cached, max-age=1")
        #expect(tooOld.status == 504 && tooOld.body.contains("only-if-cached"))
        #expect(probe.ask(.get, 0, "/\(api)/x", "Cache-Control: only-if-cached").status == 404)
    }

    @Test(arguments: apis) func theRootDecidesConditionalWrites(api: String) throws {
        let probe = try RouteProbe(seed: 3, nodeCount: 4, mode: .push)
        let body = Self.bodies[api] ?? ""
        for index in [0, 3] {
            let target = "/\(api)/k\(index)"
            let first = probe.ask(.put, index, target, "If-None-Match: *", body: body)
            #expect(first.status == 200 && !first.tag.isEmpty)
            let again = probe.ask(.put, index, target, "If-None-Match: *", body: body)
            #expect(again.status == 412)
            #expect(again.body.contains("nothing was changed"))
            #expect(probe.ask(.delete, index, target, "If-Match: \"1.1\"").status == 412)
            #expect(probe.ask(.delete, index, target, "If-Match: \"x\"").status == 412)
            let lists = probe.ask(.delete, index, target, "If-Match: \"1.1\", \"1.2\"")
            #expect(lists.status == 400)
            #expect(probe.ask(.delete, index, target, "If-Match: \(first.tag)").status == 200)
            #expect(probe.ask(.get, index, target).status == 404)
        }
    }

    @Test func anAckChoosesWhatAWriteWaitsFor() throws {
        let probe = try RouteProbe(seed: 4, nodeCount: 4, mode: .push)
        let committed = probe.ask(.put, 3, "/kv/k?ack=root", body: "x")
        #expect(committed.status == 200 && !committed.tag.isEmpty)
        #expect(probe.ask(.get, 0, "/kv/k").tag == committed.tag)
        for query in ["ack=parent", "ack=parent&wait_propagate=1", "ack=local&wait_propagate=0"] {
            let written = probe.ask(.put, 3, "/kv/k?\(query)", body: "x")
            #expect(written.status == 200 && written.tag.isEmpty)
        }
        for query in ["ack=local&wait_propagate=1", "ack=root&wait_propagate=0", "ack=", "ack=x"] {
            let refused = probe.ask(.delete, 3, "/kv/k?\(query)")
            #expect(refused.status == 400 && refused.body.contains("ack"))
        }
        let contradiction = probe.ask(
            .put, 3, "/store/k?ack=root", body: #"{"value":1,"wait_for_parent":false}"#)
        #expect(contradiction.status == 400)
        #expect(contradiction.body.contains("ack=root and wait_for_parent contradict each other"))
        #expect(probe.ask(.delete, 3, "/store/k?ack=local&wait_for_parent=no").status == 200)
        #expect(probe.ask(.delete, 3, "/store/k?ack=local&wait_for_parent=yes").status == 400)
    }

    @Test func changesOfModeSyncGoOutWhenAskedFor() throws {
        let probe = try RouteProbe(seed: 5, nodeCount: 4, mode: .sync)
        #expect(probe.ask(.put, 0, "/kv/k", body: "old").status == 200)
        #expect(probe.ask(.get, 3, "/kv/k").body == "old")
        // The round that this waits out leaves the next one a second away.
        probe.tree.world.run(forMilliseconds: 1_000)
        #expect(probe.ask(.put, 0, "/kv/k", body: "older").status == 200)
        let isDue = (0..<200).contains { _ in
            probe.tree.world.run(forMilliseconds: 10)
            return probe.ask(.get, 3, "/kv/k").body == "older"
        }
        #expect(isDue)
        #expect(probe.ask(.put, 0, "/kv/k", body: "new").status == 200)
        #expect(probe.ask(.get, 3, "/kv/k").body == "older")
        let done = probe.ask(.post, 3, "/synchronize")
        #expect(done.status == 204 && done.body.isEmpty)
        probe.tree.world.run(forMilliseconds: 100)
        #expect(probe.ask(.get, 3, "/kv/k").body == "new")
        #expect(probe.ask(.get, 3, "/synchronize").status == 405)
    }

    @Test func inOtherModesNoChangeWaits() throws {
        let probe = try RouteProbe(seed: 6, nodeCount: 2, mode: .push)
        for index in [0, 1] {
            let refused = probe.ask(.post, index, "/synchronize")
            #expect(refused.status == 409)
            #expect(refused.type == "application/problem+json")
            #expect(refused.body.contains("mode push"))
        }
    }
}
