import Simulation
import Testing
import UVHTTP

/// Answers made piece by piece.
@Suite struct ServerStreamTests {
    private let ten = "0 1 2 3 4 5 6 7 8 9 "

    @Test func streamsInChunksAndGoesOn() throws {
        try withServer { harness in
            let client = harness.connect(
                sending: get("/now/a") + get("/stream/10") + get("/stream/1") + get("/now/b"))
            let answers = harness.answers(client, 4)
            #expect(answers.map(\.body) == ["a", ten, "0 ", "b"])
            #expect(answers.dropFirst().first?.fields["transfer-encoding"] == "chunked")
            #expect(harness.service.pieceCount == 11)
            #expect(harness.service.streamTokens.allSatisfy { $0.object == nil })
        }
    }

    @Test func streamsUntilTheEndOfAnHTTP10Connection() throws {
        for fields in ["", "Connection: keep-alive\r\n"] {
            try withServer { harness in
                let client = harness.connect(
                    sending: get("/now/a", "Connection: keep-alive\r\n", version: "1.0")
                        + get("/stream/10", fields, version: "1.0")
                        + get("/now/never", version: "1.0"))
                let answers = harness.answersUntilEnd(client)
                #expect(answers.map(\.body) == ["a", ten])
                #expect(answers.last?.endsWithConnection == true)
                #expect(answers.last?.fields["connection"] == "close")
                #expect(harness.service.seen.count == 2)
            }
        }
    }

    @Test func dropsWhatWasTakenBehindAnHTTP10Stream() throws {
        try withServer { harness in
            let keep = "Connection: keep-alive\r\n"
            let client = harness.connect(
                sending: get("/later/a", keep, version: "1.0") + get("/now/b", keep, version: "1.0")
                    + get("/later/c", keep, version: "1.0"))
            #expect(harness.world.run { harness.service.seen.count == 3 })
            let third = harness.service.take("c")
            harness.onServer {
                harness.service.take("a")?.respond { harness.service.stream(10, $0) }
            }
            #expect(harness.answersUntilEnd(client).map(\.body) == [ten])
            #expect(third?.isWanted == false)
        }
    }

    @Test func keepsAnHTTP10ConnectionBehindAHeadOfAStream() throws {
        try withServer { harness in
            let keep = "Connection: keep-alive\r\n"
            let client = harness.connect(
                sending: get("/stream/3", keep, method: "HEAD", version: "1.0")
                    + get("/now/x", version: "1.0"))
            let answers = harness.answersUntilEnd(client, methods: ["HEAD"])
            #expect(answers.map { $0.fields["connection"] } == ["keep-alive", "close"])
            #expect(answers.last?.body == "x")
            #expect(harness.service.pieceCount == 0)
        }
    }

    @Test func closesAfterAStreamWhenAsked() throws {
        try withServer { harness in
            let client = harness.connect(sending: get("/stream/10", "Connection: close\r\n"))
            let answers = harness.answersUntilEnd(client)
            #expect(answers.map(\.body) == [ten])
            #expect(answers.first?.fields["connection"] == "close")
        }
    }

    @Test func streamsLaterAndInTurn() throws {
        try withServer { harness in
            let client = harness.connect(
                sending: get("/later/a") + get("/later/b") + get("/stream/2") + get("/now/d"))
            #expect(harness.world.run { harness.service.seen.count == 4 })
            harness.onServer {
                harness.service.take("b")?.respond { harness.service.stream(10, $0) }
            }
            harness.world.run(forMilliseconds: 50)
            #expect(harness.service.pieceCount == 0)
            harness.onServer { harness.service.answer("a") }
            #expect(harness.answers(client, 4).map(\.body) == ["a", ten, "0 1 ", "d"])
        }
    }

    @Test func makesNoPieceWhileTheClientDoesNotRead() throws {
        try withServer { harness in
            harness.world.network.bufferBytes = 8192...8192
            harness.service.routes["/endless"] = { _, responder in
                harness.service.stream(
                    100_000, responder, piece: String(repeating: "p", count: 4096))
            }
            let client = harness.connect(sending: get("/endless")) { probe in
                if probe.events.last == .read { probe.call { $0.pauseReading() } }
            }
            harness.world.run(forMilliseconds: 5_000)
            let made = harness.service.pieceCount
            #expect(made >= 1 && made < 10)
            client.reaction = { _, _ in }
            client.call { $0.resumeReading() }
            harness.world.run(forMilliseconds: 100)
            #expect(harness.service.pieceCount > made)
        }
    }

    @Test(arguments: [true, false], [true, false])
    func dropsTheProducerWhenTheClientLeaves(reads: Bool, resets: Bool) throws {
        try withServer { harness in
            harness.world.network.bufferBytes = 8192...8192
            harness.service.routes["/endless"] = { _, responder in
                harness.service.stream(
                    1_000_000, responder, piece: String(repeating: "p", count: 3000))
            }
            let client = harness.connect(sending: get("/endless") + get("/now/never")) { probe in
                if !reads, probe.events.last == .read { probe.call { $0.pauseReading() } }
            }
            #expect(harness.world.run { client.received.count > 1000 })
            harness.world.run(forMilliseconds: 20)
            if resets { client.simStream?.reset() } else { client.simStream?.close() }
            harness.world.run(forMilliseconds: 200)
            #expect(harness.service.streamTokens.count == 1)
            #expect(harness.service.streamTokens.allSatisfy { $0.object == nil })
            #expect(harness.server.connectionCount == 0)
        }
    }

    @Test func takesOnePiecePerTurn() throws {
        try withServer { harness in
            harness.world.network.bufferBytes = 262_144...262_144
            let before = harness.serverHost.loop.turnCount
            let client = harness.connect(sending: get("/stream/200"))
            _ = harness.answers(client, 1)
            #expect(harness.serverHost.loop.turnCount - before >= 100)
        }
    }
}
