import Simulation
import Testing
import UVHTTP

/// An HTTP server in a simulated world, with a scripted service, and clients that speak raw bytes.
struct ServerHarness {
    let world: SimWorld
    let clientHost: SimHost
    let serverHost: SimHost
    let server: HTTPServer
    let service = ScriptedService()

    init(_ world: SimWorld, limits: HTTPLimits) throws {
        self.world = world
        clientHost = world.addHost("client")
        serverHost = world.addHost("server")
        server = HTTPServer(loop: serverHost.loop, limits: limits, service: service)
        try server.listen(on: serverHost.address(port: 80))
    }

    /// A client that sends `text` as soon as it is connected.
    @discardableResult
    func connect(sending text: String = "", _ reaction: @escaping (Probe) -> Void = { _ in })
        -> Probe
    {
        let probe = Probe { probe, event in
            if event == .connected, !text.isEmpty { probe.write(text) }
            reaction(probe)
        }
        clientHost.loop.schedule { [clientHost, serverHost] in
            probe.start(on: clientHost.loop.connect(to: serverHost.address(port: 80)))
        }
        return probe
    }

    /// The server's ends of the open connections.
    var serverStreams: [SimStream] { serverHost.loop.openStreams }

    /// Lets the server's process do something.
    func onServer(_ body: @escaping () -> Void) { serverHost.loop.schedule(body) }

    /// Runs until `count` answers of status 200 and above have come; gives all that have.
    func answers(
        _ probe: Probe, _ count: Int, methods: [String] = [],
        sourceLocation: SourceLocation = #_sourceLocation
    ) -> [Answer] {
        var reader = AnswerReader(methods: methods)
        var byteCount = -1
        world.run(withinMilliseconds: 600_000) {
            if probe.received.count != byteCount { reader.read(probe.received) }
            byteCount = probe.received.count
            return reader.finalCount >= count || probe.isClosed
        }
        #expect(reader.fault == nil, sourceLocation: sourceLocation)
        #expect(reader.finalCount == count, sourceLocation: sourceLocation)
        return reader.answers
    }

    /// Everything the client got, once the connection has ended.
    func answersUntilEnd(
        _ probe: Probe, methods: [String] = [], sourceLocation: SourceLocation = #_sourceLocation
    ) -> [Answer] {
        let hasEnded = world.run(withinMilliseconds: 600_000) {
            probe.isClosed || probe.events.contains(.endOfInput)
        }
        #expect(hasEnded, "the server doesn't end the connection", sourceLocation: sourceLocation)
        var reader = AnswerReader(methods: methods)
        reader.read(probe.received)
        #expect(reader.fault == nil, sourceLocation: sourceLocation)
        #expect(reader.leftover.isEmpty, sourceLocation: sourceLocation)
        return reader.answers
    }
}

/// The default limits with a few changed.
func limits(_ change: (inout HTTPLimits) -> Void) -> HTTPLimits {
    var limits = HTTPLimits()
    change(&limits)
    return limits
}

/// Lends a server to `body`; afterwards nothing of its connections may be left.
func withServer(
    seed: UInt64 = 1, _ limits: HTTPLimits = HTTPLimits(),
    sourceLocation: SourceLocation = #_sourceLocation, _ body: (ServerHarness) throws -> Void
) throws {
    try withSimWorld(seed: seed) { world in
        let harness = try ServerHarness(world, limits: limits)
        try body(harness)
        harness.clientHost.crash(.resetting)
        harness.server.closeConnections()
        world.run(forMilliseconds: 5_000)
        #expect(harness.server.connectionCount == 0, sourceLocation: sourceLocation)
        #expect(harness.serverStreams.isEmpty, sourceLocation: sourceLocation)
        #expect(
            harness.service.streamTokens.allSatisfy { $0.object == nil },
            sourceLocation: sourceLocation)
        // They may hold the harness.
        harness.service.routes = [:]
        harness.service.onRequest = { _ in }
        harness.service.readiness = { _ in true }
    }
}

extension Probe {
    /// How the connection ended.
    var hasSeenEnd: Bool { isClosed || events.contains(.endOfInput) }
}

/// A request without body.
func get(_ path: String, _ fields: String = "", method: String = "GET", version: String = "1.1")
    -> String
{
    "\(method) \(path) HTTP/\(version)\r\nHost: h\r\n\(fields)\r\n"
}

/// A request with a body and its length.
func put(_ path: String, _ body: String, _ fields: String = "") -> String {
    get(path, "Content-Length: \(body.utf8.count)\r\n\(fields)", method: "PUT") + body
}

/// A request with a chunked body.
func putChunked(_ path: String, _ chunks: [String], _ fields: String = "") -> String {
    let body = chunks.map { String($0.utf8.count, radix: 16) + "\r\n" + $0 + "\r\n" }.joined()
    return get(path, "Transfer-Encoding: chunked\r\n\(fields)", method: "PUT") + body + "0\r\n\r\n"
}
