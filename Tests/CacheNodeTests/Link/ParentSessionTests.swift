import Simulation
import Testing
import UVHTTP

@testable import CacheNode

@Suite struct ParentSessionTests {
    private let samples = LinkSamples()
    private let attachedEvent = "parent attached: NODE-1 1.9"

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func whatEitherSideSaysReachesTheOtherInOrder(seed: UInt64) throws {
        let test = LinkHarness(seed: seed)
        try test.attach()
        #expect(test.above.take() == ["child 1 attached: NODE-2 77 3.4"])
        #expect(test.below.take() == [attachedEvent])
        let ups = samples.ups.dropFirst()
        let downs = samples.downs.dropFirst().filter {
            if case .fresh = $0 { false } else { true }
        }
        for round in 0..<20 {
            test.world.after(milliseconds: UInt64(round) * 50) {
                test.inChild { for message in ups { test.below.parent?.send(message) } }
                test.inParent { for message in downs { test.childPort?.send(message) } }
            }
        }
        // FRESHs without a RENEW end a session, so this RENEW is answered by nobody.
        test.above.onUp = { _, _ in }
        test.world.run(forMilliseconds: 1_900)
        let said = ups.filter { if case .renew = $0 { false } else { true } }
            .map { "child 1: \(hexadecimal(frame($0)))" }
        let heard = downs.map { "parent: \(hexadecimal(frame($0)))" }
        #expect(test.told == ["attached"] || test.told.count == 2)
        #expect(test.above.events.prefix(said.count) == said[...])
        #expect(test.below.events.prefix(heard.count) == heard[...])
    }

    @Test func aSessionLastsWhileBothLive() throws {
        let test = LinkHarness()
        try test.attach()
        test.world.run(forMilliseconds: 600_000)
        #expect(test.told == ["attached"])
        #expect(test.above.events.count == 1)
        #expect(test.links.children.count == 1)
        // Four RENEWs a second, and their answers.
        #expect(2_390...2_400 ~= test.below.renewMilliseconds.count)
    }

    @Test(arguments: [(0, 20), (79, 20), (100, 25), (400, 100), (1_000, 250), (4_000_000_000, 250)])
    func renewalsGoOutEveryQuarterOfTheStaleness(staleness: UInt32, interval: UInt64) throws {
        let test = LinkHarness()
        test.childHost.loop.turnMicroseconds = 1...1
        test.above.policy.maxStalenessMilliseconds = staleness
        try test.attach()
        let attachedMilliseconds = test.childHost.loop.nowMilliseconds
        test.world.run(forMilliseconds: interval * 10 + 10)
        let sent = test.below.renewMilliseconds
        #expect(sent == (1...UInt64(sent.count)).map { attachedMilliseconds + $0 * interval })
        #expect(sent.count == 10)
    }

    @Test func helloAndWelcomeAreOneQuestionAndItsAnswer() throws {
        let test = LinkHarness()
        test.world.network.latencyMicroseconds = 30_000...30_000
        try test.attach()
        let now = test.childHost.loop.nowMilliseconds
        let helloMilliseconds = try #require(test.below.helloMilliseconds)
        #expect(now - helloMilliseconds >= 60)
        #expect(now - helloMilliseconds <= 62)
    }

    // MARK: Others than links

    @Test(arguments: [200, 404, 426, 500, 503])
    func anOrdinaryAnswerIsNotALink(status: Int) throws {
        let test = LinkHarness()
        try RawPeer.listen(on: test.parentHost) {
            $0.send(bytes("HTTP/1.1 \(status) \r\nContent-Length: 0\r\n\r\n"))
        }
        test.dial()
        test.world.run(forMilliseconds: 3_000)
        #expect(test.told == ["not a link: \(status)"])
        #expect(test.below.events.isEmpty)
    }

    @Test func aParentWithoutASpareLinkSaysSo() throws {
        let test = LinkHarness()
        test.limits.linksMax = 0
        try test.serve()
        test.dial()
        test.world.run(forMilliseconds: 3_000)
        #expect(test.told == ["not a link: 503"])
    }

