import Foundation
import Simulation
import Testing
import UVHTTP

@testable import CacheNode

/// Asks the nodes of a simulated tree with one token or another.
private final class AccessProbe {
    let tree: SimTree
    private let host: SimHost
    private let client: HTTPClient

    init(seed: UInt64, nodeCount: Int, access: [Access]) throws {
        tree = try SimTree(seed: seed, nodeCount: nodeCount, depth: 3, access: access)
        host = tree.world.addHost("probe")
        client = HTTPClient(loop: host.loop, limits: HTTPLimits())
    }

    func ask(
        _ method: HTTPMethod, _ index: Int, _ target: String, token: String? = nil,
        body: String = ""
    ) -> Answer {
        var request = HTTPClientRequest(method, target, body: Array(body.utf8))
        if let token { request.fieldLines = Array("Authorization: Bearer \(token)\r\n".utf8) }
        var answer: Answer?
        host.loop.schedule { [self] in
            client.send(
                request, to: tree.hosts[index].endpoint(port: SimTree.port),
                timeoutMilliseconds: 60_000
            ) { answer = Answer($0) }
        }
        tree.world.run(withinMilliseconds: 70_000) { answer != nil }
        return answer ?? Answer(.failure(.timedOut))
    }
}

/// What came back; the status is 0 when nothing did.
private struct Answer {
    var status = 0
    var text = ""
    var type = ""
    var challenge = ""

    init(_ result: Result<HTTPClientResponse, HTTPClientError>) {
        guard case .success(let response) = result else { return }
        func field(_ name: StaticString) -> String {
            response.field(name).map { String(decoding: $0, as: UTF8.self) } ?? ""
        }
        status = response.status
        text = String(decoding: response.body, as: UTF8.self)
        type = field("content-type")
        challenge = field("www-authenticate")
    }
}

@Suite struct AccessRouteTests {
    private static let clients = """
        read \(SampleTokens.read)
        write \(SampleTokens.write)
        admin \(SampleTokens.admin)
        """

    private func access(nodes: String = SampleTokens.node) throws -> Access {
        try sampleAccess(SampleFiles(["clients": Self.clients, "nodes": nodes]))
    }

    private static let registration = #"{"name":"NODE-9","address":"10.9.9.9","port":5000}"#

