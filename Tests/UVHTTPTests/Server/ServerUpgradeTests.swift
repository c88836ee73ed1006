import Simulation
import Testing
import UVHTTP

/// Connections that leave HTTP.
@Suite struct ServerUpgradeTests {
    private static let ask = "Connection: Upgrade\r\nUpgrade: echo/1\r\n"
    private static let switched =
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo/1\r\n\r\n"

    @Test func switchesAndGivesTheStreamAway() throws {
        try withServer { harness in
            let link = Echo(harness)
            let client = harness.connect(sending: get("/link", Self.ask))
            #expect(harness.world.run { client.text == Self.switched })
            #expect(harness.server.connectionCount == 0)
            #expect(harness.server.linkCount == 1)
            client.write("hello")
            #expect(harness.world.run { client.text == Self.switched + "hello" })
            #expect(link.probes.count == 1)
            #expect(link.probes[0].events == [.read])
            client.call { $0.close() }
            #expect(harness.world.run { harness.server.linkCount == 0 })
            #expect(link.probes[0].events == [.read, .endOfInput, .closed(nil)])
        }
    }

    @Test func sendsTheFieldLinesAndWhatIsWrittenAtOnceBehindThem() throws {
        try withServer { harness in
            harness.service.routes["/link"] = { _, responder in
                responder.upgrade(to: "echo/1", fieldLines: "X-Depth: 3\r\n") { stream in
                    let probe = Probe()
                    probe.stream = stream
                    probe.write("first")
                    return probe
                }
            }
            let client = harness.connect(sending: get("/link", Self.ask))
            let head = Self.switched.dropLast(1) + "X-Depth: 3\r\n\r\n"
            #expect(harness.world.run { client.text == head + "first" })
        }
    }

    @Test func splitsAtEveryByte() throws {
        let text = Array((get("/now/a") + get("/link", Self.ask) + "hello, tree").utf8)
        for split in 0...text.count {
            try withServer(seed: UInt64(split)) { harness in
                let link = Echo(harness)
                let client = harness.connect()
                #expect(harness.world.run { client.events.contains(.connected) })
                client.write(Array(text[..<split]))
                harness.world.run(forMilliseconds: 20)
                client.write(Array(text[split...]))
                #expect(harness.world.run { client.text.hasSuffix("hello, tree") })
                #expect(client.text.contains("\r\n\r\na" + Self.switched + "hello, tree"))
                #expect(link.probes.map(\.text) == ["hello, tree"])
            }
        }
    }

    @Test func answersWhatWasAskedBeforeFirst() throws {
        for seed in 0..<20 {
            try withServer(seed: UInt64(seed)) { harness in
                _ = Echo(harness)
                let client = harness.connect(
                    sending: get("/later/a") + get("/now/b") + get("/stream/3")
                        + get("/link", Self.ask) + "behind")
                #expect(harness.world.run { harness.service.seen.count == 4 })
                harness.world.run(forMilliseconds: 50)
                #expect(client.received.isEmpty)
                #expect(harness.server.linkCount == 0)
                harness.onServer { harness.service.answer("a") }
                #expect(harness.world.run { client.text.hasSuffix("behind") })
                var reader = AnswerReader()
                reader.read(client.received)
                #expect(reader.answers.map(\.status) == [200, 200, 200, 101])
                #expect(reader.answers.map(\.body) == ["a", "b", "0 1 2 ", ""])
                #expect(reader.leftover == "behind")
            }
        }
    }

    @Test func readsNothingMoreWhileTheSwitchWaits() throws {
        try withServer { harness in
            harness.world.network.bufferBytes = 4096...4096
            let link = Echo(harness)
            let text = String(repeating: "0123456789", count: 100_000)
            let client = harness.connect(
                sending: get("/later/a") + get("/link", Self.ask) + text)
            harness.world.run(forMilliseconds: 2_000)
            #expect(client.simStream.map { $0.queuedBytes > 800_000 } == true)
            harness.onServer { harness.service.answer("a") }
            #expect(harness.world.run { client.text.hasSuffix(Self.switched + text) })
            #expect(link.probes.map(\.text) == [text])
        }
    }

    @Test(arguments: [
        // In HTTP/1.0, without the option, without the field, to what isn't spoken (RFC 9110 §7.8).
        get("/link", "Connection: Upgrade\r\nUpgrade: echo/1\r\n", version: "1.0"),
        get("/link", "Upgrade: echo/1\r\n"),
        get("/link", "Connection: keep-alive\r\nUpgrade: echo/1\r\n"),
        get("/link", "Connection: Upgrade\r\n"),
        get("/link", "Connection: Upgrade\r\nUpgrade: h2c, echo/2, echo\r\n"),
        // With a body.
        get("/link", ask + "Content-Length: 2\r\n", method: "PUT") + "hi",
        putChunked("/link", ["hi"], ask), putChunked("/link", [], ask),
    ])
    func ignoresWhatItNeedNotHeed(request: String) throws {
        try withServer { harness in
            let link = Echo(harness)
            let client = harness.connect(sending: request)
            #expect(harness.answers(client, 1).map(\.status) == [426])
            #expect(link.probes.isEmpty)
            #expect(harness.server.linkCount == 0)
        }
    }

