import Simulation
import Testing
import UVHTTP

/// Peers that answer wrongly: the request fails, the connection goes, and nothing else is harmed.
@Suite struct ClientHostileTests {
    /// Sends one request that gets `text`, then, on whatever connection, one that is answered well.
    private func answer(
        _ text: String, closing: Bool = false, method: HTTPMethod = .get,
        _ change: (inout HTTPLimits) -> Void = { _ in },
        _ check: (CallRecord) -> Void
    ) throws {
        let isLong = text.utf8.count > 2_000
        for splitting in [SimSplitting.whole, .random, isLong ? .random : .bytes] {
            var limits = HTTPLimits()
            limits.clientConnectionsMax = 1
            change(&limits)
            try withClient(limits) { harness in
                harness.world.network.splitting = splitting
                harness.onRequest = { end, request in
                    guard request.target == "/" else { return end.answer("well") }
                    end.write(text)
                    if closing { end.stream.shutdown() }
                }
                let record = harness.send("/", method: method, timeout: 1_000)
                #expect(harness.finish([record]))
                check(record)
                let next = harness.send("/next")
                #expect(harness.finish([next]))
                #expect(next.body == "well")
                #expect(record.results.count == 1)
            }
        }
    }

    private func expectMalformed(_ text: String, method: HTTPMethod = .get) throws {
        try answer(text, method: method) { record in
            guard case .malformed = record.error else {
                Issue.record("\(text.prefix(60)): \(String(describing: record.results))")
                return
            }
        }
    }

    @Test(arguments: [
        "nonsense\r\n\r\n",
        "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 99 Low\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "HTTP/1.1 200 OK\r\nBad Field: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: y\r\n folded\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 204 No\r\nContent-Length: 3\r\n\r\nabc",
        "HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        "HTTP/1.1 100 Go\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.2 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
    ])
    func refusesWhatIsNotAnAnswer(text: String) throws {
        try expectMalformed(text)
    }

    @Test func refusesAFloodOfInterimAnswers() throws {
        let interim = "HTTP/1.1 102 Processing\r\n\r\n"
        let well = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        try answer(String(repeating: interim, count: 8) + well) { #expect($0.body == "ok") }
        try expectMalformed(String(repeating: interim, count: 9) + well)
        try expectMalformed(String(repeating: interim, count: 10_000))
    }

    @Test func refusesABodyPastTheLimitAtOnce() throws {
        let small: (inout HTTPLimits) -> Void = { $0.bodyBytesMax = 10 }
        let isMalformed: (CallRecord) -> Void = { record in
            #expect(record.error.map { "\($0)".hasPrefix("malformed") } == true)
            #expect(record.milliseconds < 500)
        }
        // Not a byte of the body comes.
        try answer("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n", small, isMalformed)
        try answer(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n", small, isMalformed)
        try answer("HTTP/1.1 200 OK\r\n\r\n01234567890", small, isMalformed)
        try answer("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789", small) {
            #expect($0.body == "0123456789")
        }
    }

    @Test func refusesEndlessChunkFraming() throws {
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        try expectMalformed(head + "1;" + String(repeating: "e", count: 20_000))
        try expectMalformed(head + String(repeating: "1\r\nx\r\n", count: 5_000))
        try expectMalformed(head + "0\r\n" + String(repeating: "T: t\r\n", count: 4_000))
        try expectMalformed("HTTP/1.1 200 OK\r\n" + String(repeating: "A: b\r\n", count: 5_000))
        try expectMalformed("HTTP/1.1 200 OK\r\nA: " + String(repeating: "b", count: 20_000))
    }

    @Test func noticesAnAnswerThatEndsTooEarly() throws {
        for text in [
            "", "HTTP/1.1 2", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 100 Continue\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
        ] {
            try answer(text, closing: true) { #expect($0.error == .disconnected) }
        }
        try answer("HTTP/1.1 200 OK\r\n\r\nto the end", closing: true) {
            #expect($0.body == "to the end")
        }
    }

    @Test func takesNothingForAnAnswerThatNobodyAskedFor() throws {
        let well = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        let stray = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray"
        for text in [
            well + stray, well + "x", "HTTP/1.1 204 No\r\n\r\n" + stray,
            "HTTP/1.1 304 No\r\n\r\nbody", "HTTP/1.1 304 No\r\nContent-Length: 3\r\n\r\nabc",
        ] {
            try answer(text) { #expect($0.status != nil) }
        }
        try answer(well + "behind", method: .head) { #expect($0.body == "") }
    }

    @Test func neverTakesABodyBehindA304ForTheNextAnswer() throws {
        for seed in 0..<20 {
            try withClient(seed: UInt64(seed), limits { $0.clientConnectionsMax = 1 }) { harness in
                let wrong = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong"
                harness.onRequest = { end, request in
                    guard request.target == "/unchanged" else { return end.answer(request.target) }
                    end.answer(wrong, 304)
                }
                let first = harness.send("/first")
                #expect(harness.finish([first]))
                let records = ["/unchanged", "/next", "/last"].map { harness.send($0) }
                #expect(harness.finish(records))
                #expect(records.map(\.status) == [304, 200, 200])
                #expect(records.map(\.body) == ["", "/next", "/last"])
            }
        }
    }

    @Test func dropsAConnectionThatSpeaksBeforeItIsAsked() throws {
        for seed in 0..<20 {
            try withClient(seed: UInt64(seed), limits { $0.clientConnectionsMax = 1 }) { harness in
                let record = harness.send("/first")
                #expect(harness.finish([record]))
                let end = try #require(harness.ends.first)
                end.answer("stray")
                #expect(harness.world.run { end.isClosed })
                let next = harness.send("/next")
                #expect(harness.finish([next]))
                #expect(next.body == "/next")
            }
        }
    }

    @Test func survivesResetsAndSilenceAtAnyMoment() throws {
        for seed in 0..<300 {
            try withClient(seed: UInt64(seed)) { harness in
                harness.onRequest = { end, request in
                    let text = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n012345678"
                    end.write(String(text.prefix(harness.world.random.below(text.count + 1))))
                    switch harness.world.random.below(4) {
                    case 0: end.reset()
                    case 1: end.stream.close()
                    case 2: end.stream.shutdown()
                    default: break
                    }
                }
                let records = (0..<10).map { harness.send("/\($0)", timeout: 2_000) }
                #expect(harness.finish(records))
                // A half answer and the next one may look like a whole one.
                #expect(records.allSatisfy { $0.body == nil || $0.body?.utf8.count == 9 })
                harness.world.run(forMilliseconds: 100)
                #expect(records.allSatisfy { $0.results.count == 1 })
            }
        }
    }
}
