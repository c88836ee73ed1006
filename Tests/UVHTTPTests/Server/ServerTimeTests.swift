import Simulation
import Testing
import UVHTTP

/// How long clients may take.
@Suite struct ServerTimeTests {
    /// Milliseconds until `condition` holds.
    private func time(
        _ harness: ServerHarness, _ condition: () -> Bool
    ) -> UInt64 {
        let start = harness.world.nowMilliseconds
        harness.world.run(withinMilliseconds: 3_600_000, until: condition)
        return harness.world.nowMilliseconds - start
    }

    @Test func closesAnIdleConnection() throws {
        try withServer { harness in
            let silent = harness.connect()
            #expect((60_000...61_100).contains(time(harness) { silent.hasSeenEnd }))
            #expect(silent.received.isEmpty)
            let used = harness.connect(sending: get("/now/x"))
            _ = harness.answers(used, 1)
            harness.world.run(forMilliseconds: 59_000)
            used.write(get("/now/y"))
            _ = harness.answers(used, 2)
            #expect((60_000...61_100).contains(time(harness) { used.hasSeenEnd }))
        }
    }

    @Test func closesManyIdleConnectionsAtOnceAndNoOther() throws {
        try withServer { harness in
            let idle = (0..<60).map { index in
                harness.connect(sending: index % 2 == 0 ? get("/now/\(index)") : "")
            }
            let busy = (0..<5).map { harness.connect(sending: get("/later/\($0)")) }
            #expect(harness.world.run { harness.service.seen.count == 35 })
            harness.world.run(forMilliseconds: 61_000)
            #expect(idle.allSatisfy { $0.hasSeenEnd })
            #expect(harness.server.connectionCount == 5)
            for index in 0..<5 { harness.onServer { harness.service.answer("\(index)") } }
            let bodies = busy.map { harness.answers($0, 1).first?.body }
            #expect(bodies == ["0", "1", "2", "3", "4"])
        }
    }

    @Test func countsIdlenessFromTheEndOfTheLastAnswer() throws {
        try withServer { harness in
            let client = harness.connect(sending: get("/later/a"))
            #expect(harness.world.run { harness.service.owed["a"] != nil })
            harness.world.run(forMilliseconds: 100_000)
            #expect(!client.hasSeenEnd)
            harness.onServer { harness.service.answer("a") }
            _ = harness.answers(client, 1)
            #expect((59_000...61_100).contains(time(harness) { client.hasSeenEnd }))
        }
        try withServer { harness in
            harness.world.network.bufferBytes = 8192...8192
            harness.world.network.splitting = .whole
            let slow = harness.connect(sending: get("/big/900000")) { probe in
                guard probe.events.last == .read else { return }
                probe.call { $0.pauseReading() }
                harness.world.after(milliseconds: 1000) { probe.call { $0.resumeReading() } }
            }
            _ = harness.answers(slow, 1)
            #expect(harness.world.nowMilliseconds > 70_000)
            #expect((55_000...61_100).contains(time(harness) { slow.hasSeenEnd }))
        }
    }

    @Test func refusesASlowHead() throws {
        try withServer { harness in
            let text = Array(get("/now/x").utf8)
            let client = harness.connect()
            #expect(harness.world.run { client.events == [.connected] })
            for (index, byte) in text.enumerated() {
                harness.world.after(milliseconds: UInt64(index) * 500) { client.write([byte]) }
            }
            #expect((10_000...10_700).contains(time(harness) { client.hasSeenEnd }))
            let answers = harness.answersUntilEnd(client)
            #expect(answers.map(\.status) == [408])
            #expect(answers.first?.fields["connection"] == "close")
            #expect(answers.first?.fields["date"]?.hasPrefix("Thu, 01 Jan 2026 00:00:10") == true)
            #expect(harness.service.seen.isEmpty)
            #expect(harness.server.counters.pointee.refusals == 1)
        }
    }

    @Test func refusesASlowHeadOnceThoughAnAnswerIsOwed() throws {
        try withServer { harness in
            let client = harness.connect(sending: get("/later/a") + "GET /never HT")
            #expect(harness.world.run { harness.service.owed["a"] != nil })
            harness.world.run(forMilliseconds: 20_000)
            #expect(client.received.isEmpty)
            harness.onServer { harness.service.answer("a") }
            #expect(harness.answersUntilEnd(client).map(\.status) == [200, 408])
            #expect(harness.server.counters.pointee.refusals == 1)
        }
    }

