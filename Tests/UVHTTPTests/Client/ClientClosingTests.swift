import Simulation
import Testing
import UVHTTP

/// Closing a client in every state, and what is left of it.
@Suite struct ClientClosingTests {
    @Test func failsWhatIsUnderWayWherever() throws {
        // From before the look-up to after the answers.
        for step in 0..<60 {
            try withClient(seed: UInt64(step), limits { $0.clientConnectionsMax = 2 }) { harness in
                harness.onRequest = { end, request in
                    harness.world.after(milliseconds: 1) { end.answer(request.target) }
                }
                let records = (0..<12).map { harness.send("/\($0)") }
                harness.world.after(microseconds: UInt64(step) * 100) {
                    harness.onClient { harness.client.close() }
                }
                #expect(harness.finish(records))
                for record in records {
                    #expect(record.results.count == 1)
                    #expect(record.error == nil || record.error == .closed)
                }
                harness.world.run(forMilliseconds: 5_000)
                #expect(harness.clientHost.loop.openStreams.isEmpty)
                #expect(records.allSatisfy { $0.results.count == 1 })
                let late = harness.send("/late")
                #expect(harness.finish([late]))
                #expect(late.error == .closed)
            }
        }
    }

    @Test func closesFromInsideACompletion() throws {
        try withClient { harness in
            let records = (0..<20).map { index in
                harness.send("/\(index)") { _ in if index == 5 { harness.client.close() } }
            }
            #expect(harness.finish(records))
            #expect(records[5].body == "/5")
            #expect(records.allSatisfy { $0.body != nil || $0.error == .closed })
            harness.world.run(forMilliseconds: 1_000)
            #expect(harness.clientHost.loop.openStreams.isEmpty)
            #expect(records.allSatisfy { $0.results.count == 1 })
        }
    }

    @Test func closesWhileACompletionIsToldOfATimeout() throws {
        try withClient { harness in
            harness.onRequest = { _, _ in }
            let records = (0..<6).map { index in
                harness.send("/\(index)", timeout: 200) { _ in harness.client.close() }
            }
            #expect(harness.finish(records))
            harness.world.run(forMilliseconds: 1_000)
            #expect(records.allSatisfy { $0.results.count == 1 })
            #expect(records.contains { $0.error == .timedOut })
        }
    }

    @Test func neverCompletesInTheTurnOfTheSend() throws {
        // `ClientHarness.send` looks.
        try withClient { harness in
            let record = harness.send("/a")
            harness.onClient { harness.client.close() }
            let late = harness.send("/b")
            #expect(harness.finish([record, late]))
            #expect([record, late].map(\.error) == [.closed, .closed])
        }
    }

    @Test func letsGoOfAllItHasWhenItIsDropped() throws {
        try withSimWorld { world in
            let host = world.addHost("client")
            let serverHost = world.addHost("server")
            _ = try serverHost.loop.listen(on: serverHost.address(port: 80), backlog: 4) {
                _ = RawServerEnd($0) { end, request in
                    if request.target != "/never" { end.answer("x") }
                }
            }
            var client: HTTPClient? = HTTPClient(loop: host.loop)
            let weak = WeakReference(object: client)
            var results: [String] = []
            var token: Probe? = Probe()
            let weakToken = WeakReference(object: token)
            func send(_ target: String) {
                client?.send(
                    HTTPClientRequest(.get, target), to: serverHost.endpoint(port: 80),
                    timeoutMilliseconds: 5_000
                ) { [token] in
                    _ = token
                    results.append("\(target) \((try? $0.get()) != nil)")
                }
            }
            host.loop.schedule { send("/a") }
            #expect(world.run { results == ["/a true"] })
            host.loop.schedule { send("/never") }
            world.run(forMilliseconds: 100)
            token = nil
            #expect(weakToken.object != nil)
            client = nil
            #expect(weak.object == nil)
            world.run(forMilliseconds: 100)
            #expect(results == ["/a true", "/never false"])
            #expect(weakToken.object == nil)
            #expect(host.loop.openStreams.isEmpty)
            let turns = host.loop.turnCount
            world.run(forMilliseconds: 100_000)
            #expect(host.loop.turnCount == turns)
        }
    }

    @Test func forgetsPeersThatItHasNothingToDoWith() throws {
        try withClient { harness in
            var records = (1..<50).map {
                harness.send("/", to: Endpoint(host: "server", port: UInt16($0)))
            }
            records.append(harness.send("/"))
            #expect(harness.finish(records))
            harness.world.run(forMilliseconds: 10)
            let weak = harness.clientHost.loop.openStreams.map { WeakReference(object: $0) }
            #expect(weak.count == 1)
            harness.world.run(forMilliseconds: 31_000)
            #expect(weak.allSatisfy { $0.object == nil })
            let turns = harness.clientHost.loop.turnCount
            harness.world.run(forMilliseconds: 60_000)
            #expect(harness.clientHost.loop.turnCount == turns)
        }
    }
}
