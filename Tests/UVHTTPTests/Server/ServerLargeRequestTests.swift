import Simulation
import Testing
import UVHTTP

/// Large requests wait while the service has no room for them, but never for ever.
@Suite struct ServerLargeRequestTests {
    private static let body = String(repeating: "x", count: 100_000)

    /// The server's readiness says no until `from`, in milliseconds from now; gives what is asked.
    private func refuse(_ harness: ServerHarness, untilMilliseconds: UInt64) -> () -> [String] {
        let loop = harness.serverHost.loop
        let end = loop.nowMilliseconds + untilMilliseconds
        var asked: [String] = []
        harness.service.readiness = {
            asked.append("\($0.path.text) \($0.body.count)")
            return loop.nowMilliseconds >= end
        }
        return { asked }
    }

    @Test func aLargeRequestWaitsForRoomAndSmallOnesDoNot() throws {
        try withServer { harness in
            let asked = refuse(harness, untilMilliseconds: 30)
            let large = harness.connect(sending: put("/echo", Self.body) + get("/now/next"))
            let small = harness.connect(sending: put("/echo", "small"))
            #expect(harness.answers(small, 1).map(\.body) == ["small"])
            #expect(large.received.isEmpty)
            #expect(harness.answers(large, 2).map(\.body) == [Self.body, "next"])
            #expect(harness.serverHost.loop.nowMilliseconds >= 30)
            #expect(asked().count > 1)
            #expect(asked().allSatisfy { $0 == "/echo 100000" })
            #expect(harness.service.seen.map(\.path) == ["/echo", "/echo", "/now/next"])
        }
    }

    /// However many there are, one after the other is let in.
    @Test func withoutRoomOneAfterTheOtherIsAnsweredInTime() throws {
        try withServer { harness in
            _ = refuse(harness, untilMilliseconds: .max / 2)
            var times: [UInt64] = []
            harness.service.onRequest = { _ in
                times.append(harness.serverHost.loop.nowMilliseconds)
            }
            let clients = (0..<5).map { _ in harness.connect(sending: put("/echo", Self.body)) }
            for client in clients { #expect(harness.answers(client, 1).count == 1) }
            let pauses = zip(times.dropFirst(), times).map { $0 - $1 }
            #expect(pauses.allSatisfy { 50...60 ~= $0 })
            // Nobody waits any more who could keep the next from waiting.
            let next = harness.connect(sending: put("/echo", Self.body))
            let since = harness.serverHost.loop.nowMilliseconds
            #expect(harness.answers(next, 1).count == 1)
            #expect((times.last ?? 0) - since >= 50)
        }
    }

    @Test func whoLeavesWhileItWaitsIsNoLongerTheFirst() throws {
        try withServer { harness in
            let asked = refuse(harness, untilMilliseconds: .max / 2)
            let gone = harness.connect(sending: put("/echo", Self.body))
            #expect(harness.world.run { asked().count > 0 })
            let next = harness.connect(sending: put("/echo", Self.body))
            gone.call { $0.close() }
            #expect(harness.answers(next, 1).map(\.body) == [Self.body])
        }
    }

    /// Room is asked for as the chunks come; what has been read waits too.
    @Test func aChunkedBodyWaitsForRoomOnItsWay() throws {
        try withServer { harness in
            harness.world.network.splitting = .whole
            let asked = refuse(harness, untilMilliseconds: .max / 2)
            let chunks = (0..<30).map { _ in String(repeating: "y", count: 10_000) }
            let client = harness.connect(sending: putChunked("/echo", chunks) + get("/now/next"))
            #expect(harness.world.run { asked().count > 0 })
            let since = harness.serverHost.loop.nowMilliseconds
            #expect(harness.answers(client, 2).map(\.body) == [chunks.joined(), "next"])
            #expect(harness.serverHost.loop.nowMilliseconds >= since + 50)
            #expect(asked().count > 1)
        }
    }

    @Test func fewLargeChunkedRequestsAreAnsweredInATurn() throws {
        try withServer(limits { $0.largeBytesPerTurnMax = 250_000 }) { harness in
            harness.world.network.splitting = .whole
            let loop = harness.serverHost.loop
            loop.turnMicroseconds = 20_000...20_000
            var turns: [Int: Int] = [:]
            harness.service.routes["/count"] = { request, responder in
                turns[loop.turnCount, default: 0] += 1
                responder.respond(.ok, contentType: "", body: Array(request.body))
            }
            let chunks = (0..<2).map { _ in String(repeating: "y", count: 100_000) }
            let clients = (0..<10).map { _ in
                harness.connect(sending: putChunked("/count", chunks))
            }
            for client in clients {
                #expect(harness.answers(client, 1).map(\.body) == [chunks.joined()])
            }
            #expect(turns.values.max() == 2)
            #expect(turns.values.reduce(0, +) == 10)
        }
    }
}
