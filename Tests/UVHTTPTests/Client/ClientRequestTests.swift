import Simulation
import Testing
import UVHTTP

/// Requests whose answers come as they should.
@Suite struct ClientRequestTests {
    @Test func sendsWhatItIsGivenAndGetsWhatIsAnswered() throws {
        try withClient { harness in
            harness.onRequest = { end, request in
                end.answer("the body", 201, "ETag:  \"x\" \r\nX-Empty:\r\n")
            }
            let put = harness.send("/kv/a?b=1", method: .put, body: "value")
            let delete = harness.send("/kv/a", method: .delete)
            let post = harness.send("/kv/a", method: .post)
            #expect(harness.finish([put, delete, post]))
            #expect(put.status == 201)
            #expect(put.body == "the body")
            let response = try #require(try put.results.first?.get())
            #expect(response.field("etag") == Array("\"x\"".utf8))
            #expect(response.field("x-empty") == [])
            #expect(response.field("absent") == nil)
            let requests = harness.ends.flatMap(\.requests).sorted { $0.method < $1.method }
            #expect(
                requests == [
                    RawRequest(method: "DELETE", target: "/kv/a", fields: "Host: server:80"),
                    RawRequest(
                        method: "POST", target: "/kv/a",
                        fields: "Host: server:80\nContent-Length: 0"),
                    RawRequest(
                        method: "PUT", target: "/kv/a?b=1",
                        fields: "Host: server:80\nContent-Length: 5", body: "value"),
                ])
        }
    }

    @Test(arguments: [SimSplitting.whole, .random, .bytes])
    func readsAnswersOfEveryFraming(splitting: SimSplitting) throws {
        let answers: [(text: String, status: Int, body: String)] = [
            ("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfour", 200, "four"),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nch\r\n3;x=y\r\nunk\r\n0\r\n\r\n",
                200, "chunk"
            ),
            ("HTTP/1.1 204 No Content\r\n\r\n", 204, ""),
            ("HTTP/1.1 304\r\nETag: \"a\"\r\n\r\n", 304, ""),
            ("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", 404, ""),
            (
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n"
                    + "Content-Length: 2\r\n\r\nok", 200, "ok"
            ),
        ]
        try withClient(limits { $0.clientConnectionsMax = 1 }) { harness in
            harness.world.network.splitting = splitting
            var next = answers[...]
            harness.onRequest = { end, _ in end.write(next.removeFirst().text) }
            let records = answers.map { _ in harness.send("/") }
            #expect(harness.finish(records))
            #expect(records.map(\.status) == answers.map(\.status))
            #expect(records.map(\.body) == answers.map(\.body))
            #expect(harness.ends.count == 1)
        }
    }

    @Test func answersToHeadHaveNoBody() throws {
        try withClient(limits { $0.clientConnectionsMax = 1 }) { harness in
            harness.onRequest = { end, request in
                let body = request.method == "HEAD" ? "" : "body"
                end.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n" + body)
            }
            let records = [
                harness.send("/", method: .head), harness.send("/"),
                harness.send("/", method: .head), harness.send("/"),
            ]
            #expect(harness.finish(records))
            #expect(records.map(\.body) == ["", "body", "", "body"])
        }
    }

    @Test func pipelinesOnlyWhenThePeerHasShownThatItCan() throws {
        try withClient(limits { $0.clientConnectionsMax = 1 }) { harness in
            harness.world.network.splitting = .whole
            harness.onRequest = { _, _ in }
            let records = (0..<10).map { harness.send("/\($0)") }
            harness.world.run(forMilliseconds: 100)
            let end = try #require(harness.ends.first)
            #expect(end.requests.map(\.target) == ["/0"])
            harness.serverHost.loop.schedule { end.answer("/0") }
            #expect(harness.world.run { end.requests.count == 10 })
            #expect(harness.clientHost.loop.writeCount == 2)
            harness.serverHost.loop.schedule {
                for request in end.requests.dropFirst() { end.answer(request.target) }
            }
            #expect(harness.finish(records))
            #expect(records.map(\.body) == (0..<10).map { "/\($0)" })
            #expect(harness.completed == (0..<10).map { "/\($0)" })
        }
    }

    @Test func doesNotPipelineToHTTP10() throws {
        try withClient(limits { $0.clientConnectionsMax = 1 }) { harness in
            var unanswered = 0
            harness.onRequest = { end, request in
                unanswered += 1
                #expect(unanswered == 1)
                harness.world.after(milliseconds: 5) {
                    unanswered -= 1
                    end.write(
                        "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx")
                }
            }
            let records = (0..<5).map { harness.send("/\($0)") }
            #expect(harness.finish(records))
            #expect(records.allSatisfy { $0.body == "x" })
            #expect(harness.ends.count == 1)
        }
    }

    @Test func takesAnHTTP10AnswerToItsConnectionsEnd() throws {
        try withClient(limits { $0.clientConnectionsMax = 1 }) { harness in
            harness.onRequest = { end, request in
                end.write("HTTP/1.0 200 OK\r\n\r\nall of \(request.target)")
                end.stream.close()
            }
            let records = (0..<3).map { harness.send("/\($0)") }
            #expect(harness.finish(records))
            #expect(records.map(\.body) == ["all of /0", "all of /1", "all of /2"])
            #expect(harness.ends.count == 3)
        }
    }

    @Test func limitsWhatIsInFlight() throws {
        try withClient(
            limits {
                $0.clientConnectionsMax = 2
                $0.clientPipelineDepthMax = 3
            }
        ) { harness in
            var inFlight: [ObjectIdentifier: Int] = [:]
            var most = 0
            harness.onRequest = { end, request in
                inFlight[ObjectIdentifier(end), default: 0] += 1
                most = max(most, inFlight[ObjectIdentifier(end)] ?? 0)
                harness.world.after(milliseconds: 2) {
                    inFlight[ObjectIdentifier(end), default: 0] -= 1
                    end.answer(request.target)
                }
            }
            let records = (0..<60).map { harness.send("/\($0)") }
            #expect(harness.finish(records))
            #expect(records.map(\.body) == (0..<60).map { "/\($0)" })
            #expect(harness.ends.count == 2)
            #expect(most == 3)
        }
    }

    @Test func holdsBackBodiesThatThePeerDoesNotTake() throws {
        try withClient(
            limits {
                $0.clientConnectionsMax = 1
                $0.outputBytesMax = 100_000
            }
        ) { harness in
            harness.world.network.bufferBytes = 4096...4096
            let first = harness.send("/first")
            #expect(harness.finish([first]))
            harness.ends.first?.stream.pauseReading()
            let body = String(repeating: "b", count: 30_000)
            let records = (0..<20).map {
                harness.send("/\($0)", method: .put, body: body, timeout: 60_000)
            }
            harness.world.run(forMilliseconds: 100)
            let queued = harness.clientHost.loop.openStreams.map(\.queuedBytes)
            #expect(queued.count == 1 && queued.allSatisfy { $0 < 140_000 })
            harness.ends.first?.stream.resumeReading()
            #expect(harness.finish(records))
            #expect(records.map(\.body) == (0..<20).map { "/\($0)" })
        }
    }

    @Test func talksToManyPeers() throws {
        try withClient { harness in
            var records: [CallRecord] = []
            for port in 1000..<1100 {
                _ = try harness.serverHost.loop.listen(
                    on: harness.serverHost.address(port: UInt16(port)), backlog: 4
                ) {
                    _ = RawServerEnd($0) { end, request in end.answer("\(port)\(request.target)") }
                }
                let endpoint = Endpoint(host: "server", port: UInt16(port))
                for index in 0..<3 { records.append(harness.send("/\(index)", to: endpoint)) }
            }
            #expect(harness.finish(records))
            #expect(
                records.map(\.body)
                    == (1000..<1100).flatMap { port in (0..<3).map { "\(port)/\($0)" } })
        }
    }

    @Test func takesARequestFromInsideACompletion() throws {
        try withClient(limits { $0.clientConnectionsMax = 1 }) { harness in
            var depth = 0
            var last: CallRecord?
            func next() {
                depth += 1
                guard depth < 50 else { return }
                last = harness.send("/\(depth)") { _ in next() }
            }
            next()
            let others = (0..<20).map { harness.send("/other/\($0)") }
            #expect(harness.world.run { depth == 50 })
            #expect(harness.finish(others))
            #expect(last?.body == "/49")
            #expect(harness.ends.count == 1)
        }
    }
}
