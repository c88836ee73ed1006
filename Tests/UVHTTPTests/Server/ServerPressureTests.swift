import Simulation
import Testing
import UVHTTP

/// Clients that ask for more than they take: everything waits, nothing is lost, order is kept.
@Suite struct ServerPressureTests {
    @Test func takesSoManyRequestsPerTurn() throws {
        try withServer(limits { $0.requestsPerTurnMax = 5 }) { harness in
            harness.world.network.splitting = .whole
            let loop = harness.serverHost.loop
            var turns: [Int: Int] = [:]
            harness.service.routes["/count"] = { _, responder in
                turns[loop.turnCount, default: 0] += 1
                responder.respond(.ok, contentType: "", body: "x")
            }
            let client = harness.connect(
                sending: String(repeating: get("/count"), count: 63) + get("/now/end"))
            let answers = harness.answers(client, 64)
            #expect(answers.last?.body == "end")
            #expect(turns.values.max() == 5)
            #expect(turns.count == 13)
        }
    }

    @Test func answersFewLargeRequestsInATurn() throws {
        try withServer(limits { $0.largeBytesPerTurnMax = 250_000 }) { harness in
            harness.world.network.splitting = .whole
            let loop = harness.serverHost.loop
            // Long turns: all that is sent waits when one begins.
            loop.turnMicroseconds = 20_000...20_000
            var turns: [Int: Int] = [:]
            harness.service.routes["/count"] = { request, responder in
                turns[loop.turnCount, default: 0] += 1
                responder.respond(.ok, contentType: "", body: Array(request.body))
            }
            let body = String(repeating: "x", count: 100_000)
            let clients = (0..<10).map { _ in harness.connect(sending: put("/count", body)) }
            let small = harness.connect(sending: put("/echo", "small"))
            for client in clients { #expect(harness.answers(client, 1).map(\.body) == [body]) }
            #expect(harness.answers(small, 1).map(\.body) == ["small"])
            // Two are less than the limit, so that a third is begun.
            #expect(turns.values.max() == 3)
            #expect(turns.values.reduce(0, +) == 10)
        }
    }

    @Test func takesSoManyUnansweredRequestsOfOneConnection() throws {
        try withServer(limits { $0.pipelineDepthMax = 3 }) { harness in
            let client = harness.connect(
                sending: (0..<10).map { get("/later/\($0)") }.joined() + put("/echo", "end"))
            harness.world.run(forMilliseconds: 100)
            #expect(harness.service.seen.count == 3)
            for index in 0..<10 {
                #expect(harness.world.run { harness.service.owed["\(index)"] != nil })
                #expect(harness.service.owed.count <= 3)
                harness.onServer { harness.service.answer("\(index)") }
            }
            let bodies = (0..<10).map { "\($0)" } + ["end"]
            #expect(harness.answers(client, 11).map(\.body) == bodies)
        }
    }

    @Test func readsNoFurtherWhileMuchOutputWaits() throws {
        let size = 50_000
        try withServer(limits { $0.outputBytesMax = 200_000 }) { harness in
            harness.world.network.bufferBytes = 4096...4096
            let client = harness.connect(
                sending: (0..<60).map { _ in get("/big/\(size)") }.joined() + get("/now/end")
            ) { probe in
                if probe.events.last == .read { probe.call { $0.pauseReading() } }
            }
            harness.world.run(forMilliseconds: 2_000)
            // One flush of 64 KiB and one answer may go beyond the limit.
            #expect(harness.service.seen.count <= 7)
            #expect(harness.serverStreams.allSatisfy { $0.queuedBytes <= 350_000 })
            client.reaction = { _, _ in }
            client.call { $0.resumeReading() }
            let answers = harness.answers(client, 61)
            #expect(answers.dropLast().allSatisfy { $0.body.utf8.count == size })
            #expect(answers.last?.body == "end")
        }
    }

    @Test func boundsTheAnswersThatWaitForAnEarlierOne() throws {
        let size = 50_000
        try withServer(limits { $0.outputBytesMax = 200_000 }) { harness in
            harness.world.network.splitting = .whole
            let client = harness.connect(
                sending: get("/later/a") + (0..<40).map { _ in get("/big/\(size)") }.joined()
                    + get("/now/end"))
            harness.world.run(forMilliseconds: 2_000)
            #expect(harness.service.seen.count <= 6)
            harness.onServer { harness.service.answer("a") }
            let answers = harness.answers(client, 42)
            #expect(answers.first?.body == "a")
            #expect(answers.dropLast().dropFirst().allSatisfy { $0.body.utf8.count == size })
            #expect(answers.last?.body == "end")
        }
    }

    @Test func leavesToTheNetworkWhatItCannotTake() throws {
        try withServer(limits { $0.pipelineDepthMax = 3 }) { harness in
            harness.world.network.bufferBytes = 65_536...65_536
            let count = 10_000
            let client = harness.connect(
                sending: get("/later/a") + String(repeating: get("/now/x"), count: count))
            harness.world.run(forMilliseconds: 1_000)
            #expect(harness.service.seen.count == 3)
            // What one read took, and what is in the network.
            let sent = (count + 1) * get("/now/x").utf8.count
            #expect(client.simStream.map { $0.queuedBytes > sent - 200_000 } == true)
            harness.onServer { harness.service.answer("a") }
            #expect(harness.world.run { harness.service.seen.count == count + 1 })
        }
    }

    @Test func closesWhoHasHeldMuchForTheLongestWhenTooMuchIsHeld() throws {
        let few = limits {
            $0.heldBytesMax = 500_000
            $0.connectionsMax = 8
            $0.lastPlacesMax = 2
        }
        try withServer(few) { harness in
            harness.world.network.bufferBytes = 4096...4096
            let head = get("/echo", "Content-Length: 200000\r\n", method: "PUT")
            // Memory for it grows by doubling: some 130,000 bytes.
            let half = String(repeating: "b", count: 100_000)
            let modest = harness.connect(sending: head + half.prefix(10_000))
            let unread = harness.connect(sending: get("/big/300000")) { probe in
                if probe.events.last == .connected { probe.call { $0.pauseReading() } }
            }
            harness.world.run(forMilliseconds: 1_000)
            #expect(harness.server.heldBytes > 290_000)
            #expect(harness.server.counters.pointee.cutOff == 0)
            var bodies: [Probe] = []
            for _ in 0..<4 {
                bodies.append(harness.connect(sending: head + half))
                harness.world.run(forMilliseconds: 1_000)
            }
            #expect(harness.server.heldBytes <= 500_000)
            #expect(harness.server.counters.pointee.cutOff == 2)
            unread.call { $0.resumeReading() }
            #expect(harness.world.run { unread.hasSeenEnd && bodies[0].hasSeenEnd })
            #expect(!(bodies[1...] + [modest]).contains { $0.hasSeenEnd })
            bodies[3].write(half)
            #expect(harness.answers(bodies[3], 1).map(\.body.utf8.count) == [200_000])
            for probe in bodies + [modest, unread] { probe.call { $0.close() } }
            #expect(harness.world.run { harness.server.connectionCount == 0 })
            #expect(harness.server.heldBytes == 0)
        }
    }

    @Test func holdsHardlyMoreThanItMayThoughAllGrowInOneTurn() throws {
        let most = 4 * 1024 * 1024
        try withServer(limits { $0.heldBytesMax = most }) { harness in
            harness.world.network.splitting = .whole
            harness.world.network.bufferBytes = 262_144...262_144
            // All that comes meanwhile is read in one turn.
            harness.serverHost.loop.turnMicroseconds = 20_000...20_000
            let head = get("/echo", "Content-Length: 1000000\r\n", method: "PUT")
            let greedy = (0..<40).map { _ in
                harness.connect(sending: head + String(repeating: "b", count: 300_000))
            }
            var held = 0
            harness.world.run(withinMilliseconds: 2_000) {
                held = max(held, harness.server.heldBytes)
                return false
            }
            // One connection's growth may go beyond it.
            #expect(held > most / 2 && held <= most + 262_144, "\(held) of \(most)")
            #expect(harness.server.counters.pointee.cutOff > 0)
            #expect(greedy.contains { $0.hasSeenEnd } && greedy.contains { !$0.hasSeenEnd })
        }
    }

    @Test func holdsNobodyToATimeInWhichItDidNotRead() throws {
        // 1. Two requests wait, and the beginning of a third has come. 2. The second's answer is so
        // long that no more is read until the first is answered. 3. That takes long.
        try withServer(limits { $0.outputBytesMax = 100_000 }) { harness in
            let third = get("/now/c")
            let client = harness.connect(
                sending: get("/later/a") + get("/later/b") + third.prefix(10))
            #expect(harness.world.run { harness.service.owed.count == 2 })
            harness.world.run(forMilliseconds: 10)
            let big = String(repeating: "b", count: 150_000)
            harness.onServer { harness.service.answer("b", big) }
            harness.world.run(forMilliseconds: 10)
            client.write(String(third.dropFirst(10)))
            harness.world.run(forMilliseconds: 30_000)
            #expect(harness.service.seen.count == 2)
            harness.onServer { harness.service.answer("a") }
            #expect(harness.answers(client, 3).map(\.body) == ["a", big, "c"])
        }
    }

    @Test func readsABodyToItsEndThoughManyAnswersAreOwed() throws {
        // The place of `100 Continue` fills the pipeline; the body it asks for must be read.
        try withServer(limits { $0.pipelineDepthMax = 2 }) { harness in
            let head = get("/echo", "Content-Length: 9\r\nExpect: 100-continue\r\n", method: "PUT")
            let client = harness.connect(sending: get("/later/a") + head)
            #expect(harness.world.run { harness.service.admissions == ["/echo"] })
            client.write("impatient" + get("/now/c"))
            harness.world.run(forMilliseconds: 40_000)
            #expect(!client.hasSeenEnd)
            #expect(harness.service.seen.map(\.body) == ["", "impatient"])
            harness.onServer { harness.service.answer("a") }
            let answers = harness.answers(client, 3)
            #expect(answers.map(\.status) == [200, 100, 200, 200])
            #expect(answers.map(\.body) == ["a", "", "impatient", "c"])
        }
    }

    @Test func doesNotCountTheTimeInWhichItDidNotRead() throws {
        // 1. The beginning of a head comes. 2. The output fills up, so no more of it is read. 3.
        //    The client takes its answer, fast enough, but for longer than a head may take. 4. The
        //    end of the head comes.
        try withServer(limits { $0.outputBytesMax = 100_000 }) { harness in
            harness.world.network.bufferBytes = 4096...4096
            let second = get("/now/second")
            let client = harness.connect(sending: get("/later/a") + second.prefix(10)) { probe in
                guard probe.events.last == .read else { return }
                probe.call { $0.pauseReading() }
                harness.world.after(milliseconds: 300) { probe.call { $0.resumeReading() } }
            }
            #expect(harness.world.run { harness.service.owed["a"] != nil })
            let big = String(repeating: "b", count: 200_000)
            harness.onServer { harness.service.answer("a", big) }
            harness.world.run(forMilliseconds: 100)
            client.write(String(second.dropFirst(10).prefix(10)))
            #expect(harness.answers(client, 1).map(\.body) == [big])
            #expect(harness.world.nowMilliseconds > 12_000)
            harness.world.run(forMilliseconds: 2_000)
            client.write(String(second.dropFirst(20)))
            #expect(harness.answers(client, 2).map(\.body) == [big, "second"])
        }
    }
}
