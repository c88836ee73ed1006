import Simulation
import Testing
import UVHTTP

/// Asking a peer to leave HTTP.
@Suite struct UpgradeRequestTests {
    private static let switched =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo/1\r\nConnection: upgrade\r\n"

    @Test func asksAndGivesTheStreamAway() throws {
        try withRawPeer { peer in
            peer.onRequest = { end, _ in
                if end.requests.count == 1 { end.write(Self.switched + "\r\n") }
            }
            let call = peer.ask()
            #expect(peer.finish(call))
            #expect(call.failures.isEmpty && call.probe.stream != nil)
            let request = try #require(peer.ends.first?.requests.first)
            #expect(request.method == "GET" && request.target == "/link?x=1")
            let fields = request.fields.split(separator: "\n")
            #expect(fields == ["Host: server:80", "Connection: Upgrade", "Upgrade: echo/1"])
            // What is written from here on is nobody's HTTP.
            call.probe.write("GET /other HTTP/1.1\r\n\r\n")
            #expect(peer.world.run { peer.ends[0].requests.count == 2 })
            peer.ends[0].write("back")
            #expect(peer.world.run { call.probe.text == "back" })
            #expect(call.probe.events == [.read])
        }
    }

    @Test func takesAnAnswerThatIsSplitAtEveryByte() throws {
        let early = "HTTP/1.1 103 Early\r\nLink: x\r\n\r\n"
        let text = Array((early + Self.switched + "X: y\r\n\r\nfirst").utf8)
        for split in 0...text.count {
            try withRawPeer(seed: UInt64(split)) { peer in
                peer.onRequest = { end, _ in
                    end.write(String(decoding: text[..<split], as: UTF8.self))
                    peer.world.after(milliseconds: 20) {
                        end.write(String(decoding: text[split...], as: UTF8.self))
                    }
                }
                let call = peer.ask()
                #expect(peer.finish(call))
                #expect(peer.world.run { call.probe.text == "first" })
                #expect(call.takeOvers == 1 && call.failures.isEmpty)
            }
        }
    }

    @Test(arguments: [200, 304, 400, 404, 426, 500, 503])
    func tellsTheStatusOfAPeerThatStaysWithHTTP(status: Int) throws {
        try withRawPeer { peer in
            peer.onRequest = { end, _ in end.answer("no", status, "Upgrade: echo/1\r\n") }
            let call = peer.ask()
            #expect(peer.finish(call))
            #expect(call.failures == [.answered(status: status)])
            #expect(peer.world.run { peer.ends.allSatisfy(\.isClosed) })
        }
    }

    @Test(arguments: [
        "HTTP/1.1 101 X\r\n\r\n",
        "HTTP/1.1 101 X\r\nUpgrade: echo/1\r\n\r\n",
        "HTTP/1.1 101 X\r\nConnection: upgrade\r\n\r\n",
        "HTTP/1.1 101 X\r\nConnection: close\r\nUpgrade: echo/1\r\n\r\n",
        "HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: echo/2\r\n\r\n",
        "HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: echo/1, h2c\r\n\r\n",
        "HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: h2c\r\nUpgrade: echo/1\r\n\r\n",
        "HTTP/1.0 101 X\r\nConnection: upgrade\r\nUpgrade: echo/1\r\n\r\n",
        "ECHO/1 hello\r\n\r\n", "HTTP/1.1 20\r\n\r\n",
        String(repeating: "HTTP/1.1 102 X\r\n\r\n", count: 9),
        "HTTP/1.1 200 OK\r\nX: " + String(repeating: "y", count: 20_000) + "\r\n\r\n",
    ])
    func refusesAnswersThatAreNotValid(answer: String) throws {
        try withRawPeer { peer in
            peer.onRequest = { end, _ in end.write(answer) }
            let call = peer.ask()
            #expect(peer.finish(call))
            #expect(call.failures.count == 1)
            guard case .failed(.malformed) = call.failures.first else {
                Issue.record("\(call.failures)")
                return
            }
            #expect(peer.world.run { peer.ends.allSatisfy(\.isClosed) })
        }
    }

