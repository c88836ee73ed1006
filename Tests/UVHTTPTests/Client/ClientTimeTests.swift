import Simulation
import Testing
import UVHTTP

/// Deadlines of requests and connections.
@Suite struct ClientTimeTests {
    private let single = limits { $0.clientConnectionsMax = 1 }

    @Test func timesOutWithoutAnAnswer() throws {
        try withClient { harness in
            harness.onRequest = { _, _ in }
            let record = harness.send("/", timeout: 1_000)
            #expect(harness.finish([record]))
            #expect(record.error == .timedOut)
            #expect((1_000...1_060).contains(record.milliseconds))
            #expect(harness.world.run { harness.ends.first?.isClosed == true })
        }
    }

    @Test func timesOutInTheMiddleOfAnAnswer() throws {
        try withClient { harness in
            harness.onRequest = { end, _ in
                end.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
                for step in 0..<100 {
                    harness.world.after(milliseconds: UInt64(step) * 50) { end.write("drip") }
                }
            }
            let record = harness.send("/", timeout: 2_000)
            #expect(harness.finish([record]))
            #expect(record.error == .timedOut)
            #expect((2_000...2_060).contains(record.milliseconds))
        }
    }

    @Test func bearsAnyTimeout() throws {
        try withClient { harness in
            let endless = harness.send("/", timeout: .max)
            #expect(harness.finish([endless]))
            #expect(endless.body == "/")
            let none = harness.send("/", timeout: 0)
            #expect(harness.finish([none]))
            #expect(none.results.count == 1)
        }
    }

    @Test func timesOutOneRequestWithoutHarmToThoseBefore() throws {
        // 1. A request that may take long, and behind it one that may not. 2. Neither is answered
        // in the second's time. 3. Both answers come.
        try withClient(single) { harness in
            let warm = harness.send("/warm")
            #expect(harness.finish([warm]))
            harness.onRequest = { _, _ in }
            let patient = harness.send("/patient", timeout: 10_000)
            let hasty = harness.send("/hasty", timeout: 500)
            let third = harness.send("/third", timeout: 10_000)
            #expect(harness.finish([hasty]))
            #expect(hasty.error == .timedOut)
            harness.world.run(forMilliseconds: 1_000)
            #expect(!patient.isDone)
            let end = try #require(harness.ends.first)
            harness.serverHost.loop.schedule {
                for request in end.requests.dropFirst() { end.answer(request.target) }
            }
            #expect(harness.finish([patient, third]))
            #expect([patient, third].map(\.body) == ["/patient", "/third"])
            #expect(hasty.results.count == 1)
            #expect(harness.ends.count == 1)
        }
    }

    @Test func sendsElsewhereWhatStandsBehindALateAnswer() throws {
        try withClient(single) { harness in
            let warm = harness.send("/warm")
            #expect(harness.finish([warm]))
            harness.onRequest = { end, request in
                if end !== harness.ends.first { end.answer(request.target) }
            }
            let hasty = harness.send("/hasty", timeout: 500)
            let patient = harness.send("/patient", timeout: 10_000)
            #expect(harness.finish([hasty, patient]))
            #expect(hasty.error == .timedOut)
            #expect(patient.body == "/patient")
            #expect(patient.milliseconds < 700)
        }
    }

    @Test func saysThatItWasCutOffWhenItMayNotSendAgain() throws {
        try withClient(
            limits {
                $0.clientConnectionsMax = 1
                $0.clientResendsMax = 0
            }
        ) { harness in
            let warm = harness.send("/warm")
            #expect(harness.finish([warm]))
            harness.onRequest = { _, _ in }
            let hasty = harness.send("/hasty", timeout: 500)
            let patient = harness.send("/patient", timeout: 10_000)
            #expect(harness.finish([hasty, patient]))
            #expect([hasty, patient].map(\.error) == [.timedOut, .disconnected])
        }
    }

    @Test func givesUpWhatWaitsForAConnection() throws {
        try withClient(single) { harness in
            harness.onRequest = { _, _ in }
            let first = harness.send("/first", timeout: 3_000)
            let second = harness.send("/second", timeout: 300)
            #expect(harness.finish([second]))
            #expect(second.error == .timedOut)
            #expect(!first.isDone)
            #expect(harness.finish([first]))
        }
    }

    @Test func closesAConnectionThatIsIdleForLong() throws {
        try withClient { harness in
            let record = harness.send("/")
            #expect(harness.finish([record]))
            harness.world.run(forMilliseconds: 29_900)
            #expect(harness.clientHost.loop.openStreams.count == 1)
            let again = harness.send("/again")
            #expect(harness.finish([again]))
            #expect(harness.ends.count == 1)
            harness.world.run(forMilliseconds: 29_900)
            #expect(harness.clientHost.loop.openStreams.count == 1)
            harness.world.run(forMilliseconds: 300)
            #expect(harness.clientHost.loop.openStreams.isEmpty)
            #expect(harness.ends.first?.hasEnded == true)
        }
    }

    @Test func looksAtItsClockRarelyWhileNothingIsUnderWay() throws {
        try withClient { harness in
            let record = harness.send("/")
            #expect(harness.finish([record]))
            harness.world.run(forMilliseconds: 100)
            let turns = harness.clientHost.loop.turnCount
            harness.world.run(forMilliseconds: 29_000)
            #expect(harness.clientHost.loop.turnCount - turns <= 2)
            harness.world.run(forMilliseconds: 2_000)
            let idleTurns = harness.clientHost.loop.turnCount
            harness.world.run(forMilliseconds: 100_000)
            #expect(harness.clientHost.loop.turnCount == idleTurns)
            // And still in time when something is.
            harness.onRequest = { _, _ in }
            let late = harness.send("/late", timeout: 200)
            #expect(harness.finish([late]))
            #expect((200...260).contains(late.milliseconds))
        }
    }
}
