import Glibc
import Simulation
import Testing
import UVHTTP

@testable import CacheNode

/// A tree of whole nodes in a simulated world.
final class SimTree {
    static let port: UInt16 = 5000

    let world: SimWorld
    private(set) var hosts: [SimHost] = []
    private(set) var nodes: [Node] = []
    /// Nodes of processes that are no more: loops don't own what their callbacks use.
    private var fallen: [Node] = []
    private var settings: [Settings] = []
    private var seeds: SimRandom
    private let depth: Int
    private let access: [Access]
    /// Told when a node ends by itself, which is else an issue.
    var onFailure: ((Int, StartError) -> Void)?
    private let descriptor = open("/dev/null", O_WRONLY)

    /// Hosts and nodes, none of them started; node 0 is the root. `access` says who may ask each;
    /// the last of it holds for those behind too.
    init(
        seed: UInt64, nodeCount: Int, depth: Int, access: [Access] = [],
        change: (inout Settings) -> Void = { _ in }
    ) throws {
        world = SimWorld(seed: seed)
        seeds = SimRandom(seed: ~seed)
        self.depth = depth
        self.access = access
        for index in 0..<nodeCount { try add("NODE-\(index + 1)", change: change) }
    }

    /// Adds a host and a node with this name; the first is the root. Gives the node's index.
    @discardableResult
    func add(
        _ name: String, hostName: String? = nil, change: (inout Settings) -> Void = { _ in }
    ) throws -> Int {
        let host = world.addHost(hostName ?? name)
        hosts.append(host)
        var arguments = [
            "--name", name, "--listen", "\(host.addresses[0]):\(Self.port)", "--memory", "8MiB",
            "--depth", "\(depth)",
        ]
        if !nodes.isEmpty { arguments += ["--root", "\(hosts[0].addresses[0]):\(Self.port)"] }
        var settings = try parsedSettings(arguments).settings
        change(&settings)
        self.settings.append(settings)
        nodes.append(try makeNode(nodes.count))
        return nodes.count - 1
    }

    private func makeNode(_ index: Int) throws -> Node {
        try Node(
            settings: settings[index], loop: hosts[index].loop,
            log: Log(
                level: .error, format: .text, node: hosts[index].name, descriptor: descriptor),
            access: access.dropFirst(index).first ?? access.last ?? Access(),
            descriptorsMax: 1024, seed: (seeds.next(), seeds.next()))
    }

    /// Starts a new process in the place of one that crashed.
    func restart(_ index: Int) throws {
        hosts[index].restart()
        fallen.append(nodes[index])
        nodes[index] = try makeNode(index)
        start(index)
    }

    deinit {
        for node in nodes + fallen { node.abandon() }
        world.close()
        close(descriptor)
    }

    func start(_ index: Int) {
        nodes[index].start { [unowned self] in
            if let onFailure { return onFailure(index, $0) }
            Issue.record("NODE-\(index + 1): \($0)")
        }
    }

    /// Starts all nodes, each once the earlier ones have joined: node i gets slot i + 1.
    func startInOrder(besides started: Set<Int> = []) {
        let probe = SimClient(world.addHost("starter"))
        for index in nodes.indices where !started.contains(index) {
            start(index)
            let isReady = (0..<600).contains { _ in
                world.run(forMilliseconds: 50)
                return ask(probe, .get, index, "/readyz").status == 200
            }
            #expect(isReady, "NODE-\(index + 1) did not join")
        }
    }

    /// Sends a request and lets the world run until it is answered.
    func ask(
        _ client: SimClient, _ method: HTTPMethod, _ index: Int, _ target: String,
        _ body: [UInt8] = [], contentType: String = ""
    ) -> SimAnswer {
        var answer: SimAnswer?
        client.send(
            HTTPClientRequest(method, target, contentType: contentType, body: body),
            to: hosts[index]
        ) { answer = $0 }
        world.run(withinMilliseconds: 120_000) { answer != nil }
        return answer ?? SimAnswer(status: 0, text: "no answer", isMalformed: false)
    }

    /// A row of a node's `/metrics`.
    func metric(_ client: SimClient, _ index: Int, _ name: String) -> Int? {
        let text = ask(client, .get, index, "/metrics").text
        let line = text.split(separator: "\n").first { $0.hasPrefix("\(name) ") }
        return line.flatMap { Int($0.dropFirst(name.utf8.count + 1)) }
    }
}

/// What a client got.
struct SimAnswer: Equatable {
    /// 0 when there was no answer.
    var status: Int
    var text: String
    var isMalformed: Bool
}

/// Someone with an HTTP client on a machine of its own, to which every request is answered once.
final class SimClient {
    private let host: SimHost
    private let client: HTTPClient
    private(set) var sentCount = 0
    private(set) var answeredCount = 0

    init(_ host: SimHost) {
        self.host = host
        var limits = HTTPLimits()
        limits.clientResendsMax = 0
        limits.clientConnectionsMax = 4
        client = HTTPClient(loop: host.loop, limits: limits)
    }

    func send(
        _ request: HTTPClientRequest, to node: SimHost, completion: @escaping (SimAnswer) -> Void
    ) {
        sentCount += 1
        host.loop.schedule { [self] in
            client.send(
                request, to: node.endpoint(port: SimTree.port), timeoutMilliseconds: 60_000
            ) { [self] result in
                answeredCount += 1
                completion(Self.answer(result))
            }
        }
    }

    private static func answer(_ result: Result<HTTPClientResponse, HTTPClientError>) -> SimAnswer {
        switch result {
        case .success(let response):
            return SimAnswer(
                status: response.status, text: String(decoding: response.body, as: UTF8.self),
                isMalformed: false)
        case .failure(let error):
            var isMalformed = false
            if case .malformed = error { isMalformed = true }
            return SimAnswer(status: 0, text: error.sentence, isMalformed: isMalformed)
        }
    }
}