    @Test func saysWhenTheConnectionEndsBeforeTheAnswer() throws {
        let ways: [(RawServerEnd) -> Void] = [
            { $0.stream.close() }, { $0.reset() }, { $0.stream.shutdown() },
            {
                $0.write("HTTP/1.1 101 Switching")
                $0.stream.shutdown()
            },
        ]
        for way in ways {
            try withRawPeer { peer in
                peer.onRequest = { end, _ in way(end) }
                let call = peer.ask()
                #expect(peer.finish(call))
                #expect(call.failures == [.failed(.disconnected)])
            }
        }
    }

    @Test func tellsTheHandlerOfAnEndRightBehindTheSwitch() throws {
        try withRawPeer { peer in
            peer.onRequest = { end, _ in
                end.write(Self.switched + "\r\nbye")
                end.stream.close()
            }
            let call = peer.ask()
            #expect(peer.finish(call))
            #expect(peer.world.run { call.probe.hasSeenEnd })
            #expect(call.probe.text == "bye")
        }
    }

    // MARK: Connecting and time

    @Test func tellsWhyThereIsNoConnection() throws {
        try withRawPeer { peer in
            let refused = peer.ask(at: Endpoint(host: "server", port: 81))
            let unknown = peer.ask(at: Endpoint(host: "nobody", port: 80))
            let silent = peer.world.addHost("silent")
            silent.crash(.silent)
            let lost = peer.ask(at: silent.endpoint(port: 80), connectMilliseconds: 700)
            for call in [refused, unknown, lost] { #expect(peer.finish(call)) }
            #expect(refused.failures == [.failed(.unreachable(.connectionRefused))])
            #expect(unknown.failures == [.failed(.unresolved(.nameNotFound))])
            #expect(lost.failures == [.failed(.unreachable(.timedOut))])
            #expect((700...710).contains(lost.milliseconds))
            #expect(peer.clientHost.loop.openStreams.isEmpty)
        }
    }

    @Test func goesOnToTheNextAddressWhenOneIsSilentOrRefuses() throws {
        try withRawPeer { peer in
            peer.onRequest = { end, _ in end.write(Self.switched + "\r\n") }
            let silent = peer.world.addHost("silent")
            silent.crash(.silent)
            let closed = peer.world.addHost("closed")
            peer.world.network.names["three"] = .addresses(
                [silent, closed, peer.serverHost].map { $0.addresses[0] })
            let call = peer.ask(
                at: Endpoint(host: "three", port: 80), connectMilliseconds: 500)
            #expect(peer.finish(call))
            #expect(call.takeOvers == 1)
            #expect((500...520).contains(call.milliseconds))
        }
    }

    @Test func timesOutInEachState() throws {
        // While the name is looked up, while it connects, while no answer comes, or half of one.
        let states: [(RawPeer) -> Void] = [
            { $0.world.network.lookUpMicroseconds = 30_000_000...30_000_000 },
            { $0.serverHost.crash(.silent) },
            { $0.onRequest = { _, _ in } },
            { $0.onRequest = { end, _ in end.write(Self.switched) } },
        ]
        for prepare in states {
            try withRawPeer { peer in
                prepare(peer)
                let call = peer.ask(timeout: 1_000)
                #expect(peer.finish(call))
                #expect(call.failures == [.failed(.timedOut)])
                #expect((1_000...1_010).contains(call.milliseconds))
                peer.world.run(forMilliseconds: 60_000)
                #expect(call.failures.count == 1 && call.takeOvers == 0)
            }
        }
    }

    @Test func isSilentOnceItIsCancelled() throws {
        for milliseconds in [0, 1, 2, 3, 10] {
            for seed in 0..<10 {
                try withRawPeer(seed: UInt64(seed)) { peer in
                    peer.onRequest = { end, _ in
                        peer.world.after(milliseconds: 2) { end.write(Self.switched + "\r\n") }
                    }
                    let call = peer.ask()
                    peer.world.after(milliseconds: UInt64(milliseconds)) {
                        peer.clientHost.loop.schedule {
                            call.request?.cancel()
                            call.request?.cancel()
                        }
                    }
                    peer.world.run(forMilliseconds: 10_000)
                    #expect(call.failures.isEmpty)
                    #expect(call.takeOvers == (call.probe.stream == nil ? 0 : 1))
                    let open = peer.clientHost.loop.openStreams
                    #expect(open.count == call.takeOvers)
                }
            }
        }
    }

    @Test func lastsUntilItsEndThoughNobodyHoldsItAndNoLonger() throws {
        try withRawPeer { peer in
            peer.onRequest = { end, _ in end.write(Self.switched + "\r\n") }
            let call = peer.ask()
            #expect(peer.world.run { call.request != nil })
            let request = WeakReference(object: call.request)
            call.request = nil
            #expect(peer.finish(call))
            #expect(call.takeOvers == 1)
            peer.world.run(forMilliseconds: 1)
            #expect(request.object == nil)
        }
    }
}

/// What became of one request to upgrade.
private final class UpgradeCall {
    var request: UpgradeRequest?
    /// Whom the stream is given to.
    let probe = Probe()
    var takeOvers = 0
    var failures: [UpgradeFailure] = []
    var milliseconds: UInt64 = 0