    @Test(arguments: [
        "", "hello\r\n\r\n", "HTTP/1.1 101 \r\n\r\n", "HTTP/1.1 099 \r\n\r\n",
        "HTTP/1.1 101 \r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    ])
    func whoSpeaksNoHTTPIsNoParent(answer: String) throws {
        let test = LinkHarness()
        try RawPeer.listen(on: test.parentHost) { $0.send(bytes(answer)) }
        test.dial()
        test.world.run(forMilliseconds: 3_000)
        #expect(test.told.count == 1)
        #expect(test.told.first?.hasPrefix("failed: ") == true)
        #expect(test.below.events.isEmpty)
        #expect(test.childHost.loop.openStreams.isEmpty)
    }

    @Test func aParentThatRefusesTheConnectionIsToldAtOnce() {
        let test = LinkHarness()
        test.dial()
        test.world.run(forMilliseconds: 100)
        #expect(test.told == ["failed: connection refused"])
    }

    @Test func whoDoesNotTakeTheConnectionIsGivenUp() {
        let test = LinkHarness()
        test.world.network.cut(test.childHost, test.parentHost)
        test.dial()
        #expect(test.world.run(withinMilliseconds: 501) { !test.told.isEmpty })
        #expect(test.told == ["failed: connection timed out"])
    }

    @Test func whoDoesNotAnswerIsGivenUpAfterASecond() throws {
        let test = LinkHarness()
        try test.serve()
        test.parentHost.loop.freeze()
        test.dial()
        test.world.run(forMilliseconds: 999)
        #expect(test.told.isEmpty)
        test.world.run(forMilliseconds: 2)
        #expect(test.told == ["failed: no answer in time"])
    }

    @Test func whoSaysNoWelcomeIsGivenUpAfterASecond() throws {
        let test = LinkHarness()
        test.childHost.loop.turnMicroseconds = 1...1
        var hello: [UInt8] = []
        var start: UInt64 = 0
        try RawPeer.listen(on: test.parentHost) { peer in
            peer.send(upgradeAnswer)
            peer.onBytes = { hello = $0.framesReceived }
        }
        test.dial()
        #expect(
            test.world.run(withinMilliseconds: 1_000) {
                start = test.childHost.loop.nowMilliseconds
                return !hello.isEmpty
            })
        #expect(test.world.run(withinMilliseconds: 2_000) { !test.told.isEmpty })
        #expect(test.told == ["failed: the parent says no WELCOME"])
        #expect(999...1_000 ~= test.childHost.loop.nowMilliseconds - start)
        let name = bytes("NODE-2")
        #expect(hello.suffix(6) == name[...])
        #expect(test.below.events.isEmpty)
    }

    @Test(arguments: 1...200 as ClosedRange<UInt64>)
    func aParentThatSpeaksGarbageHarmsNobody(seed: UInt64) throws {
        let test = LinkHarness(seed: seed)
        var random = SimRandom(seed: seed)
        var stream = upgradeAnswer
        if random.oneIn(2) { stream += samples.downStream[0] }
        for _ in 0..<random.below(5) { stream += random.pick(samples.downStream) }
        for _ in 0..<random.below(20) { stream.append(UInt8(truncatingIfNeeded: random.next())) }
        for _ in 0..<random.below(3) {
            stream[upgradeAnswer.count / 2 + random.below(stream.count - upgradeAnswer.count / 2)] =
                UInt8(truncatingIfNeeded: random.next())
        }
        try RawPeer.listen(on: test.parentHost) { $0.send(stream) }
        test.dial()
        test.world.run(forMilliseconds: 5_000)
        expectOneEnd(test)
    }

    /// A session that began has ended once; one that didn't has failed once.
    private func expectOneEnd(_ test: LinkHarness) {
        let attached = test.below.events.filter { $0.hasPrefix("parent attached") }.count
        let detached = test.below.events.filter { $0.hasPrefix("parent detached") }.count
        #expect(attached == detached)
        #expect(attached <= 1)
        #expect(test.told.count == attached + 1)
        #expect(test.told.last?.hasPrefix(attached == 1 ? "ended" : "failed") == true)
        #expect(test.childHost.loop.openStreams.isEmpty)
    }

    /// An address may have become another node's, of one that is below this one even.
    @Test func aParentOfAnotherNameIsNoParent() throws {
        let test = LinkHarness()
        try RawPeer.listen(on: test.parentHost) { [samples] in
            var welcome = frame(samples.welcome)
            welcome[welcome.count - 1] = UInt8(ascii: "2")
            $0.send(upgradeAnswer + welcome)
        }
        test.dial()
        test.world.run(forMilliseconds: 3_000)
        #expect(test.told == ["failed: it is NODE-2"])
        #expect(test.below.events.isEmpty)
    }

    // MARK: Ends

    @Test func aLinkMayBreakAnywhere() throws {
        let frames = [
            samples.downs[0], samples.downs[2],
            .push(
                PushMessage(version: .none, key: samples.lend("k"), content: samples.contents[0])),
        ]
        let stream = upgradeAnswer + frames.flatMap { frame($0) }
        for count in 0...stream.count {
            for isReset in [true, false] {
                let test = LinkHarness(seed: UInt64(count))
                var peers: [RawPeer] = []
                try RawPeer.listen(on: test.parentHost) {
                    peers.append($0)
                    $0.send(Array(stream[..<count]))
                }
                test.dial()
                test.world.run(forMilliseconds: 30)
                for peer in peers { if isReset { peer.reset() } else { peer.stream.shutdown() } }
                test.world.run(forMilliseconds: 200)
                expectOneEnd(test)
                let isAttached = count >= upgradeAnswer.count + frame(frames[0]).count
                #expect(test.told.count == (isAttached ? 2 : 1))
            }
        }
    }

    @Test func aSilentParentIsTakenForGoneAfterASecond() throws {
        for isBothWays in [true, false] {
            let test = LinkHarness()
            test.childHost.loop.turnMicroseconds = 1...1
            try test.attach()
            // Just behind a FRESH.
            let count = test.below.renewMilliseconds.count
            #expect(
                test.world.run(withinMilliseconds: 1_000) {
                    test.below.renewMilliseconds.count > count
                })
            let heard = test.childHost.loop.nowMilliseconds
            test.world.network.cut(from: test.parentHost, to: test.childHost)
            if isBothWays { test.world.network.cut(test.childHost, test.parentHost) }
            #expect(test.world.run(withinMilliseconds: 5_000) { test.told.count == 2 })
            #expect(test.childHost.loop.nowMilliseconds == heard + 1_000)
            #expect(test.below.events.last == "parent detached: the parent is silent")
            #expect(test.told.last == "ended: the parent is silent")
            test.world.run(forMilliseconds: 5_000)
            #expect(test.above.events.last == "child 1 detached")
            #expect(test.links.count == 0)
        }
    }