    @Test(arguments: [
        "connection: keep-alive, UPGRADE\r\nupgrade: h2c,ECHO/1\r\n",
        "Connection: upgrade\r\nUpgrade: h2c\r\nUpgrade: echo/1\r\n",
        ask + "Content-Length: 0\r\n",
    ])
    func findsItsProtocolAmongOthersInAnyCase(fields: String) throws {
        try withServer { harness in
            _ = Echo(harness)
            let client = harness.connect(sending: get("/link", fields) + "x")
            #expect(harness.world.run { client.text == Self.switched + "x" })
        }
    }

    // MARK: Limits

    @Test func refusesMoreLinksThanItMayKeepAndTakesThemAgain() throws {
        try withServer(limits { $0.linksMax = 2 }) { harness in
            _ = Echo(harness)
            // One of them waits for its switch; it counts already.
            let waiting = harness.connect(sending: get("/later/a") + get("/link", Self.ask))
            #expect(harness.world.run { harness.service.seen.count == 2 })
            let second = harness.connect(sending: get("/link", Self.ask))
            #expect(harness.world.run { second.text == Self.switched })
            let third = harness.connect(sending: get("/link", Self.ask) + get("/now/x"))
            #expect(harness.answers(third, 2).map(\.status) == [503, 200])
            waiting.simStream?.reset()
            harness.world.run(forMilliseconds: 20)
            // Nothing is read while the switch waits, so writing is what finds out.
            harness.onServer { harness.service.answer("a") }
            harness.world.run(forMilliseconds: 20)
            #expect(harness.server.linkCount == 1)
            third.write(get("/link", Self.ask))
            #expect(harness.world.run { third.text.hasSuffix(Self.switched) })
            #expect(harness.server.linkCount == 2)
        }
    }

    @Test func doesNotCountAStreamThatEndsHTTPBeforeTheSwitch() throws {
        try withServer(limits { $0.linksMax = 1 }) { harness in
            _ = Echo(harness)
            let old = harness.connect(
                sending: get("/later/a", "Connection: keep-alive\r\n", version: "1.0")
                    + get("/link", Self.ask))
            #expect(harness.world.run { harness.service.seen.count == 2 })
            harness.onServer {
                harness.service.take("a")?.respond { harness.service.stream(3, $0) }
            }
            #expect(harness.answersUntilEnd(old).map(\.body) == ["0 1 2 "])
            let client = harness.connect(sending: get("/link", Self.ask))
            #expect(harness.world.run { client.text == Self.switched })
        }
    }

    @Test func makesRoomForAConnectionWhenItBecomesALink() throws {
        try withServer(limits { $0.connectionsMax = 1 }) { harness in
            _ = Echo(harness)
            let first = harness.connect(sending: get("/later/a") + get("/link", Self.ask))
            #expect(harness.world.run { harness.service.seen.count == 2 })
            let second = harness.connect(sending: get("/now/x"))
            #expect(harness.answersUntilEnd(second).map(\.status) == [503])
            harness.onServer { harness.service.answer("a") }
            #expect(harness.world.run { first.text.hasSuffix(Self.switched) })
            let third = harness.connect(sending: get("/now/x"))
            #expect(harness.answers(third, 1).map(\.body) == ["x"])
        }
    }

    @Test func leavesALinkAsMuchTimeAsItWants() throws {
        try withServer { harness in
            _ = Echo(harness)
            let client = harness.connect(sending: get("/link", Self.ask))
            harness.world.run(forMilliseconds: 600_000)
            client.write("GET ")
            harness.world.run(forMilliseconds: 600_000)
            #expect(client.text == Self.switched + "GET ")
            #expect(harness.server.linkCount == 1)
        }
    }

    // MARK: Ends

    @Test func tellsTheNewHandlerOfAnEndThatHasCome() throws {
        for text in ["", "behind"] {
            try withServer { harness in
                let link = Echo(harness)
                let client = harness.connect(sending: get("/link", Self.ask) + text) { probe in
                    if probe.events.last == .connected { probe.call { $0.shutdown() } }
                }
                #expect(harness.world.run { client.hasSeenEnd })
                #expect(client.text == Self.switched + text)
                #expect(link.probes[0].events.contains(.endOfInput))
            }
        }
    }