    /// Every route, with the name of what it needs as docs/access.md has it.
    static let routes: [(method: HTTPMethod, target: String, body: String, need: String)] = [
        (.get, "/kv/a", "", "read"), (.head, "/kv/a", "", "read"), (.put, "/kv/a", "x", "write"),
        (.delete, "/kv/a", "", "write"), (.get, "/store/a", "", "read"),
        (.put, "/store/a", #"{"value":1}"#, "write"), (.delete, "/store/a", "", "write"),
        (.get, "/store", "", "read"), (.get, "/keys", "", "read"),
        (.post, "/synchronize", "", "admin"), (.post, "/nodes", registration, "cluster"),
        (.post, "/clients/register?id=8&ip=10.9.9.8", "", "cluster"),
        (.get, "/nodes/parent/NODE-7", "", "cluster"), (.get, "/link", "", "cluster"),
        (.get, "/nodes", "", "any"), (.get, "/nodes/structure", "", "any"),
        (.get, "/", "", "any"), (.get, "/version", "", "any"), (.get, "/metrics", "", "any"),
        (.get, "/readyz?verbose", "", "any"), (.get, "/nowhere", "", "any"),
        (.post, "/kv/a", "x", "any"), (.get, "/livez", "", "open"), (.get, "/readyz", "", "open"),
        (.get, "/docs", "", "open"), (.get, "/openapi.json", "", "open"),
        (.options, "/kv/a", "", "open"), (.options, "*", "", "open"),
    ]

    private static let tokens: [(name: String, token: String, allows: Set<String>)] = [
        ("read", SampleTokens.read, ["read", "any", "open"]),
        ("write", SampleTokens.write, ["write", "any", "open"]),
        ("admin", SampleTokens.admin, ["admin", "any", "open"]),
        ("cluster", SampleTokens.node, ["read", "write", "admin", "cluster", "any", "open"]),
    ]

    @Test func everyRouteNeedsWhatTheTableSays() throws {
        let probe = try AccessProbe(seed: 1, nodeCount: 1, access: [access()])
        probe.tree.startInOrder()
        for route in Self.routes {
            let name = "\(route.method.name) \(route.target)"
            func ask(_ token: String?) -> Answer {
                probe.ask(route.method, 0, route.target, token: token, body: route.body)
            }
            let missing = ask(nil)
            let isOpen = route.need == "open"
            #expect((missing.status == 401) != isOpen, "\(name)")
            #expect(missing.challenge == (isOpen ? "" : #"Bearer realm="canopy""#), "\(name)")
            let wrong = ask(SampleTokens.stranger)
            #expect((wrong.status == 401) != isOpen, "\(name)")
            #expect(wrong.challenge.hasSuffix(#"error="invalid_token""#) != isOpen, "\(name)")
            for token in Self.tokens {
                let answer = ask(token.token)
                let isAllowed = token.allows.contains(route.need)
                #expect((answer.status == 403) != isAllowed, "\(name) with \(token.name)")
                #expect(answer.status != 401, "\(name) with \(token.name)")
                let challenge =
                    #"Bearer realm="canopy", error="insufficient_scope", scope="\#(route.need)""#
                #expect(answer.challenge == (isAllowed ? "" : challenge))
            }
        }
        let count = Self.routes.count { $0.need != "open" }
        let metrics = probe.ask(.get, 0, "/metrics", token: SampleTokens.read).text
        let refusals =
            2 * count
            + Self.routes.map { route in
                Self.tokens.count { !$0.allows.contains(route.need) }
            }.reduce(0, +)
        #expect(metrics.contains("\ncanopy_requests_denied_total \(refusals)\n"))
    }

    /// The table that people read is the one above.
    @Test func theDocumentHasTheSameTable() throws {
        let file = URL(fileURLWithPath: #filePath)
        let root = (0..<4).reduce(file) { path, _ in path.deletingLastPathComponent() }
        let text = try String(
            contentsOf: root.appending(path: "docs/access.md"), encoding: .utf8)
        let rows = text.split(separator: "\n").filter { $0.hasPrefix("| `") }
        for route in Self.routes where route.target != "/nowhere" && route.method != .options {
            let path = route.target.split(separator: "?")[0]
                .replacingOccurrences(of: "/a", with: "/<key>")
                .replacingOccurrences(of: "NODE-7", with: "<NAME>")
            let query = route.target.contains("?verbose") ? "?verbose" : ""
            let row = rows.first { $0.contains("`\(route.method.name) \(path)\(query)`") }
            if route.method == .post, path == "/kv/<key>" {
                #expect(row == nil)
            } else {
                #expect(
                    row?.hasSuffix("| \(route.need) |") == true, "\(route.method.name) \(path)")
            }
        }
    }

    @Test func errorsHaveTheFormOfTheirAPI() throws {
        let probe = try AccessProbe(seed: 2, nodeCount: 1, access: [access()])
        probe.tree.startInOrder()
        let raw = probe.ask(.get, 0, "/kv/a")
        #expect(raw.type == "text/plain; charset=utf-8")
        let json = probe.ask(.get, 0, "/store/a", token: SampleTokens.write)
        #expect(json.text == #"{"detail":"the token does not allow this"}"#)
        let own = probe.ask(.get, 0, "/metrics", token: SampleTokens.stranger)
        #expect(own.type == "application/problem+json")
        #expect(!own.text.contains(SampleTokens.stranger))
    }

    @Test func nodesPassOnWhatTheirClientsMayAsk() throws {
        let probe = try AccessProbe(seed: 3, nodeCount: 4, access: [access()])
        probe.tree.startInOrder()
        let put = probe.ask(.put, 3, "/kv/k?ack=root", token: SampleTokens.write, body: "v")
        #expect(put.status == 200)
        let read = probe.ask(.get, 2, "/kv/k", token: SampleTokens.read)
        #expect(read.status == 200 && read.text == "v")
        #expect(probe.ask(.get, 3, "/nodes", token: SampleTokens.read).status == 200)
        // The root says that there is nothing to push: it was asked.
        #expect(probe.ask(.post, 3, "/synchronize", token: SampleTokens.admin).status == 409)
        #expect(probe.ask(.post, 3, "/synchronize", token: SampleTokens.write).status == 403)
    }

    @Test func aNodeWithoutTheTokenStaysOutAndSaysWhy() throws {
        let outsiders = [
            Access(), try sampleAccess(SampleFiles(["nodes": SampleTokens.otherNode])),
        ]
        for outsider in outsiders {
            let probe = try AccessProbe(
                seed: 4, nodeCount: 2, access: [access(), outsider])
            probe.tree.start(0)
            probe.tree.start(1)
            probe.tree.world.run(forMilliseconds: 5_000)
            let ready = probe.ask(.get, 1, "/readyz")
            #expect(ready.status == 503)
            #expect(ready.text.contains("401: "), "\(ready.text)")
            #expect(ready.text.contains("--cluster-token-file"), "\(ready.text)")
            #expect(!ready.text.contains(SampleTokens.otherNode))
            #expect(probe.ask(.get, 0, "/nodes", token: SampleTokens.read).status == 200)
        }
    }

    @Test func aGuardedNodeThatIsNotReadyTellsStrangersNothing() throws {
        let probe = try AccessProbe(seed: 5, nodeCount: 2, access: [access()])
        probe.tree.start(1)
        probe.tree.world.run(forMilliseconds: 3_000)
        let stranger = probe.ask(.get, 1, "/readyz")
        #expect(stranger.status == 503)
        #expect(!stranger.text.contains("refused"))
        let known = probe.ask(.get, 1, "/readyz", token: SampleTokens.read)
        #expect(known.text.contains("refused"))
    }

    @Test func aWithdrawnTokenEndsTheLinkAndAValidOneBringsItBack() throws {
        let files = (0..<2).map { _ in
            SampleFiles([
                "clients": Self.clients, "nodes": "\(SampleTokens.node)\n\(SampleTokens.otherNode)",
            ])
        }
        let probe = try AccessProbe(
            seed: 6, nodeCount: 2, access: files.map { try sampleAccess($0) })
        probe.tree.startInOrder()
        func attachedCount() -> String {
            let metrics = probe.ask(.get, 0, "/metrics", token: SampleTokens.read).text
            let row = metrics.split(separator: "\n")
                .first { $0.hasPrefix("canopy_children_attached_total ") }
            return row.map { String($0.split(separator: " ")[1]) } ?? ""
        }
        #expect(attachedCount() == "1")
        files[0].texts["nodes"] = SampleTokens.otherNode
        probe.tree.nodes[0].reloadTokens()
        probe.tree.world.run(forMilliseconds: 3_000)
        #expect(attachedCount() == "1", "the child shows the withdrawn token")
        #expect(probe.ask(.get, 1, "/readyz").status == 503)
        let relayed = probe.ask(.get, 1, "/nodes", token: SampleTokens.read)
        #expect(relayed.status == 503)
        #expect(relayed.text.contains("--cluster-token-file"))
        files[1].texts["nodes"] = SampleTokens.otherNode
        probe.tree.nodes[1].reloadTokens()
        probe.tree.world.run(forMilliseconds: 3_000)
        #expect(attachedCount() == "2")
        #expect(probe.ask(.get, 1, "/readyz").status == 200)
        #expect(probe.ask(.get, 1, "/nodes", token: SampleTokens.read).status == 200)
    }
}