    /// The parent hears nothing and so says nothing.
    @Test func aChildThatIsNotHeardEndsTheSessionToo() throws {
        let test = LinkHarness()
        try test.attach()
        test.world.network.cut(from: test.childHost, to: test.parentHost)
        test.world.run(forMilliseconds: 1_600)
        #expect(test.told.last == "ended: the parent is silent")
        test.world.run(forMilliseconds: 2_000)
        #expect(test.above.events.last == "child 1 detached")
    }

    @Test func aShortStandstillOfEitherIsBorne() throws {
        let test = LinkHarness()
        try test.attach()
        for (index, loop) in [test.parentHost.loop, test.childHost.loop].enumerated() {
            loop.freeze()
            // The child's own may be longer: it knows that it was not the parent.
            test.world.run(forMilliseconds: index == 0 ? 700 : 2_700)
            loop.thaw()
            test.world.run(forMilliseconds: 5_000)
            #expect(test.told == ["attached"])
        }
        #expect(test.above.events.count == 1)
    }

    @Test func aLongStandstillEndsTheSessionOnBothSides() throws {
        for isParent in [true, false] {
            let test = LinkHarness()
            try test.attach()
            let loop = isParent ? test.parentHost.loop : test.childHost.loop
            loop.freeze()
            test.world.run(forMilliseconds: 10_000)
            loop.thaw()
            test.world.run(forMilliseconds: 1_000)
            expectOneEnd(test)
            #expect(test.above.events == ["child 1 attached: NODE-2 77 3.4", "child 1 detached"])
            #expect(test.links.count == 0)
        }
    }

