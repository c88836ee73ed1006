import Simulation
import Testing
import UVHTTP

@testable import CacheNode

@Suite struct ChildLinkTests {
    private let samples = LinkSamples()
    private var hello: [UInt8] { frame(samples.hello) }

    /// A child that has said HELLO, and nothing else since.
    private func attachedPeer(_ test: LinkHarness) throws -> RawPeer {
        try test.serve()
        let peer = RawPeer.dial(test.parentHost, from: test.childHost)
        peer.send(upgradeRequest + hello)
        #expect(test.world.run(withinMilliseconds: 1_000) { !test.above.events.isEmpty })
        #expect(test.above.take() == ["child 1 attached: NODE-4 \(UInt64.max) 1.2"])
        // The last byte of WELCOME's name.
        #expect(
            test.world.run(withinMilliseconds: 100) { peer.received.last == UInt8(ascii: "1") })
        return peer
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func whatAChildSaysReachesTheKeyspaceInOrder(seed: UInt64) throws {
        let test = LinkHarness(seed: seed)
        try test.serve()
        let peer = RawPeer.dial(test.parentHost, from: test.childHost)
        peer.send(upgradeRequest + samples.upStream.joined())
        test.world.run(forMilliseconds: 1_000)
        let said = samples.ups.dropFirst().filter { if case .renew = $0 { false } else { true } }
        #expect(
            test.above.events == ["child 1 attached: NODE-4 \(UInt64.max) 1.2"]
                + said.map { "child 1: \(hexadecimal(frame($0)))" })
        let (head, frames) = try split(peer.received)
        #expect(head.hasPrefix("HTTP/1.1 101 Switching Protocols\r\n"))
        #expect(frames.first?[4] == LinkFrames.welcome)
        #expect(frames.count == 2)
        #expect(test.links.children.map(\.name) == ["NODE-4"])
        #expect(test.metrics.pointee.linkFramesReceived == UInt64(samples.ups.count))
        #expect(test.metrics.pointee.linkBytesReceived == UInt64(samples.upStream.joined().count))
        #expect(test.metrics.pointee.linkFramesSent == 2)
        #expect(test.metrics.pointee.linkBytesSent == UInt64(frames.joined().count))
    }

    /// The head of the answer, and the frames behind it.
    private func split(_ bytes: [UInt8]) throws -> (String, [[UInt8]]) {
        let text = String(decoding: bytes, as: UTF8.self)
        let end = try #require(text.firstRange(of: "\r\n\r\n")).upperBound
        let head = String(text[..<end])
        let (frames, fault) = decodedDown([Array(bytes.dropFirst(head.utf8.count))])
        #expect(fault == nil)
        return (head, frames)
    }

    @Test func whatIsSaidInOneTurnIsWrittenAtOnce() throws {
        let test = LinkHarness()
        let peer = try attachedPeer(test)
        let port = try #require(test.childPort)
        let before = test.parentHost.loop.writeCount
        let received = peer.received.count
        test.inParent { [samples] in
            for _ in 0..<50 { for message in samples.downs.dropFirst() { port.send(message) } }
        }
        test.world.run(forMilliseconds: 500)
        let stream = samples.downStream.dropFirst().joined()
        #expect(peer.received.dropFirst(received).count == 50 * stream.count)
        let isInOrder = peer.received.dropFirst(received).starts(with: stream)
        #expect(isInOrder)
        #expect(test.parentHost.loop.writeCount == before + 1)
    }

    /// What is said of the last of a turn's writes holds for all before it.
    @Test func theWritesOfATurnTakeOneAccept() throws {
        let test = LinkHarness()
        let peer = try attachedPeer(test)
        let port = try #require(test.childPort)
        let received = peer.received.count
        let reset = DownMessage.reset(epoch: 7)
        for counts in [1...300, 301...301] as [ClosedRange<UInt64>] {
            test.inParent {
                for count in counts {
                    port.sendAccept(count: count)
                    if count % 100 == 0 { port.send(reset) }
                }
            }
            test.world.run(forMilliseconds: 100)
        }
        let expected: [DownMessage] = [
            .accept(count: 300), reset, reset, reset, .accept(count: 301),
        ]
        #expect(Array(peer.received.dropFirst(received)) == expected.flatMap { frame($0) })
    }

    /// Much is written before the turn's end; what comes after it needs an ACCEPT of its own.
    @Test func anAcceptThatIsWrittenIsLeftAlone() throws {
        let test = LinkHarness()
        let peer = try attachedPeer(test)
        let port = try #require(test.childPort)
        let received = peer.received.count
        let value = samples.lend([UInt8](repeating: 7, count: 70_000))
        let content = KeyContent.value(value, mediaType: .empty)
        let push = DownMessage.push(
            PushMessage(version: .none, key: samples.lend("k"), content: content))
        test.inParent {
            port.sendAccept(count: 1)
            port.send(push)
            port.sendAccept(count: 2)
            port.sendAccept(count: 3)
        }
        test.world.run(forMilliseconds: 500)
        let expected: [DownMessage] = [.accept(count: 1), push, .accept(count: 3)]
        #expect(Array(peer.received.dropFirst(received)) == expected.flatMap { frame($0) })
    }

    @Test func helloMustComeWithinFiveSeconds() throws {
        let test = LinkHarness()
        try test.serve()
        let peer = RawPeer.dial(test.parentHost, from: test.childHost)
        peer.send(upgradeRequest)
        #expect(test.world.run(withinMilliseconds: 1_000) { test.links.count == 1 })
        let start = test.parentHost.loop.nowMilliseconds
        // Bytes of it don't count.
        for (index, byte) in hello.dropLast().enumerated() {
            test.world.after(milliseconds: UInt64(index) * 100) { peer.send([byte]) }
        }
        #expect(test.world.run(withinMilliseconds: 10_000) { test.links.count == 0 })
        #expect(test.parentHost.loop.nowMilliseconds == start + ChildLinkState.helloMilliseconds)
        #expect(test.above.events.isEmpty)
        #expect(test.logged.lines().last?.contains("the child says no HELLO") == true)
    }

    @Test func aChildThatIsSilentForThreeSecondsIsDetached() throws {
        let test = LinkHarness()
        let peer = try attachedPeer(test)
        let renew = frame(.renew(token: 1))
        for index in 0..<5 {
            test.world.after(milliseconds: UInt64(index) * 2_900 + 2_900) {
                // Any byte is a sign of life, and not only a whole frame.
                peer.send(index % 2 == 0 ? Array(renew[..<3]) : Array(renew[3...]))
            }
        }
        test.world.run(forMilliseconds: 5 * 2_900)
        #expect(test.above.events.isEmpty)
        #expect(test.world.run(withinMilliseconds: 10_000) { !test.above.events.isEmpty })
        #expect(test.above.events == ["child 1 detached"])
        #expect(test.links.count == 0)
        #expect(test.logged.lines().last?.contains("the child is silent") == true)
    }

    @Test func theSilenceIsMeasuredToTheMillisecond() throws {
        let test = LinkHarness()
        test.parentHost.loop.turnMicroseconds = 1...1
        let peer = try attachedPeer(test)
        peer.send(frame(.renew(token: 1)))
        #expect(
            test.world.run(withinMilliseconds: 100) { test.metrics.pointee.linkFramesSent == 2 })
        let start = test.parentHost.loop.nowMilliseconds
        #expect(test.world.run(withinMilliseconds: 10_000) { !test.above.events.isEmpty })
        #expect(test.parentHost.loop.nowMilliseconds == start + ChildLinkState.silenceMilliseconds)
    }

    @Test func aFaultEndsTheLinkOnce() throws {
        let test = LinkHarness()
        let peer = try attachedPeer(test)
        peer.send(
            frame(.evict(key: samples.lend("k"))) + hello + frame(.evict(key: samples.lend("l"))))
        #expect(test.world.run(withinMilliseconds: 1_000) { peer.hasInputEnded || peer.isClosed })
        #expect(test.above.events == ["child 1: 00000002046b", "child 1 detached"])
        #expect(
            test.logged.lines().last?.contains("the child sent a frame of type 1 out of turn")
                == true)
    }

    @Test(arguments: 1...100 as ClosedRange<UInt64>)
    func garbageEndsTheLinkAndHarmsNobody(seed: UInt64) throws {
        let test = LinkHarness(seed: seed)
        try test.serve()
        var random = SimRandom(seed: seed)
        let peer = RawPeer.dial(test.parentHost, from: test.childHost)
        var garbage = (0..<random.below(2_000)).map { _ in UInt8(truncatingIfNeeded: random.next())
        }
        if random.oneIn(2) { garbage = samples.upStream[1] + garbage }
        peer.send(upgradeRequest + (random.oneIn(4) ? [] : hello) + garbage)
        test.world.run(forMilliseconds: 10_000)
        #expect(test.links.count == 0)
        let attached = test.above.events.filter { $0.contains(" attached") }.count
        #expect(test.above.events.filter { $0.contains(" detached") }.count == attached)
    }

    /// The keyspace has forgotten the child already.
    @Test func aChildThatTheKeyspaceClosesIsNotToldOf() throws {
        let test = LinkHarness()
        let peer = try attachedPeer(test)
        let port = try #require(test.childPort)
        peer.send(frame(.evict(key: samples.lend("k"))) + frame(.evict(key: samples.lend("l"))))
        test.above.onUp = { _, _ in port.close(reason: "a rule was broken") }
        test.world.run(forMilliseconds: 100)
        port.send(.reset(epoch: 1))
        port.close(reason: "once more")
        test.world.run(forMilliseconds: 10_000)
        #expect(test.above.events == ["child 1: 00000002046b"])
        #expect(test.links.count == 0)
        #expect(test.logged.lines().last?.contains("a rule was broken") == true)
    }

    @Test func aChildMayBeTurnedAwayAtItsHello() throws {
        let test = LinkHarness()
        try test.serve()
        test.above.onChild = { $0.close(reason: "no room") }
        let peer = RawPeer.dial(test.parentHost, from: test.childHost)
        peer.send(upgradeRequest + samples.upStream.joined())
        test.world.run(forMilliseconds: 10_000)
        #expect(test.above.events == ["child 1 attached: NODE-4 \(UInt64.max) 1.2"])
        #expect(test.links.count == 0)
    }

    @Test func withoutAKeyspaceNobodyIsTaken() throws {
        let test = LinkHarness()
        try test.serve()
        test.links.delegate = nil
        let peer = RawPeer.dial(test.parentHost, from: test.childHost)
        peer.send(upgradeRequest + hello)
        #expect(test.world.run(withinMilliseconds: 1_000) { peer.hasInputEnded || peer.isClosed })
        #expect(test.links.count == 0)
    }

    @Test func aChildThatDoesNotDrainIsDetached() throws {
        let test = LinkHarness(queuedBytesMax: 400_000)
        let peer = try attachedPeer(test)
        peer.stream.pauseReading()
        let port = try #require(test.childPort)
        let value = samples.lend([UInt8](repeating: 7, count: 10_000))
        let content = KeyContent.value(value, mediaType: .empty)
        let push = PushMessage(version: .none, key: samples.lend("k"), content: content)
        var queuedMost = 0
        let timer = test.parentHost.loop.startTimer(afterMilliseconds: 1, repeatMilliseconds: 1) {
            port.send(.push(push))
            queuedMost = max(queuedMost, test.links.children.first?.queuedBytes ?? 0)
        }
        #expect(test.world.run(withinMilliseconds: 2_000) { !test.above.events.isEmpty })
        timer.cancel()
        #expect(test.above.events == ["child 1 detached"])
        #expect(390_000...420_000 ~= queuedMost)
        #expect(test.logged.lines().last?.contains("the child doesn't drain the link") == true)
    }

    /// What it owes goes out in the end, although more waited at times than fits into the kernel.
    @Test func aChildThatDrainsSlowlyGetsAll() throws {
        let test = LinkHarness(queuedBytesMax: 400_000)
        test.world.network.bufferBytes = 4096...8192
        let peer = try attachedPeer(test)
        let received = peer.received.count
        let port = try #require(test.childPort)
        let value = samples.lend([UInt8](repeating: 7, count: 10_000))
        let content = KeyContent.value(value, mediaType: .empty)
        let push = PushMessage(version: .none, key: samples.lend("k"), content: content)
        test.inParent { for _ in 0..<30 { port.send(.push(push)) } }
        test.world.run(forMilliseconds: 2_000)
        #expect(peer.received.count - received == 30 * frame(.push(push)).count)
        #expect(test.above.events.isEmpty)
    }

    @Test func aServerClosesAllItsLinks() throws {
        let test = LinkHarness()
        let peer = try attachedPeer(test)
        let other = RawPeer.dial(test.parentHost, from: test.childHost)
        other.send(upgradeRequest)
        #expect(test.world.run(withinMilliseconds: 1_000) { test.links.count == 2 })
        #expect(test.links.children.count == 1)
        test.inParent { test.links.closeAll(reason: "this node stops") }
        #expect(test.world.run(withinMilliseconds: 1_000) { test.links.count == 0 })
        #expect(test.above.events == ["child 1 detached"])
        test.world.run(forMilliseconds: 10)
        #expect(peer.hasInputEnded || peer.isClosed)
        #expect(other.hasInputEnded || other.isClosed)
    }

    /// Every byte of a conversation may be the last one.
    @Test func aLinkMayBreakAnywhere() throws {
        let stream = upgradeRequest + hello + frame(samples.ups[1]) + frame(.renew(token: 1))
        for count in 0...stream.count {
            for isReset in [true, false] {
                let test = LinkHarness(seed: UInt64(count))
                try test.serve()
                let peer = RawPeer.dial(test.parentHost, from: test.childHost)
                peer.send(Array(stream[..<count]))
                test.world.run(forMilliseconds: 20)
                if isReset { peer.reset() } else { peer.stream.shutdown() }
                test.world.run(forMilliseconds: 200)
                #expect(test.links.count == 0)
                let isAttached = count >= upgradeRequest.count + hello.count
                let isWhole =
                    count >= upgradeRequest.count + hello.count + frame(samples.ups[1]).count
                #expect(
                    test.above.events.count == (isAttached ? 2 : 0) + (isWhole ? 1 : 0))
                #expect(test.above.events.last == (isAttached ? "child 1 detached" : nil))
            }
        }
    }
}
