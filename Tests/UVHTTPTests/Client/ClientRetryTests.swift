import Simulation
import Testing
import UVHTTP

/// Connections that end under requests.
@Suite struct ClientRetryTests {
    private let single = limits { $0.clientConnectionsMax = 1 }

    /// A client whose one connection has had an answer, and then gets `targets` to send.
    private func withKeptConnection(
        _ limits: HTTPLimits, _ targets: [String], timeout: UInt64 = 5_000,
        _ body: (ClientHarness, RawServerEnd, [CallRecord]) throws -> Void
    ) throws {
        for seed in 0..<20 {
            try withClient(seed: UInt64(seed), limits) { harness in
                let first = harness.send("/first")
                #expect(harness.finish([first]))
                let end = try #require(harness.ends.first)
                harness.onRequest = { end, request in
                    if end !== harness.ends.first { end.answer(request.target) }
                }
                let records = targets.map { harness.send($0, timeout: timeout) }
                try body(harness, end, records)
            }
        }
    }

    @Test(arguments: [true, false])
    func sendsAgainInOrderWhatAKeptConnectionLost(resets: Bool) throws {
        try withKeptConnection(single, ["/a", "/b", "/c"]) { harness, end, records in
            #expect(harness.world.run { end.requests.count == 4 })
            if resets { end.reset() } else { end.stream.close() }
            #expect(harness.finish(records))
            #expect(records.map(\.body) == ["/a", "/b", "/c"])
            #expect(harness.ends.count == 2)
            #expect(harness.ends[1].requests.map(\.target) == ["/a", "/b", "/c"])
        }
    }

    @Test func sendsAgainWhatMetAClosedConnection() throws {
        // The peer closes its idle connection at the moment when the requests go out.
        try withKeptConnection(single, []) { harness, end, _ in
            end.stream.close()
            let delay = UInt64(harness.world.random.below(1200))
            var records: [CallRecord] = []
            harness.world.after(microseconds: delay) {
                records = (0..<3).map { harness.send("/\($0)") }
            }
            #expect(harness.world.run { records.count == 3 })
            #expect(harness.finish(records))
            #expect(records.map(\.body) == ["/0", "/1", "/2"])
        }
    }

    @Test func sendsAgainOnce() throws {
        try withKeptConnection(single, ["/a", "/b"]) { harness, end, records in
            harness.onRequest = { end, request in
                if request.target == "/warm" { end.answer("") } else { end.reset() }
            }
            end.reset()
            #expect(harness.finish(records))
            #expect(records.allSatisfy { $0.error == .disconnected || $0.body != nil })
            let sent = harness.ends.flatMap(\.requests).filter { $0.target == "/a" }
            #expect(sent.count <= 2)
        }
    }

    @Test func sendsNothingAgainWhenToldNotTo() throws {
        try withKeptConnection(
            limits {
                $0.clientConnectionsMax = 1
                $0.clientResendsMax = 0
            }, ["/a", "/b"]
        ) { harness, end, records in
            #expect(harness.world.run { end.requests.count == 3 })
            end.reset()
            #expect(harness.finish(records))
            #expect(records.map(\.error) == [.disconnected, .disconnected])
            #expect(harness.ends.count == 1)
        }
    }

    @Test func doesNotTrustAFreshConnectionTwice() throws {
        try withClient(single) { harness in
            harness.onRequest = { end, _ in end.stream.close() }
            let record = harness.send("/")
            #expect(harness.finish([record]))
            #expect(record.error == .disconnected)
            #expect(harness.ends.count == 1)
        }
    }

    @Test func sendsAgainWhatStoodBehindAHalfAnswer() throws {
        try withKeptConnection(single, ["/a", "/b", "/c"]) { harness, end, records in
            #expect(harness.world.run { end.requests.count == 4 })
            end.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
            end.stream.close()
            #expect(harness.finish(records))
            #expect(records.map(\.error) == [.disconnected, nil, nil])
            #expect(records.map(\.body) == [nil, "/b", "/c"])
        }
    }

    @Test func sendsAgainWhatFollowsALastAnswer() throws {
        try withKeptConnection(single, ["/a", "/b", "/c"]) { harness, end, records in
            #expect(harness.world.run { end.requests.count == 4 })
            end.answer("last", 200, "Connection: close\r\n")
            // Not to be taken for the answer to the next request.
            end.answer("stray")
            #expect(harness.finish(records))
            #expect(records.map(\.body) == ["last", "/b", "/c"])
            #expect(harness.ends.count == 2)
            #expect(harness.world.run { end.isClosed })
        }
    }

    @Test func keepsTheOrderOfWhatSeveralConnectionsLost() throws {
        for seed in 0..<20 {
            try withClient(
                seed: UInt64(seed),
                limits {
                    $0.clientConnectionsMax = 2
                    $0.clientPipelineDepthMax = 4
                }
            ) { harness in
                harness.onRequest = { end, request in
                    harness.world.after(milliseconds: 10) { end.answer(request.target) }
                }
                let warm = (0..<2).map { harness.send("/warm\($0)") }
                #expect(harness.finish(warm))
                let old = harness.ends
                #expect(old.count == 2)
                harness.onRequest = { _, _ in }
                let records = (0..<8).map { harness.send("/\($0)") }
                #expect(harness.world.run { old.map(\.requests.count).reduce(0, +) == 10 })
                // Both are known to be gone before there is a new one.
                harness.world.network.lookUpMicroseconds = 5_000...5_000
                harness.onRequest = { end, request in end.answer(request.target) }
                for end in old { end.stream.close() }
                #expect(harness.finish(records))
                #expect(records.map(\.body) == (0..<8).map { "/\($0)" })
                let targets = harness.ends.dropFirst(2).map { $0.requests.map(\.target) }
                #expect(targets.first?.first == "/0")
                #expect(targets.allSatisfy { $0 == $0.sorted() })
            }
        }
    }
}