    var isDone: Bool { takeOvers + failures.count > 0 }
}

/// A host that asks, and a peer that speaks raw bytes.
private final class RawPeer {
    let world: SimWorld
    let clientHost: SimHost
    let serverHost: SimHost
    private(set) var ends: [RawServerEnd] = []
    var onRequest: (RawServerEnd, RawRequest) -> Void = { _, _ in }

    init(_ world: SimWorld) throws {
        self.world = world
        clientHost = world.addHost("client")
        serverHost = world.addHost("server")
        _ = try serverHost.loop.listen(
            on: serverHost.address(port: 80), backlog: 64
        ) { [unowned self] stream in
            ends.append(RawServerEnd(stream) { [unowned self] in onRequest($0, $1) })
        }
    }

    func ask(
        at endpoint: Endpoint = Endpoint(host: "server", port: 80), timeout: UInt64 = 5_000,
        connectMilliseconds: UInt64 = 2_000
    ) -> UpgradeCall {
        let call = UpgradeCall()
        clientHost.loop.schedule { [self] in
            let start = clientHost.loop.nowMilliseconds
            let turn = clientHost.loop.turnCount
            let request = UpgradeRequest(
                to: "echo/1", target: "/link?x=1", at: endpoint, loop: clientHost.loop,
                limits: limits { $0.connectMilliseconds = connectMilliseconds })
            call.request = request
            request.start(timeoutMilliseconds: timeout) { [self] stream in
                if clientHost.loop.turnCount == turn { Issue.record("in the turn of start") }
                call.takeOvers += 1
                call.milliseconds = clientHost.loop.nowMilliseconds - start
                call.probe.stream = stream
                return call.probe
            } onFailure: { [self] failure in
                if clientHost.loop.turnCount == turn { Issue.record("in the turn of start") }
                call.failures.append(failure)
                call.milliseconds = clientHost.loop.nowMilliseconds - start
            }
        }
        return call
    }

    func finish(_ call: UpgradeCall) -> Bool {
        world.run(withinMilliseconds: 600_000) { call.isDone }
    }
}

private func withRawPeer(seed: UInt64 = 1, _ body: (RawPeer) throws -> Void) throws {
    try withSimWorld(seed: seed) { world in
        let peer = try RawPeer(world)
        try body(peer)
        // It holds the peer.
        peer.onRequest = { _, _ in }
    }
}
