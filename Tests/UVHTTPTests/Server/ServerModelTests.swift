import Simulation
import Testing
import UVHTTP

/// Random pipelines of random requests against a model that is too simple to be wrong.
@Suite struct ServerModelTests {
    @Test func answersAsTheModelDoes() throws {
        var answered = 0
        for seed in 0..<2_000 {
            let play = try ServerPlay(seed: UInt64(seed))
            defer { play.end() }
            play.run()
            for client in play.clients {
                answered += client.expected.count
                #expect(client.fault == nil, "seed \(seed), \(client.name)")
            }
            #expect(play.leftovers.isEmpty, "seed \(seed)")
        }
        #expect(answered > 15_000)
    }
}

/// What the model says of a request.
private struct ModelRequest {
    var text: String
    var method = "GET"
    /// What must come back; nothing for what a connection no longer takes.
    var status = 200
    var body = ""
    var closes = false
}

/// A client of the play: what it sends and what must come.
private final class ModelClient {
    let name: String
    let probe = Probe()
    var requests: [ModelRequest] = []
    var isCutOff = false

    init(_ name: String) { self.name = name }

    /// The requests up to and with the one that ends the connection.
    var expected: [ModelRequest] {
        let last = requests.firstIndex { $0.closes } ?? requests.count - 1
        return Array(requests[...last])
    }

    /// How what came differs from what must come; nil if it doesn't.
    var fault: String? {
        var reader = AnswerReader(methods: expected.map(\.method))
        reader.read(probe.received)
        if let fault = reader.fault, !isCutOff { return fault }
        let answers = reader.answers.filter { $0.status >= 200 }
        let wanted = expected
        if answers.count > wanted.count { return "more answers than requests" }
        if !isCutOff {
            if answers.count < wanted.count { return "\(answers.count) of \(wanted.count) answers" }
            if !reader.leftover.isEmpty { return "left over: \(reader.leftover)" }
            if !probe.hasSeenEnd { return "the connection does not end" }
        }
        for (index, answer) in answers.enumerated() where !(isCutOff && answer.endsWithConnection) {
            if answer.status != wanted[index].status {
                return "status \(answer.status) at \(index)"
            }
            if wanted[index].status == 200, answer.body != wanted[index].body {
                return "the wrong body at \(index)"
            }
            let saysClose = answer.fields["connection"] == "close"
            if saysClose != wanted[index].closes { return "the wrong Connection at \(index)" }
        }
        return nil
    }
}

/// One seed's history.
private final class ServerPlay {
    let world: SimWorld
    private let harness: ServerHarness
    private(set) var clients: [ModelClient] = []
    private var limit = HTTPLimits()

    init(seed: UInt64) throws {
        world = SimWorld(seed: seed)
        limit.pipelineDepthMax = world.random.pick([1, 2, 5, 64])
        limit.requestsPerTurnMax = world.random.pick([1, 3, 64])
        limit.outputBytesMax = world.random.pick([1, 3000, 1_000_000])
        limit.bodyBytesMax = 5000
        world.network.bufferBytes = world.random.pick([64...256, 4096...65536])
        harness = try ServerHarness(world, limits: limit)
        for index in 0..<world.random.within(1...3) { clients.append(makeClient("c\(index)")) }
    }

    /// What is left in the server after all clients are through.
    var leftovers: [SimStream] {
        world.run(withinMilliseconds: 10_000) { harness.serverStreams.isEmpty }
        return harness.serverStreams
    }

    func run() {
        for client in clients { start(client) }
        answerLater()
        world.run(withinMilliseconds: 300_000) { [self] in
            clients.allSatisfy { $0.probe.isClosed }
        }
    }

    func end() {
        world.close()
        for client in clients { client.probe.reaction = { _, _ in } }
    }

    // MARK: Clients

    private func makeClient(_ name: String) -> ModelClient {
        let client = ModelClient(name)
        for index in 0..<world.random.within(1...12) {
            client.requests.append(makeRequest("\(name)-\(index)"))
        }
        return client
    }

