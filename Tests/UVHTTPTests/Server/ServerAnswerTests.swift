import Simulation
import Testing
import UVHTTP

/// Requests and their answers on connections where nothing goes wrong.
@Suite struct ServerAnswerTests {
    @Test func answersOneRequestAfterTheOther() throws {
        try withServer { harness in
            let client = harness.connect(sending: get("/now/one"))
            let first = harness.answers(client, 1)
            #expect(
                first == [
                    Answer(
                        status: 200,
                        fields: [
                            "date": "Thu, 01 Jan 2026 00:00:00 GMT", "content-type": "text/plain",
                            "content-length": "3",
                        ], body: "one")
                ])
            client.write(get("/nowhere"))
            #expect(harness.answers(client, 2).map(\.status) == [200, 404])
            #expect(harness.server.connectionCount == 1)
            #expect(harness.server.counters.pointee.requests == 2)
            #expect(harness.server.counters.pointee.connectionsAccepted == 1)
        }
    }

    @Test func writesTheAnswersOfOneReadInOneWrite() throws {
        try withServer { harness in
            harness.world.network.splitting = .whole
            let client = harness.connect(
                sending: (0..<40).map { get("/now/\($0)") }.joined())
            #expect(harness.answers(client, 40).map(\.body) == (0..<40).map { "\($0)" })
            #expect(harness.serverHost.loop.writeCount == 1)
        }
    }

    @Test func writesOneTurnsDeferredAnswersInOneWrite() throws {
        try withServer { harness in
            harness.world.network.splitting = .whole
            let client = harness.connect(sending: get("/later/a") + get("/later/b") + get("/now/c"))
            #expect(harness.world.run { harness.service.seen.count == 3 })
            harness.onServer {
                harness.service.answer("b")
                harness.service.answer("a")
            }
            #expect(harness.answers(client, 3).map(\.body) == ["a", "b", "c"])
            #expect(harness.serverHost.loop.writeCount == 1)
        }
    }

    @Test(arguments: 0..<40)
    func answersInOrderThoughTheServiceDoesNot(seed: Int) throws {
        try withServer(seed: UInt64(seed)) { harness in
            let names = (0..<20).map { index in
                "\(harness.world.random.oneIn(3) ? "now" : "later")/\(index)"
            }
            let client = harness.connect(sending: names.map { get("/" + $0) }.joined())
            #expect(harness.world.run { harness.service.seen.count == 20 })
            var order = Array(0..<20)
            harness.world.random.shuffle(&order)
            for (step, index) in order.enumerated() {
                harness.world.after(microseconds: UInt64(step) * 30) {
                    harness.onServer { harness.service.answer("\(index)") }
                }
            }
            #expect(harness.answers(client, 20).map(\.body) == (0..<20).map { "\($0)" })
        }
    }

    @Test func answersHeadWithoutABody() throws {
        try withServer { harness in
            harness.service.routes["/direct"] = { _, responder in
                responder.respondOK(contentType: "text/plain", contentLength: 3) {
                    $0.append("abc")
                }
            }
            let paths = ["/now/x", "/big/9", "/direct", "/stream/3", "/later/y", "/nothing"]
            let client = harness.connect(
                sending: paths.map { get($0, method: "HEAD") }.joined() + get("/now/end"))
            #expect(harness.world.run { harness.service.seen.count == 7 })
            harness.onServer { harness.service.answer("y") }
            let answers = harness.answers(
                client, 7, methods: Array(repeating: "HEAD", count: 6))
            #expect(answers.map(\.status) == [200, 200, 200, 200, 200, 404, 200])
            #expect(
                answers.map { $0.fields["content-length"] } == ["1", "9", "3", nil, "1", "12", "3"])
            #expect(answers.dropFirst(3).first?.fields["transfer-encoding"] == "chunked")
            #expect(answers.last?.body == "end")
        }
    }

    @Test func closesAfterAnHTTP10RequestThatDoesNotAskForMore() throws {
        try withServer { harness in
            let client = harness.connect(
                sending: get("/now/a", version: "1.0") + get("/now/b", version: "1.0"))
            let answers = harness.answersUntilEnd(client)
            #expect(answers.map(\.body) == ["a"])
            #expect(answers.first?.fields["connection"] == "close")
            #expect(harness.service.seen.count == 1)
        }
    }

    @Test func keepsAnHTTP10ConnectionAliveWhenAsked() throws {
        try withServer { harness in
            let keep = get("/now/a", "Connection: keep-alive\r\n", version: "1.0")
            let client = harness.connect(sending: keep)
            #expect(harness.answers(client, 1).first?.fields["connection"] == "keep-alive")
            client.write(keep + get("/now/b", version: "1.0"))
            let answers = harness.answersUntilEnd(client)
            #expect(
                answers.map { $0.fields["connection"] } == ["keep-alive", "keep-alive", "close"])
        }
    }

    @Test func closesWhenAskedAndTakesNothingBehind() throws {
        try withServer { harness in
            let client = harness.connect(
                sending: get("/now/a") + get("/later/b", "Connection: close\r\n") + get("/now/c"))
            #expect(harness.world.run { harness.service.seen.count == 2 })
            harness.world.run(forMilliseconds: 1_000)
            #expect(!client.hasSeenEnd)
            harness.onServer { harness.service.answer("b") }
            let answers = harness.answersUntilEnd(client)
            #expect(answers.map(\.body) == ["a", "b"])
            #expect(answers.map { $0.fields["connection"] } == [nil, "close"])
            #expect(harness.service.seen.count == 2)
        }
    }

    @Test func tellsTheDateOfTheAnswer() throws {
        try withServer { harness in
            let client = harness.connect(sending: get("/now/x") + get("/later/y"))
            #expect(harness.world.run { harness.service.seen.count == 2 })
            harness.world.run(forMilliseconds: 5_000)
            harness.onServer { harness.service.answer("y") }
            _ = harness.answers(client, 2)
            harness.world.run(forMilliseconds: 3_000)
            client.write(get("/now/z") + "nonsense\r\n\r\n")
            let dates = harness.answersUntilEnd(client).map { $0.fields["date"] }
            let seconds = ["00", "05", "08", "08"].map { "Thu, 01 Jan 2026 00:00:\($0) GMT" }
            #expect(dates == seconds)
        }
    }

    @Test func answersAnotherRequestFromInsideARequest() throws {
        // 1. Two requests wait. 2. A third one's handling answers the first, and the second, which
        // is put off once more. 3. The third's own answer must not be confused by that.
        for answersLater in [true, false] {
            try withServer { harness in
                let service = harness.service
                var again: DeferredResponse?
                service.routes["/push"] = { _, responder in
                    service.answer("a")
                    service.take("b")?.respond { again = $0.later() }
                    let answer: (HTTPResponder) -> Void = {
                        $0.respond(.ok, contentType: "text/plain", body: "pushed")
                    }
                    if answersLater { responder.later().respond(answer) } else { answer(responder) }
                }
                let client = harness.connect(
                    sending: get("/later/a") + get("/later/b") + get("/push") + get("/now/d"))
                #expect(harness.world.run { service.seen.count == 4 })
                harness.onServer { again?.respond { $0.respond(.ok, contentType: "", body: "b") } }
                #expect(harness.answers(client, 4).map(\.body) == ["a", "b", "pushed", "d"])
            }
        }
    }

    @Test func refusesHeadWithoutABody() throws {
        try withServer(limits { $0.bodyBytesMax = 5 }) { harness in
            for request in [
                "HEAD / HTTP/1.1\r\n\r\n", get("/", "X : y\r\n", method: "HEAD"),
                get("/", "Content-Length: 6\r\n", method: "HEAD"), "HEAD / HTTP/3.0\r\n\r\n",
            ] {
                let client = harness.connect(sending: get("/now/a") + request)
                let answers = harness.answersUntilEnd(client, methods: ["GET", "HEAD"])
                #expect(answers.map(\.body) == ["a", ""])
                #expect(answers.last.map { (400...599).contains($0.status) } == true)
                #expect(answers.last?.fields["content-length"] != "0")
            }
            #expect(harness.service.seen.count == 4)
        }
    }

    @Test func takesNothingBehindAConnect() throws {
        try withServer { harness in
            let client = harness.connect(
                sending: get("a:80", method: "CONNECT") + get("/now/tunnelled"))
            let answers = harness.answersUntilEnd(client, methods: ["CONNECT"])
            #expect(answers.map(\.status) == [404])
            #expect(answers.first?.fields["connection"] == "close")
            #expect(harness.service.seen.count == 1)
        }
    }

    @Test func refusesABrokenRequestBehindTheAnswersOwed() throws {
        try withServer { harness in
            let client = harness.connect(
                sending: get("/later/a") + "GET / HTTP/9.9\r\n\r\n" + get("/now/b"))
            #expect(harness.world.run { harness.server.counters.pointee.refusals == 1 })
            #expect(client.received.isEmpty)
            harness.onServer { harness.service.answer("a") }
            let answers = harness.answersUntilEnd(client)
            #expect(answers.map(\.status) == [200, 505])
            #expect(answers.last?.fields["connection"] == "close")
            #expect(answers.last?.fields["content-type"] == "application/problem+json")
            #expect(harness.service.seen.count == 1)
        }
    }
}
