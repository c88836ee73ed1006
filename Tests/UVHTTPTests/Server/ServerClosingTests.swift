import Simulation
import Testing
import UVHTTP

/// Clients that leave, in all ways and at all times.
@Suite struct ServerClosingTests {
    @Test(arguments: 0..<20)
    func answersAClientThatHasEndedItsDirection(seed: Int) throws {
        try withServer(seed: UInt64(seed)) { harness in
            let client = harness.connect(
                sending: get("/now/a") + get("/later/b") + get("/stream/5") + get("/later/d")
            ) { probe in
                if probe.events.last == .connected { probe.call { $0.shutdown() } }
            }
            #expect(harness.world.run { harness.service.seen.count == 4 })
            harness.world.run(forMilliseconds: 1_000)
            harness.onServer { harness.service.answer("d") }
            harness.onServer { harness.service.answer("b") }
            #expect(harness.answersUntilEnd(client).map(\.body) == ["a", "b", "0 1 2 3 4 ", "d"])
            #expect(harness.server.connectionCount == 0)
        }
    }

    @Test func closesWhenAClientEndsInTheMiddleOfARequest() throws {
        for text in ["", "GET /no", get("/x", "Content-Length: 5\r\n", method: "PUT") + "12"] {
            try withServer { harness in
                let client = harness.connect(sending: text)
                harness.world.run(forMilliseconds: 10)
                client.call { $0.shutdown() }
                #expect(harness.answersUntilEnd(client).isEmpty)
                #expect(harness.world.run { harness.server.connectionCount == 0 })
                #expect(harness.service.seen.isEmpty)
            }
        }
    }

    @Test(arguments: [
        "", "GET /n", "/later/a", "/stream/100000",
        "PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc",
        "PUT /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        "GET /now/a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
        "nonsense\r\n\r\n",
    ])
    func survivesAResetInEachState(text: String) throws {
        for seed in 0..<25 {
            try withServer(seed: UInt64(seed)) { harness in
                let request = text.hasPrefix("/") ? get(text) + get("/later/b") : text
                let client = harness.connect(sending: request)
                harness.world.after(microseconds: UInt64(seed) * 150) {
                    client.simStream?.reset()
                }
                harness.world.run(forMilliseconds: 50)
                harness.onServer { harness.service.answer("a") }
                harness.world.run(forMilliseconds: 50)
                #expect(harness.server.connectionCount == 0)
                #expect(harness.service.owed.values.allSatisfy { !$0.isWanted })
            }
        }
    }

    @Test func takesAnAnswerThatNobodyWaitsForAnyMore() throws {
        try withServer { harness in
            let client = harness.connect(sending: get("/later/a") + get("/later/b"))
            #expect(harness.world.run { harness.service.seen.count == 2 })
            let place = harness.service.owed["a"]
            #expect(place?.isWanted == true)
            client.simStream?.reset()
            #expect(harness.world.run { harness.server.connectionCount == 0 })
            #expect(place?.isWanted == false)
            var wasAsked = false
            place?.respond { _ in wasAsked = true }
            #expect(!wasAsked)
        }
    }

    @Test func letsGoOfAConnectionWhoseAnswerIsStillHeld() throws {
        try withServer { harness in
            let client = harness.connect(sending: get("/later/a"))
            #expect(harness.world.run { harness.service.owed["a"] != nil })
            let place = harness.service.owed["a"]
            harness.onServer { harness.service.answer("a") }
            #expect(harness.answers(client, 1).map(\.body) == ["a"])
            #expect(place?.isWanted == false)
        }
    }

    @Test func servesNothingOfAConnectionThatItHasClosed() throws {
        for seed in 0..<20 {
            try withServer(seed: UInt64(seed), limits { $0.requestsPerTurnMax = 1 }) { harness in
                harness.world.network.splitting = .whole
                harness.service.routes["/close"] = { _, responder in
                    responder.respond(.ok, contentType: "", body: "bye")
                    harness.server.closeConnections()
                }
                harness.connect(sending: get("/close") + get("/now/a") + get("/now/b"))
                #expect(harness.world.run { harness.server.counters.pointee.requests > 0 })
                harness.world.run(forMilliseconds: 100)
                #expect(harness.service.seen.count == 1)
            }
        }
    }

    @Test func closesItsListenersWhenItIsDropped() throws {
        try withSimWorld { world in
            let host = world.addHost("server")
            let client = world.addHost("client")
            var server: HTTPServer? = HTTPServer(
                loop: host.loop, limits: HTTPLimits(), service: ScriptedService())
            try server?.listen(on: host.address(port: 80))
            let weak = WeakReference(object: server)
            server = nil
            #expect(weak.object == nil)
            let probe = Probe()
            client.loop.schedule {
                probe.start(on: client.loop.connect(to: host.address(port: 80)))
            }
            #expect(world.run { probe.isClosed })
            #expect(probe.events == [.closed(.connectionRefused)])
        }
    }

    @Test func letsGoOfEverythingInTheEnd() throws {
        try withSimWorld { world in
            var weak: [WeakReference] = []
            do {
                let harness = try ServerHarness(world, limits: HTTPLimits())
                let client = harness.connect(sending: get("/later/a") + get("/stream/3"))
                #expect(world.run { harness.service.seen.count == 2 })
                harness.onServer { harness.service.answer("a") }
                _ = harness.answers(client, 2)
                var hasStopped = false
                harness.onServer { harness.server.stop { hasStopped = true } }
                #expect(world.run { hasStopped })
                weak = [
                    WeakReference(object: harness.server), WeakReference(object: harness.service),
                ]
            }
            world.run(forMilliseconds: 5_000)
            #expect(weak.allSatisfy { $0.object == nil })
        }
    }
}
