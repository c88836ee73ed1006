import Simulation
import Testing
import UVHTTP

/// Stopping without dropping what is in flight.
@Suite struct ServerStopTests {
    @Test func endsIdleConnectionsAndAnswersTheBusyOnes() throws {
        for seed in 0..<20 {
            try withServer(seed: UInt64(seed)) { harness in
                let idle = harness.connect()
                let used = harness.connect(sending: get("/now/x"))
                _ = harness.answers(used, 1)
                let waiting = harness.connect(sending: get("/later/a") + get("/later/b"))
                let sending = harness.connect(
                    sending: get("/echo", "Content-Length: 4\r\n", method: "PUT") + "bo")
                #expect(harness.world.run { harness.service.owed.count == 2 })
                harness.world.run(forMilliseconds: 20)
                var hasStopped = false
                harness.onServer { harness.server.stop { hasStopped = true } }
                #expect(harness.world.run { idle.hasSeenEnd && used.hasSeenEnd })
                harness.world.run(forMilliseconds: 5_000)
                #expect(!hasStopped)
                harness.onServer { harness.service.answer("a") }
                harness.world.run(forMilliseconds: 50)
                harness.onServer { harness.service.answer("b") }
                sending.write("dy")
                let late = harness.answersUntilEnd(waiting)
                #expect(late.map(\.body) == ["a", "b"])
                #expect(late.map { $0.fields["connection"] } == [nil, "close"])
                let sent = harness.answersUntilEnd(sending)
                #expect(sent.map(\.body) == ["body"])
                #expect(sent.first?.fields["connection"] == "close")
                for probe in [waiting, sending, idle, used] { probe.call { $0.close() } }
                #expect(harness.world.run { hasStopped })
                let refused = harness.connect()
                #expect(harness.world.run { refused.isClosed })
                #expect(refused.events == [.closed(.connectionRefused)])
            }
        }
    }

    @Test func doesNotWaitForConnectionsThatRest() throws {
        try withServer { harness in
            let used = harness.connect(sending: get("/now/x"))
            _ = harness.answers(used, 1)
            let silent = harness.connect()
            #expect(harness.world.run { harness.server.connectionCount == 2 })
            harness.world.run(forMilliseconds: 100)
            var hasStopped = false
            harness.onServer { harness.server.stop { hasStopped = true } }
            #expect(harness.world.run(withinMilliseconds: 5) { hasStopped })
            #expect(harness.world.run { used.hasSeenEnd && silent.hasSeenEnd })
        }
    }

    @Test func letsARequestThatWasOnItsWayMeetAnEndAndNoReset() throws {
        try withServer { harness in
            let client = harness.connect(sending: get("/now/x"))
            _ = harness.answers(client, 1)
            var hasStopped = false
            harness.onServer {
                client.write(get("/now/y"))
                harness.server.stop { hasStopped = true }
            }
            #expect(harness.world.run(withinMilliseconds: 10) { client.hasSeenEnd })
            #expect(client.events.last == .endOfInput)
            #expect(!hasStopped)
            #expect(harness.world.run(withinMilliseconds: 110) { hasStopped })
        }
    }

    @Test func waitsForAClientThatKeepsAnEndedConnectionAsLongAsItLingers() throws {
        try withServer(limits { $0.lingerMilliseconds = 2_000 }) { harness in
            let client = harness.connect(sending: get("/later/a"))
            #expect(harness.world.run { harness.service.owed["a"] != nil })
            var hasStopped = false
            harness.onServer { harness.server.stop { hasStopped = true } }
            harness.onServer { harness.service.answer("a") }
            harness.world.run(forMilliseconds: 1_900)
            #expect(!hasStopped)
            harness.world.run(forMilliseconds: 700)
            #expect(hasStopped)
        }
    }

    @Test func doesNotWaitForAHeadThatNeverEnds() throws {
        try withServer(limits { $0.lingerMilliseconds = 2_000 }) { harness in
            _ = harness.connect(sending: "GET /now/x HTT")
            #expect(harness.world.run { harness.server.connectionCount == 1 })
            harness.world.run(forMilliseconds: 100)
            var hasStopped = false
            harness.onServer { harness.server.stop { hasStopped = true } }
            harness.world.run(forMilliseconds: 2_600)
            #expect(hasStopped)
        }
    }

    @Test func stopsFromInsideARequest() throws {
        for answersFirst in [true, false] {
            try withServer { harness in
                var hasStopped = false
                harness.service.routes["/stop"] = { _, responder in
                    if answersFirst { responder.respond(.ok, contentType: "", body: "bye") }
                    harness.server.stop { hasStopped = true }
                    if !answersFirst { responder.respond(.ok, contentType: "", body: "bye") }
                }
                let others = (0..<3).map { _ in harness.connect() }
                #expect(harness.world.run { harness.server.connectionCount == 3 })
                let client = harness.connect(sending: get("/stop"))
                #expect(harness.answersUntilEnd(client).map(\.body) == ["bye"])
                #expect(harness.world.run { others.allSatisfy(\.hasSeenEnd) })
                #expect(others.allSatisfy { $0.received.isEmpty })
                for probe in others + [client] { probe.call { $0.close() } }
                #expect(harness.world.run { hasStopped })
            }
        }
    }

    @Test func saysToEverybodyWhoAsksThatItHasStopped() throws {
        try withServer { harness in
            let client = harness.connect(sending: get("/later/a"))
            #expect(harness.world.run { harness.service.owed["a"] != nil })
            var stopped: [String] = []
            harness.onServer { harness.server.stop { stopped.append("first") } }
            harness.onServer { harness.server.stop { stopped.append("second") } }
            harness.world.run(forMilliseconds: 100)
            #expect(stopped.isEmpty)
            harness.onServer { harness.service.answer("a") }
            _ = harness.answersUntilEnd(client)
            client.call { $0.close() }
            #expect(harness.world.run { stopped == ["first", "second"] })
            harness.onServer { harness.server.stop { stopped.append("third") } }
            #expect(harness.world.run { stopped == ["first", "second", "third"] })
        }
    }

    @Test func stopsAtOnceWithoutConnections() throws {
        try withServer { harness in
            var hasStopped = false
            harness.server.stop { hasStopped = true }
            #expect(!hasStopped)
            #expect(harness.world.run(withinMilliseconds: 1) { hasStopped })
        }
    }

    @Test func closesWhatDoesNotEndWhenTheTimeIsUp() throws {
        try withServer { harness in
            let client = harness.connect(sending: get("/later/a") + get("/later/b"))
            #expect(harness.world.run { harness.service.owed.count == 2 })
            var hasStopped = false
            harness.onServer { harness.server.stop { hasStopped = true } }
            harness.world.run(forMilliseconds: 9_000)
            #expect(!hasStopped)
            harness.onServer { harness.server.closeConnections() }
            #expect(harness.world.run(withinMilliseconds: 10) { hasStopped && client.hasSeenEnd })
            harness.onServer { harness.service.answer("a") }
            harness.world.run(forMilliseconds: 10)
            #expect(client.received.isEmpty)
        }
    }
}