    @Test(arguments: [true, false])
    func refusesASlowBody(isChunked: Bool) throws {
        try withServer { harness in
            let framing = isChunked ? "Transfer-Encoding: chunked" : "Content-Length: 100000"
            let client = harness.connect(
                sending: get("/echo", framing + "\r\n", method: "PUT")
                    + (isChunked ? "FFFF\r\n" : ""))
            func send(after milliseconds: UInt64) {
                harness.world.after(milliseconds: milliseconds) {
                    client.write(Array(repeating: 120, count: 100))
                    send(after: 200)
                }
            }
            send(after: 100)
            // 500 bytes a second: after 10 s of grace too few once 1024 a second are asked for.
            #expect((10_000...21_100).contains(time(harness) { client.hasSeenEnd }))
            #expect(harness.answersUntilEnd(client).map(\.status) == [408])
            #expect(harness.service.seen.isEmpty)
        }
    }

    @Test func bearsABodyThatIsJustFastEnough() throws {
        try withServer { harness in
            let client = harness.connect(
                sending: get("/echo", "Content-Length: 60000\r\n", method: "PUT"))
            #expect(harness.world.run { client.events == [.connected] })
            for step in 1...50 {
                harness.world.after(milliseconds: UInt64(step) * 1000) {
                    client.write(Array(repeating: 120, count: 1200))
                }
            }
            #expect(harness.answers(client, 1).map(\.status) == [200])
            #expect(harness.world.nowMilliseconds >= 50_000)
        }
    }

    @Test func closesAClientThatDoesNotTakeItsAnswer() throws {
        try withServer { harness in
            harness.world.network.bufferBytes = 8192...8192
            let client = harness.connect(sending: get("/big/500000")) { probe in
                if probe.events.last == .read { probe.call { $0.pauseReading() } }
            }
            let milliseconds = time(harness) { harness.server.connectionCount == 1 }
            #expect(milliseconds < 10)
            #expect(
                (10_000...30_000).contains(time(harness) { harness.server.connectionCount == 0 }))
            #expect(client.received.count < 20_000)
        }
    }

    @Test func closesAClientThatTakesAStreamTooSlowly() throws {
        try withServer { harness in
            harness.world.network.bufferBytes = 4096...4096
            harness.service.routes["/endless"] = { _, responder in
                harness.service.stream(
                    1_000_000, responder, piece: String(repeating: "p", count: 100_000))
            }
            harness.connect(sending: get("/endless")) { probe in
                if probe.events.last == .read { probe.call { $0.pauseReading() } }
                harness.world.after(milliseconds: 10_000) { probe.call { $0.resumeReading() } }
            }
            #expect(harness.world.run { harness.server.connectionCount == 1 })
            #expect(time(harness) { harness.server.connectionCount == 0 } < 60_000)
        }
    }

    @Test func lingersAsLongAsItMustAndNoLonger() throws {
        try withServer { harness in
            let client = harness.connect(sending: get("/now/a", "Connection: close\r\n"))
            #expect(harness.answersUntilEnd(client).map(\.body) == ["a"])
            #expect(harness.server.connectionCount == 1)
            // A client that goes on sending doesn't keep the connection.
            for step in 0..<40 {
                harness.world.after(milliseconds: UInt64(step) * 100) { client.write("more") }
            }
            #expect((1_900...2_600).contains(time(harness) { harness.server.connectionCount == 0 }))
            let polite = harness.connect(sending: get("/now/a", "Connection: close\r\n")) { probe in
                if probe.events.last == .endOfInput { probe.call { $0.close() } }
            }
            #expect(harness.world.run { polite.isClosed })
            #expect(time(harness) { harness.server.connectionCount == 0 } < 10)
        }
    }

    @Test func waitsForTheServiceAsLongAsItTakes() throws {
        try withServer { harness in
            let client = harness.connect(sending: get("/later/a"))
            harness.world.run(forMilliseconds: 600_000)
            harness.onServer { harness.service.answer("a") }
            #expect(harness.answers(client, 1).map(\.body) == ["a"])
        }
    }
}
