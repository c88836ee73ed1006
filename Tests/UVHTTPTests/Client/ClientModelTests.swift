import Simulation
import Testing
import UVHTTP

/// The client against the server, over a network and with processes that fail in every way.
@Suite struct ClientModelTests {
    @Test func completesEveryRequestOnceAndNeverWithAWrongBody() throws {
        var succeeded = 0
        var failed = 0
        for seed in 0..<1_000 {
            let play = try ClientPlay(seed: UInt64(seed))
            defer { play.world.close() }
            play.run()
            #expect(play.fault == nil, "seed \(seed)")
            succeeded += play.successCount
            failed += play.failureCount
        }
        // Both outcomes must be common, or the test says nothing.
        #expect(succeeded > 5_000)
        #expect(failed > 500)
    }

    @Test func replaysExactlyFromItsSeed() throws {
        for seed in 0..<20 {
            let fingerprints = try (0..<2).map { _ in
                let play = try ClientPlay(seed: UInt64(seed))
                defer { play.world.close() }
                play.run()
                return play.world.fingerprint
            }
            #expect(fingerprints[0] == fingerprints[1], "seed \(seed)")
        }
    }
}

/// One seed's history.
private final class ClientPlay {
    /// A request, what it must bring, and what it brought.
    final class Call {
        let index: Int
        let server: SimHost
        let body: String
        var results: [Result<HTTPClientResponse, HTTPClientError>] = []

        init(_ index: Int, _ server: SimHost, _ body: String) {
            self.index = index
            self.server = server
            self.body = body
        }
    }

    private static let timeoutMilliseconds: UInt64 = 3_000

    let world: SimWorld
    private let clientHost: SimHost
    private let client: HTTPClient
    private var servers: [SimHost] = []
    private var running: [(host: SimHost, server: HTTPServer, service: ScriptedService)] = []
    private var calls: [Call] = []
    private var limit = HTTPLimits()
    private let isOrdered: Bool
    private let isCalm: Bool
    private var arrivals: [String: [Int]] = [:]

    init(seed: UInt64) throws {
        world = SimWorld(seed: seed)
        isOrdered = world.random.oneIn(4)
        isCalm = world.random.oneIn(4)
        limit.clientConnectionsMax = isOrdered ? 1 : world.random.within(1...4)
        limit.clientResendsMax = isOrdered ? 0 : world.random.within(0...2)
        limit.clientPipelineDepthMax = world.random.pick([1, 3, 64])
        limit.connectMilliseconds = 500
        limit.pipelineDepthMax = world.random.pick([1, 4, 64])
        limit.keepAliveMilliseconds = world.random.pick([500, 60_000])
        limit.clientIdleMilliseconds = world.random.pick([300, 30_000])
        world.network.bufferBytes = world.random.pick([100...300, 4096...65536])
        clientHost = world.addHost("client")
        client = HTTPClient(loop: clientHost.loop, limits: limit)
        for index in 0..<world.random.within(1...2) {
            let host = world.addHost("server-\(index)")
            servers.append(host)
            try startServer(on: host)
        }
    }

    var successCount: Int { calls.filter { (try? $0.results.first?.get()) != nil }.count }
    var failureCount: Int { calls.count - successCount }

    func run() {
        for _ in 0..<world.random.within(1...30) {
            world.after(microseconds: UInt64(world.random.below(100_000))) { [self] in
                clientHost.loop.schedule { [self] in send(calls.count) }
            }
        }
        answerLater()
        if !isCalm {
            for _ in 0..<world.random.within(1...6) {
                world.after(microseconds: UInt64(world.random.below(150_000)), disturb)
            }
        }
        world.run(forMilliseconds: 150)
        world.run(withinMilliseconds: 10_000) { [self] in calls.allSatisfy { !$0.results.isEmpty } }
        clientHost.loop.schedule { [client] in client.close() }
        world.run(forMilliseconds: 50)
    }

    /// What is wrong with this history; nil when nothing is.
    var fault: String? {
        for call in calls {
            guard call.results.count == 1, let result = call.results.first else {
                return "call \(call.index) was completed \(call.results.count) times"
            }
            switch result {
            case .success(let response):
                let body = String(decoding: response.body, as: UTF8.self)
                if response.status != 200 { return "call \(call.index) has \(response.status)" }
                if body != call.body { return "call \(call.index) has the wrong body" }
            case .failure(let error):
                if isCalm { return "call \(call.index) failed: \(error)" }
            }
        }
        // What was on its way when a connection broke may arrive behind what was sent later.
        if isOrdered, isCalm, arrivals.values.contains(where: { $0 != $0.sorted() }) {
            return "requests have overtaken each other"
        }
        return clientHost.loop.openStreams.isEmpty ? nil : "the client has something open"
    }

    // MARK: What the client does

    private func send(_ index: Int) {
        let server = world.random.pick(servers)
        var method = HTTPMethod.get
        var target = "/now/\(index)"
        var body = ""
        var expected = "\(index)"
        switch world.random.below(6) {
        case 0:
            method = .put
            target = "/echo"
            body = "\(index) " + String(repeating: "e", count: world.random.below(600))
            expected = body
        case 1: target = "/later/\(index)"
        case 2:
            let count = world.random.below(3_000)
            target = "/big/\(count)"
            expected = String(decoding: ScriptedService.big(count), as: UTF8.self)
        case 3:
            target = "/stream/3"
            expected = "0 1 2 "
        case 4:
            method = .head
            expected = ""
        default: break
        }
        let call = Call(index, server, expected)
        calls.append(call)
        client.send(
            HTTPClientRequest(method, target + "?\(index)", body: Array(body.utf8)),
            to: Endpoint(host: server.name, port: 80),
            timeoutMilliseconds: Self.timeoutMilliseconds
        ) { call.results.append($0) }
    }

    // MARK: What the servers do

    private func startServer(on host: SimHost) throws {
        let service = ScriptedService()
        service.onRequest = { [unowned self] request in
            if let index = Int(request.query.text) {
                arrivals[host.name, default: []].append(index)
            }
        }
        let server = HTTPServer(loop: host.loop, limits: limit, service: service)
        try server.listen(on: host.address(port: 80))
        running.append((host, server, service))
    }

    private func answerLater() {
        for (host, _, service) in running {
            for name in service.owed.keys.sorted() where world.random.oneIn(3) {
                host.loop.schedule { service.answer(name) }
            }
        }
        world.after(microseconds: 2_000) { [weak self] in self?.answerLater() }
    }

    // MARK: What goes wrong

    private func disturb() {
        let server = world.random.pick(servers)
        let network = world.network
        switch world.random.below(7) {
        case 0: network.cut(clientHost, server)
        case 1: network.cut(from: clientHost, to: server)
        case 2: network.cut(from: server, to: clientHost)
        case 3:
            let streams = clientHost.loop.openStreams + server.loop.openStreams
            if !streams.isEmpty { world.random.pick(streams).reset() }
        case 4:
            server.crash(world.random.pick([.silent, .resetting, .closing]))
            world.after(milliseconds: UInt64(world.random.below(1_000))) { [self] in
                server.restart()
                try? startServer(on: server)  // Nobody else can have the port.
            }
        case 5: server.loop.freeze()
        default:
            network.names[server.name] = .failure(.timedOut)
        }
        guard world.random.oneIn(2) else { return }
        world.after(milliseconds: UInt64(world.random.below(1_500))) {
            network.healAll()
            network.names[server.name] = nil
            server.loop.thaw()
        }
    }
}