    @Test func aCrashOfTheParentIsNoticedAtOnce() throws {
        for crash in [SimCrash.closing, .resetting] {
            let test = LinkHarness()
            try test.attach()
            test.parentHost.crash(crash)
            test.world.run(forMilliseconds: 10)
            expectOneEnd(test)
        }
    }

    @Test func aParentThatDoesNotDrainIsLeft() throws {
        let test = LinkHarness(queuedBytesMax: 400_000)
        try test.attach()
        test.parentHost.loop.freeze()
        let value = samples.lend([UInt8](repeating: 7, count: 90_000))
        let put = PutMessage(
            origin: 1, sequence: 1, isDeletion: false, condition: .none, key: samples.lend("k"),
            mediaType: .empty, value: value)
        test.inChild { for _ in 0..<10 { test.below.parent?.send(.put(put)) } }
        test.world.run(forMilliseconds: 100)
        #expect(test.told.last == "ended: the parent doesn't drain the link")
        expectOneEnd(test)
    }

    @Test func theKeyspaceMayEndTheSession() throws {
        let test = LinkHarness()
        try test.attach()
        test.below.onDown = { [unowned test] message in
            if case .reset = message { test.below.parent?.close(reason: "a rule was broken") }
        }
        test.inParent {
            test.childPort?.send(.reset(epoch: 1))
            test.childPort?.send(.reset(epoch: 2))
        }
        test.world.run(forMilliseconds: 100)
        #expect(
            test.below.events
                == [
                    attachedEvent, "parent: 000000058700000001",
                    "parent detached: a rule was broken",
                ])
        #expect(test.told == ["attached", "ended: a rule was broken"])
    }

    @Test func anOwnerWhoEndsASessionHearsNothingMore() throws {
        let test = LinkHarness()
        try test.attach()
        test.inChild {
            test.session?.close(reason: "another takes its place")
            test.session?.close(reason: "once more")
        }
        test.world.run(forMilliseconds: 100)
        #expect(test.told == ["attached"])
        #expect(test.below.events == [attachedEvent, "parent detached: another takes its place"])
        #expect(test.above.events.last == "child 1 detached")
    }

    @Test func aDialMayBeEndedAtAnyTime() throws {
        for microseconds in stride(from: UInt64(0), to: 6_000, by: 50) {
            let test = LinkHarness(seed: microseconds)
            try test.serve()
            test.dial()
            test.world.after(microseconds: microseconds) {
                test.inChild { test.session?.close(reason: "not wanted") }
            }
            test.world.run(forMilliseconds: 5_000)
            #expect(test.told == [] || test.told == ["attached"])
            #expect(test.below.events.count == 2 * test.told.count)
            #expect(test.links.count == 0)
            #expect(test.childHost.loop.openStreams.isEmpty)
        }
    }

    @Test func anAnswerToARenewThatWasNotSentEndsTheSession() throws {
        let test = LinkHarness()
        try test.attach()
        test.inParent {
            test.childPort?.send(.fresh(token: 9, ageMilliseconds: 0, position: .none))
        }
        test.world.run(forMilliseconds: 100)
        #expect(test.told.last == "ended: the parent answers a RENEW that wasn't sent")
    }

    /// A parent that is busy sending something large answers late.
    @Test func unansweredRenewalsAreBounded() throws {
        let test = LinkHarness()
        test.above.policy.maxStalenessMilliseconds = 1
        var renewals = 0
        let loop = test.parentHost.loop
        try RawPeer.listen(on: test.parentHost) { [samples] peer in
            peer.send(upgradeAnswer + frame(samples.welcome))
            let timer = loop.startTimer(
                afterMilliseconds: 500, repeatMilliseconds: 500
            ) { peer.send(frame(.reset(epoch: 1))) }
            peer.onBytes = {
                renewals = decodedUp([$0.framesReceived]).0.count - 1
                if $0.isClosed { timer.cancel() }
            }
        }
        test.dial()
        test.world.run(forMilliseconds: 60_000)
        #expect(test.told == ["attached"])
        #expect(renewals == ParentSessionState.renewalsMax)
    }
}
