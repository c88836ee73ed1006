import Simulation
import Testing
import UVHTTP

/// More clients than there are places for.
@Suite struct ServerPlacesTests {
    private static func few(_ count: Int, last: Int = 2) -> HTTPLimits {
        limits {
            $0.connectionsMax = count
            $0.lastPlacesMax = last
        }
    }

    @Test func turnsAwayWhoComesWhenItIsFullUntilThereIsAPlace() throws {
        try withServer(Self.few(3)) { harness in
            let kept = (0..<3).map { harness.connect(sending: get("/now/\($0)")) }
            for client in kept { _ = harness.answers(client, 1) }
            let late = harness.connect(sending: put("/echo", "x"))
            let refusal = try #require(harness.answersUntilEnd(late).first)
            #expect(refusal.status == 503)
            #expect(refusal.fields["retry-after"] == "1")
            #expect(refusal.fields["connection"] == "close")
            #expect(harness.service.seen.count == 3)
            #expect(harness.server.counters.pointee.turnedAway == 1)
            kept[0].write(get("/now/again"))
            #expect(harness.answers(kept[0], 2).last?.body == "again")
            kept[1].call { $0.close() }
            #expect(harness.world.run { harness.server.connectionCount == 3 })
            let served = harness.connect(sending: get("/now/b"))
            #expect(harness.answers(served, 1).map(\.body) == ["b"])
        }
    }

    @Test func answersVitalRequestsByTheLastPlacesAndEndsThemThen() throws {
        try withServer(Self.few(1)) { harness in
            _ = harness.connect()
            #expect(harness.world.run { harness.server.connectionCount == 1 })
            harness.service.vitalPath = "/echo"
            for chunked in [true, false] {
                let body = chunked ? putChunked("/echo", ["a", "b"]) : put("/echo", "ab")
                let node = harness.connect(sending: body + get("/now/x"))
                let answers = harness.answersUntilEnd(node)
                #expect(answers.map(\.body) == ["ab"])
                #expect(answers.first?.fields["connection"] == "close")
            }
        }
    }

    @Test func givesTheLastPlaceOfTheLongestThereToWhoComes() throws {
        try withServer(Self.few(1, last: 2)) { harness in
            let kept = harness.connect(sending: get("/now/a"))
            _ = harness.answers(kept, 1)
            let silent = (0..<2).map { _ in harness.connect() }
            #expect(harness.world.run { harness.server.connectionCount == 3 })
            harness.service.vitalPath = "/now/node"
            let node = harness.connect(sending: get("/now/node"))
            #expect(harness.answersUntilEnd(node).map(\.body) == ["node"])
            #expect(harness.world.run { silent.count(where: \.hasSeenEnd) == 1 })
            #expect(!kept.hasSeenEnd)
            #expect(harness.server.counters.pointee.turnedAway == 1)
        }
    }

    @Test func wantsTheFirstRequestSoonWhilePlacesAreScarce() throws {
        try withServer(Self.few(8)) { harness in
            let used = harness.connect(sending: get("/now/a"))
            _ = harness.answers(used, 1)
            let silent = harness.connect()
            let slow = harness.connect(sending: "GET /now/x HT")
            harness.world.run(forMilliseconds: 2_000)
            #expect(!silent.hasSeenEnd && !slow.hasSeenEnd, "there are places enough")
            let crowd = (0..<4).map { _ in harness.connect() }
            harness.world.run(forMilliseconds: 600)
            #expect(silent.hasSeenEnd && slow.hasSeenEnd)
            #expect(slow.received.starts(with: Array("HTTP/1.1 408 ".utf8)))
            #expect(!used.hasSeenEnd && crowd.allSatisfy { !$0.hasSeenEnd })
        }
    }

    @Test func keepsIdleConnectionsForAShorterTimeWhilePlacesAreScarce() throws {
        try withServer(Self.few(2)) { harness in
            let idle = harness.connect(sending: get("/now/a"))
            _ = harness.answers(idle, 1)
            let waiting = harness.connect(sending: get("/later/a"))
            #expect(harness.world.run { harness.service.owed["a"] != nil })
            harness.world.run(forMilliseconds: 4_900)
            #expect(!idle.hasSeenEnd)
            harness.world.run(forMilliseconds: 700)
            #expect(idle.hasSeenEnd && !waiting.hasSeenEnd)
        }
    }

    @Test func saysOnceThatItIsFullAndOnceThatItIsNot() throws {
        try withServer(Self.few(1)) { harness in
            var news: [Bool] = []
            harness.server.onFull = { news.append($0) }
            let kept = harness.connect(sending: get("/later/a"))
            #expect(harness.world.run { harness.service.owed["a"] != nil })
            #expect(news.isEmpty)
            for _ in 0..<20 {
                _ = harness.answersUntilEnd(harness.connect(sending: get("/now/x")))
                harness.world.run(forMilliseconds: 1_000)
            }
            #expect(news == [true])
            kept.call { $0.close() }
            harness.world.run(forMilliseconds: 9_000)
            #expect(news == [true])
            harness.world.run(forMilliseconds: 2_000)
            #expect(news == [true, false])
        }
    }

    @Test func letsALinkBeginByALastPlace() throws {
        try withServer(Self.few(1, last: 1)) { harness in
            _ = harness.connect()
            #expect(harness.world.run { harness.server.connectionCount == 1 })
            harness.service.vitalPath = "/upgrade"
            harness.service.routes["/upgrade"] = { _, responder in
                responder.upgrade(to: "test") { _ in Probe { _, _ in } }
            }
            let asking = get("/upgrade", "Connection: upgrade\r\nUpgrade: test\r\n")
            let node = harness.connect(sending: asking)
            #expect(harness.world.run { harness.server.linkCount == 1 })
            #expect(harness.world.run { !node.received.isEmpty })
            // Its place is free again.
            let other = harness.connect(sending: get("/now/x"))
            #expect(harness.answersUntilEnd(other).map(\.status) == [503])
            harness.world.run(forMilliseconds: 100)
            #expect(!node.hasSeenEnd)
        }
    }

    @Test(arguments: [16, 64, 128, 256, 1024, 20_000, 1_048_576])
    func sharesOutWhatDescriptorsThereAre(_ descriptors: Int) {
        var limits = HTTPLimits()
        limits.share(descriptors: descriptors)
        #expect(limits.connectionsMax >= 16 && limits.linksMax >= 8 && limits.lastPlacesMax >= 4)
        let shared = limits.connectionsMax + limits.linksMax + limits.lastPlacesMax
        if descriptors >= 64 { #expect(shared + 24 <= descriptors) }
        if descriptors >= 1024 { #expect(limits.connectionsMax * 5 >= descriptors * 4) }
    }
}
