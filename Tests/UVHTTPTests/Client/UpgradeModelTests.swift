import Simulation
import Testing
import UVHTTP

/// Links from end to end: `UpgradeRequest` against `HTTPServer`.
@Suite struct UpgradeModelTests {
    @Test func linksComeToStandOrSayWhyAndLoseNothing() throws {
        var standing = 0
        var failed = 0
        for seed in 0..<500 {
            let play = try UpgradePlay(seed: UInt64(seed))
            play.run()
            #expect(play.fault == nil, "seed \(seed)")
            standing += play.links.filter { $0.probe.stream != nil }.count
            failed += play.links.filter { !$0.failures.isEmpty }.count
            play.end()
        }
        #expect(standing > 500)
        #expect(failed > 150)
    }

    @Test func worksOnARealLoop() throws {
        try withUVLoop { loop in
            let service = UpgradeService()
            let server = HTTPServer(loop: loop, limits: HTTPLimits(), service: service)
            let address = try server.listen(on: loopbackAddress())
            let endpoint = Endpoint(host: "localhost", port: address.port)
            let text = (0..<20_000).map { UInt8(truncatingIfNeeded: $0) }
            let probe = Probe { probe, event in
                if probe.received.count == text.count { probe.call { $0.close() } }
            }
            let request = UpgradeRequest(
                to: "echo/1", target: "/link", at: endpoint, loop: loop)
            var statuses: [UpgradeFailure] = []
            request.start(timeoutMilliseconds: 10_000) { stream in
                probe.stream = stream
                probe.write(text)
                return probe
            } onFailure: {
                statuses.append($0)
            }
            let other = UpgradeRequest(to: "echo/2", target: "/link", at: endpoint, loop: loop)
            other.start(timeoutMilliseconds: 10_000) { _ in
                Probe()
            } onFailure: {
                statuses.append($0)
            }
            loop.stop { probe.isClosed && !statuses.isEmpty }
            loop.run()
            #expect(probe.received == text)
            #expect(statuses == [.answered(status: 426)])
            #expect(service.probes.map(\.received) == [text])
        }
    }
}

/// Takes over what asks for `echo/1`, and sends everything back.
private final class UpgradeService: HTTPService {
    private(set) var probes: [Probe] = []

    func admit(_ request: HTTPRequest) -> HTTPAdmission { .readBody }

    func respond(to request: HTTPRequest, _ responder: HTTPResponder) {
        guard request.asksUpgrade(to: "echo/1") else {
            return responder.respond(.upgradeRequired, contentType: "", body: "")
        }
        responder.upgrade(to: "echo/1") { [self] stream in
            let probe = Probe.echo(on: stream)
            probes.append(probe)
            return probe
        }
    }
}

/// One seed's history: nodes that ask for links, and everything that can go wrong meanwhile.
private final class UpgradePlay {
    final class Link {
        let probe = Probe()
        let sent: [UInt8]
        var failures: [UpgradeFailure] = []
        var takeOvers = 0
        var isOver: Bool { probe.stream == nil ? !failures.isEmpty : probe.isClosed }

        init(_ sent: [UInt8]) { self.sent = sent }
    }

    let world: SimWorld
    private let clientHost: SimHost
    private let serverHost: SimHost
    private let server: HTTPServer
    private let service = UpgradeService()
    private var limit = HTTPLimits()
    private let isCalm: Bool
    private(set) var links: [Link] = []

    init(seed: UInt64) throws {
        world = SimWorld(seed: seed)
        isCalm = world.random.oneIn(3)
        limit.linksMax = world.random.pick([1, 2, 100])
        limit.connectMilliseconds = 500
        world.network.bufferBytes = world.random.pick([100...300, 4096...65536])
        world.network.splitting = world.random.pick([.whole, .random, .bytes])
        clientHost = world.addHost("client")
        serverHost = world.addHost("server")
        server = HTTPServer(loop: serverHost.loop, limits: limit, service: service)
        try server.listen(on: serverHost.address(port: 80))
    }

    func run() {
        for index in 0..<world.random.within(1...4) {
            let count = world.random.pick([0, 10, 600])
            let link = Link((0..<count).map { UInt8(truncatingIfNeeded: $0 + index) })
            links.append(link)
            world.after(microseconds: UInt64(world.random.below(20_000))) { [self] in
                clientHost.loop.schedule { [self] in ask(link) }
            }
        }
        if !isCalm { world.after(milliseconds: UInt64(world.random.below(30)), disturb) }
        world.run(withinMilliseconds: 20_000) { [self] in links.allSatisfy(\.isOver) }
        world.network.healAll()
        serverHost.loop.thaw()
        for link in links { link.probe.call { $0.close() } }
        world.run(withinMilliseconds: 5_000) { [self] in
            server.linkCount + server.connectionCount == 0
        }
    }

    func end() {
        world.close()
        for link in links { link.probe.reaction = { _, _ in } }
    }

    /// What is wrong with the outcome; nil when nothing is.
    var fault: String? {
        for link in links {
            if link.takeOvers + link.failures.count != 1 { return "not one outcome" }
            if !link.sent.starts(with: link.probe.received) { return "not what was sent" }
            let isWhole = link.takeOvers == 0 || link.probe.received == link.sent
            if isCalm, !isWhole { return "lost something" }
            let isRefused = link.failures.contains(.answered(status: 503))
            if isRefused, limit.linksMax >= links.count { return "refused without need" }
            if isCalm, !link.failures.isEmpty, !isRefused { return "\(link.failures)" }
        }
        if server.linkCount + server.connectionCount > 0, isCalm { return "something is left" }
        return nil
    }

    private func ask(_ link: Link) {
        let request = UpgradeRequest(
            to: "echo/1", target: "/link", at: Endpoint(host: "server", port: 80),
            loop: clientHost.loop, limits: limit)
        request.start(timeoutMilliseconds: 3_000) { stream in
            link.takeOvers += 1
            link.probe.stream = stream
            link.probe.write(link.sent)
            link.probe.call { $0.shutdown() }
            link.probe.reaction = { probe, event in
                if event == .endOfInput { probe.call { $0.close() } }
            }
            return link.probe
        } onFailure: {
            link.failures.append($0)
        }
    }

    private func disturb() {
        switch world.random.below(4) {
        case 0: world.network.cut(clientHost, serverHost)
        case 1: serverHost.loop.freeze()
        default:
            let streams = clientHost.loop.openStreams + serverHost.loop.openStreams
            if !streams.isEmpty { world.random.pick(streams).reset() }
        }
        guard world.random.oneIn(2) else { return }
        world.after(milliseconds: UInt64(world.random.below(1_500))) { [self] in
            world.network.healAll()
            serverHost.loop.thaw()
        }
    }
}