    private func makeRequest(_ name: String) -> ModelRequest {
        let isOld = world.random.oneIn(12)
        var fields = ""
        var closes = isOld
        if isOld, world.random.oneIn(2) {
            fields += "Connection: keep-alive\r\n"
            closes = false
        } else if world.random.oneIn(25) {
            fields += "Connection: close\r\n"
            closes = true
        }
        let version = isOld ? "1.0" : "1.1"
        let isHead = world.random.oneIn(8)
        let method = isHead ? "HEAD" : "GET"
        var request = ModelRequest(text: "", method: method, closes: closes)
        switch world.random.below(10) {
        case 0...2:
            request.text = get("/now/\(name)", fields, method: method, version: version)
            request.body = name
        case 3, 4:
            request.text = get("/later/\(name)", fields, method: method, version: version)
            request.body = name
        case 5:
            let count = world.random.oneIn(4) ? 20_000 : world.random.below(500)
            request.text = get("/big/\(count)", fields, method: method, version: version)
            request.body = String(decoding: ScriptedService.big(count), as: UTF8.self)
        case 6:
            let count = world.random.within(1...6)
            request.text = get("/stream/\(count)", fields, method: method, version: version)
            request.body = (0..<count).map { "\($0) " }.joined()
            if isOld, !isHead { request.closes = true }
        case 7, 8: request = makeBodyRequest(name, fields, closes: closes, isOld: isOld)
        default:
            if world.random.oneIn(4) {
                request = ModelRequest(text: "GET /x HTTP/3.0\r\n\r\n", status: 505, closes: true)
            } else {
                request.text = get("/missing", fields, method: method, version: version)
                request.status = 404
            }
        }
        if isHead, request.method == "HEAD" { request.body = "" }
        return request
    }

    private func makeBodyRequest(
        _ name: String, _ fields: String, closes: Bool, isOld: Bool
    ) -> ModelRequest {
        let count = world.random.oneIn(12) ? limit.bodyBytesMax : world.random.below(300)
        let body = name + String(repeating: "z", count: max(0, count - name.utf8.count))
        let tooLong = world.random.oneIn(12)
        let sent = tooLong ? body + String(repeating: "+", count: limit.bodyBytesMax) : body
        var request = ModelRequest(text: "", method: "PUT", body: body, closes: closes)
        let expect = world.random.oneIn(4) ? "Expect: 100-continue\r\n" : ""
        if isOld || world.random.oneIn(2) {
            let head = get(
                "/echo", "Content-Length: \(sent.utf8.count)\r\n" + fields + expect, method: "PUT",
                version: isOld ? "1.0" : "1.1")
            request.text = head + sent
        } else {
            let middle = sent.index(sent.startIndex, offsetBy: world.random.below(sent.count + 1))
            let chunks = [String(sent[..<middle]), String(sent[middle...])].filter { !$0.isEmpty }
            request.text = putChunked("/echo", chunks, fields + expect)
        }
        if tooLong {
            request.status = 413
            request.closes = true
        }
        return request
    }

    /// Connects and sends everything in random pieces, with pauses; reads with pauses too; at last
    /// ends its direction, or closes when the server has ended.
    private func start(_ client: ModelClient) {
        let probe = client.probe
        let isSlowReader = world.random.oneIn(4)
        let isCutOff = world.random.oneIn(8)
        var rest = Array(client.requests.map(\.text).joined().utf8)[...]
        func sendSome() {
            guard !probe.isClosed else { return }
            let size = world.random.oneIn(3) ? rest.count : world.random.within(0...200)
            probe.write(Array(rest.prefix(size)))
            rest = rest.dropFirst(size)
            guard rest.isEmpty else {
                let pause = world.random.oneIn(10) ? 3_000_000 : UInt64(world.random.below(3_000))
                return world.after(microseconds: pause, sendSome)
            }
            if client.expected.last?.closes != true { probe.call { $0.shutdown() } }
        }
        probe.reaction = { [world] probe, event in
            if event == .connected { sendSome() }
            if event == .read, isSlowReader, world.random.oneIn(5) {
                probe.call { $0.pauseReading() }
                world.after(milliseconds: UInt64(world.random.below(30))) {
                    probe.call { $0.resumeReading() }
                }
            }
            if event == .endOfInput { probe.call { $0.close() } }
        }
        harness.clientHost.loop.schedule { [harness] in
            let address = harness.serverHost.address(port: 80)
            probe.start(on: harness.clientHost.loop.connect(to: address))
        }
        guard isCutOff else { return }
        client.isCutOff = true
        world.after(microseconds: UInt64(world.random.below(20_000))) {
            if let stream = probe.simStream { stream.reset() } else { client.isCutOff = false }
        }
    }

    // MARK: The service

    /// Answers what is owed, some at a time, in any order.
    private func answerLater() {
        let names = harness.service.owed.keys.sorted()
        if !names.isEmpty {
            let name = world.random.pick(names)
            harness.onServer { [harness] in harness.service.answer(name) }
        }
        // A client that is gone may leave requests behind that were read already.
        let isOver = clients.allSatisfy { $0.probe.isClosed } && harness.serverStreams.isEmpty
        guard !isOver else { return }
        world.after(microseconds: UInt64(world.random.below(2_000)), answerLater)
    }
}
