import Simulation
import Testing
import UVHTTP

/// Bodies of requests, and whether they are read.
@Suite struct ServerBodyTests {
    @Test(arguments: [SimSplitting.whole, .random, .bytes])
    func takesBodiesOfEitherFraming(splitting: SimSplitting) throws {
        try withServer { harness in
            harness.world.network.splitting = splitting
            let client = harness.connect(
                sending: put("/echo", "length") + putChunked("/echo", ["chu", "nk", "ed"])
                    + get("/now/x") + putChunked("/echo", []) + put("/echo", ""))
            #expect(
                harness.answers(client, 5).map(\.body) == ["length", "chunked", "x", "", ""])
            #expect(harness.service.seen.map(\.method) == ["PUT", "PUT", "GET", "PUT", "PUT"])
        }
    }

    /// From the second on the heads are known by the first.
    @Test(arguments: [SimSplitting.whole, .random, .bytes])
    func takesBodiesBehindHeadsThatAreAlike(splitting: SimSplitting) throws {
        try withServer { harness in
            harness.world.network.splitting = splitting
            var types: [String?] = []
            harness.service.onRequest = { types.append($0.contentType?.text) }
            let bodies = ["a", "", "bcd", String(repeating: "x", count: 1234), "e"]
            let requests = bodies.map { put("/echo", $0, "Content-Type: a/b\r\n") }
            let client = harness.connect(
                sending: requests.joined() + put("/echo", "f") + put("/echo", "g", "X: y\r\n"))
            #expect(harness.answers(client, 7).map(\.body) == bodies + ["f", "g"])
            #expect(types == Array(repeating: "a/b", count: 5) + [nil, nil])
        }
    }

    @Test func refusesATooLongBodyBehindAHeadThatIsKnown() throws {
        try withServer(limits { $0.bodyBytesMax = 8 }) { harness in
            let client = harness.connect(
                sending: put("/echo", "12345678") + put("/echo", "123456789"))
            #expect(harness.answersUntilEnd(client).map(\.status) == [200, 413])
        }
    }

    @Test func takesARequestInTwoPiecesSplitAnywhere() throws {
        try withServer { harness in
            harness.world.network.splitting = .whole
            let text = Array(
                (put("/echo", "first") + putChunked("/echo", ["sec", "ond"]) + get("/now/third"))
                    .utf8)
            for split in 1..<text.count {
                let client = harness.connect()
                #expect(harness.world.run { client.events == [.connected] })
                client.write(Array(text[..<split]))
                harness.world.run(forMilliseconds: 2)
                client.write(Array(text[split...]))
                #expect(harness.answers(client, 3).map(\.body) == ["first", "second", "third"])
                client.simStream?.close()
            }
        }
    }

    @Test func saysContinueToAClientThatWaitsForIt() throws {
        try withServer { harness in
            let head = get("/echo", "Content-Length: 4\r\nExpect: 100-continue\r\n", method: "PUT")
            let client = harness.connect(sending: head)
            #expect(harness.world.run { client.text == "HTTP/1.1 100 Continue\r\n\r\n" })
            client.write("body")
            let answers = harness.answers(client, 1)
            #expect(answers.map(\.status) == [100, 200])
            #expect(answers.last?.body == "body")
            #expect(harness.service.admissions == ["/echo"])
        }
    }

    @Test func doesNotSayContinueWhenTheBodyIsThereAlready() throws {
        try withServer { harness in
            harness.world.network.splitting = .whole
            let client = harness.connect(
                sending: put("/echo", "body", "Expect: 100-continue\r\n")
                    + putChunked("/echo", ["chunks"], "Expect: 100-continue\r\n"))
            let answers = harness.answers(client, 2)
            #expect(answers.map(\.status) == [200, 200])
            #expect(answers.map(\.body) == ["body", "chunks"])
        }
    }

    @Test func saysContinueInTurnBehindAnUnansweredRequest() throws {
        try withServer { harness in
            let client = harness.connect(
                sending: get("/later/a")
                    + get("/echo", "Content-Length: 2\r\nExpect: 100-continue\r\n", method: "PUT"))
            #expect(harness.world.run { harness.service.admissions == ["/echo"] })
            harness.world.run(forMilliseconds: 100)
            #expect(client.received.isEmpty)
            harness.onServer { harness.service.answer("a") }
            #expect(harness.world.run { client.text.hasSuffix("100 Continue\r\n\r\n") })
            client.write("ok" + get("/now/c"))
            let answers = harness.answers(client, 3)
            #expect(answers.map(\.status) == [200, 100, 200, 200])
            #expect(answers.map(\.body) == ["a", "", "ok", "c"])
        }
    }

    @Test func saysNothingOfContinueToHTTP10() throws {
        try withServer { harness in
            let client = harness.connect(
                sending: get(
                    "/echo", "Content-Length: 2\r\nExpect: 100-continue\r\n", method: "PUT",
                    version: "1.0"))
            harness.world.run(forMilliseconds: 100)
            #expect(client.received.isEmpty)
            client.write("ok")
            #expect(harness.answersUntilEnd(client).map(\.body) == ["ok"])
        }
    }

    @Test(arguments: ["", "Expect: 100-continue\r\n"], [true, false])
    func answersWithoutReadingTheBody(expect: String, isChunked: Bool) throws {
        for seed in 0..<20 {
            try withServer(seed: UInt64(seed)) { harness in
                harness.service.admission = { _ in .answerNow }
                let framing = isChunked ? "Transfer-Encoding: chunked" : "Content-Length: 1000000"
                let client = harness.connect(
                    sending: get("/now/no", "\(framing)\r\n\(expect)", method: "PUT"))
                #expect(harness.world.run { !harness.service.seen.isEmpty })
                // The rest comes while the answer is on its way: it must not be lost to a reset.
                client.write(String(repeating: "x", count: 200_000))
                let answers = harness.answersUntilEnd(client)
                #expect(answers.map(\.status) == [200])
                #expect(answers.first?.body == "no")
                #expect(answers.first?.fields["connection"] == "close")
                #expect(harness.service.seen.map(\.body) == [""])
                #expect(harness.server.counters.pointee.requests == 1)
            }
        }
    }

    @Test func answersLaterWithoutReadingTheBody() throws {
        try withServer { harness in
            harness.service.admission = { _ in .answerNow }
            let client = harness.connect(
                sending: get("/later/a")
                    + get("/later/b", "Content-Length: 100000\r\n", method: "PUT") + "some of it")
            #expect(harness.world.run { harness.service.seen.count == 2 })
            client.write(String(repeating: "y", count: 50_000))
            harness.world.run(forMilliseconds: 5_000)
            harness.onServer { harness.service.answer("b") }
            harness.onServer { harness.service.answer("a") }
            let answers = harness.answersUntilEnd(client)
            #expect(answers.map(\.body) == ["a", "b"])
            #expect(answers.map { $0.fields["connection"] } == [nil, "close"])
        }
    }

    @Test func doesNotAskAboutABodyThatCameWithItsHead() throws {
        try withServer { harness in
            harness.world.network.splitting = .whole
            harness.service.admission = { _ in .answerNow }
            let client = harness.connect(sending: put("/echo", "here") + get("/now/x"))
            #expect(harness.answers(client, 2).map(\.body) == ["here", "x"])
            #expect(harness.service.admissions.isEmpty)
        }
    }

    @Test(arguments: [SimSplitting.whole, .random, .bytes])
    func refusesABodyThatIsTooLongBeforeReadingIt(splitting: SimSplitting) throws {
        try withServer(limits { $0.bodyBytesMax = 10 }) { harness in
            harness.world.network.splitting = splitting
            let exact = harness.connect(
                sending: put("/echo", "0123456789") + putChunked("/echo", ["01234", "56789"]))
            #expect(harness.answers(exact, 2).map(\.body) == ["0123456789", "0123456789"])
            for text in [
                get("/echo", "Content-Length: 11\r\n", method: "PUT"),
                get("/echo", "Content-Length: 11\r\nExpect: 100-continue\r\n", method: "PUT"),
                putChunked("/echo", ["01234567", "89a"]),
            ] {
                let client = harness.connect(sending: text)
                let answers = harness.answersUntilEnd(client).filter { $0.status >= 200 }
                #expect(answers.map(\.status) == [413])
                #expect(answers.first?.fields["connection"] == "close")
            }
            #expect(harness.service.seen.count == 2)
        }
    }
}