    @Test func neverGivesAStreamAwayThatIsGoneBefore() throws {
        try withServer(limits { $0.linksMax = 1 }) { harness in
            let link = Echo(harness)
            let client = harness.connect(sending: get("/later/a") + get("/link", Self.ask))
            #expect(harness.world.run { harness.service.seen.count == 2 })
            client.simStream?.reset()
            harness.world.run(forMilliseconds: 20)
            harness.onServer { harness.service.answer("a") }
            harness.world.run(forMilliseconds: 20)
            #expect(link.probes.allSatisfy { $0.isClosed })
            #expect(harness.server.linkCount == 0 && harness.server.connectionCount == 0)
            let second = harness.connect(sending: get("/link", Self.ask))
            #expect(harness.world.run { second.text == Self.switched })
        }
    }

    @Test func tellsTheNewHandlerOfAReset() throws {
        try withServer { harness in
            let link = Echo(harness)
            let client = harness.connect(sending: get("/link", Self.ask))
            #expect(harness.world.run { client.text == Self.switched })
            client.simStream?.reset()
            #expect(harness.world.run { harness.server.linkCount == 0 })
            #expect(link.probes[0].events == [.closed(.connectionReset)])
        }
    }

    @Test func stopsWithoutItsLinksAndClosesThemWhenTold() throws {
        try withServer { harness in
            let link = Echo(harness)
            let open = harness.connect(sending: get("/link", Self.ask))
            #expect(harness.world.run { open.text == Self.switched })
            let busy = harness.connect(sending: get("/later/a") + get("/link", Self.ask))
            #expect(harness.world.run { harness.service.seen.count == 3 })
            let late = harness.connect(sending: get("/later/b"))
            #expect(harness.world.run { harness.service.seen.count == 4 })
            var hasStopped = false
            harness.onServer { harness.server.stop { hasStopped = true } }
            harness.world.run(forMilliseconds: 100)
            late.write(get("/link", Self.ask))
            harness.world.run(forMilliseconds: 100)
            harness.onServer { harness.service.answer("b") }
            #expect(harness.answersUntilEnd(late).map(\.status) == [200, 503])
            late.call { $0.close() }
            harness.onServer { harness.service.answer("a") }
            #expect(harness.world.run { hasStopped })
            #expect(harness.server.linkCount == 2)
            open.write("still here")
            busy.write("me too")
            #expect(harness.world.run { open.text.hasSuffix("here") && busy.text.hasSuffix("too") })
            harness.onServer { harness.server.closeConnections() }
            #expect(harness.world.run { open.hasSeenEnd && busy.hasSeenEnd })
            #expect(harness.server.linkCount == 0)
            #expect(link.probes.allSatisfy { $0.isClosed && $0.closedOnceAndLast })
        }
    }

    @Test func closesASwitchThatWaitsWhenTheTimeIsUp() throws {
        try withServer { harness in
            let link = Echo(harness)
            let client = harness.connect(sending: get("/later/a") + get("/link", Self.ask))
            #expect(harness.world.run { harness.service.seen.count == 2 })
            var hasStopped = false
            harness.onServer {
                harness.server.stop { hasStopped = true }
                harness.server.closeConnections()
            }
            #expect(harness.world.run { hasStopped && client.hasSeenEnd })
            harness.onServer { harness.service.answer("a") }
            harness.world.run(forMilliseconds: 10)
            #expect(link.probes.isEmpty)
        }
    }

    @Test func mayCloseTheStreamAtOnce() throws {
        try withServer { harness in
            let probe = Probe()
            harness.service.routes["/link"] = { _, responder in
                responder.upgrade(to: "echo/1") { stream in
                    probe.stream = stream
                    stream.close()
                    return probe
                }
            }
            let client = harness.connect(sending: get("/link", Self.ask) + "behind")
            #expect(harness.world.run { client.hasSeenEnd && probe.isClosed })
            #expect(probe.events == [.closed(nil)])
            #expect(harness.server.linkCount == 0)
        }
    }
}

/// Takes over what asks `/link` for `echo/1`, and sends everything back.
final class Echo {
    /// The new handlers, in the order of their streams.
    private(set) var probes: [Probe] = []

    init(_ harness: ServerHarness) {
        harness.service.routes["/link"] = { [self] request, responder in
            guard request.asksUpgrade(to: "echo/1") else {
                return responder.respond(
                    .upgradeRequired, contentType: "", fieldLines: "Upgrade: echo/1\r\n", body: "")
            }
            responder.upgrade(to: "echo/1") { stream in
                let probe = Probe.echo(on: stream)
                self.probes.append(probe)
                return probe
            }
        }
    }
}

extension Probe {
    /// The handler of a stream that is handed over: sends everything back, and closes behind it.
    static func echo(on stream: any ByteStream) -> Probe {
        let probe = Probe { probe, event in
            if event == .read { probe.write(Array(probe.lastReadBytes)) }
            let isOver = probe.events.contains(.endOfInput) && probe.stream?.queuedBytes == 0
            if isOver { probe.call { $0.close() } }
        }
        probe.stream = stream
        return probe
    }
}
