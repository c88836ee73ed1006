import Simulation
import Testing
import UVHTTP

@testable import ZooKeeper

/// The session alone: bytes and the time in, actions out.
@Suite struct SessionTests {
    private typealias Server = SessionHarness

    /// All that a server says in a conversation of a few requests.
    private static let conversation: [UInt8] =
        Server.handshake() + Server.reply(1, number(Int32(1)) + [7] + Server.stat)
        + Server.event(3, "/a") + Server.reply(2, code: -101)
        + Server.reply(-4) + Server.reply(3, Server.stat)

    private static func number(_ value: Int32) -> [UInt8] { Server.number(value) }

    /// What comes of the conversation when it arrives in two pieces.
    private static func story(split: Int) -> [String] {
        var harness = SessionHarness()
        harness.open()
        // The requests can only be sent once the handshake is there.
        let pieces = [conversation[..<split], conversation[split...]].map(Array.init)
        var asked = false
        for piece in pieces {
            for part in cut(piece, conversation, split) {
                harness.receive(part)
                guard !asked, case .connected = harness.session.stage else { continue }
                asked = true
                _ = harness.submit(.get(path: "/a", watch: true), id: 1)
                _ = harness.submit(.delete(path: "/b", version: nil), id: 2)
                harness.session.authenticate(
                    .digest(user: "u", password: "p"), id: 4, now: harness.now)
                _ = harness.submit(.exists(path: "/a", watch: false), id: 3)
            }
        }
        return harness.story
    }

    /// The handshake's end is a border of its own.
    private static func cut(_ piece: [UInt8], _ all: [UInt8], _ split: Int) -> [[UInt8]] {
        let end = Server.handshake().count
        let first = piece.count == split ? 0 : split
        guard first < end, first + piece.count > end else { return [piece] }
        return [Array(piece[..<(end - first)]), Array(piece[(end - first)...])]
    }

    @Test func everySplitHasTheSameStory() {
        let expected = [
            "connect", "connected 77 new", "1: data [7]", "dataChanged /a", "2: no such node",
            "4: done", "3: done",
        ]
        for split in 0...Self.conversation.count {
            #expect(Self.story(split: split) == expected, "split at \(split)")
        }
    }

    @Test func everyPrefixEndsWithEachRequestCompletedOnce() {
        let handshake = Server.handshake()
        let rest = Array(Self.conversation[handshake.count...])
        for end in 0...rest.count {
            var harness = SessionHarness()
            harness.open()
            harness.receive(handshake)
            for id in 1...3 {
                _ = harness.submit(
                    [
                        .get(path: "/a", watch: true), .delete(path: "/b", version: nil),
                        .exists(path: "/a", watch: false),
                    ][id - 1], id: id)
            }
            harness.session.authenticate(.digest(user: "u", password: "p"), id: 4, now: harness.now)
            harness.receive(Array(rest[..<end]))
            harness.lose()
            harness.close(after: 0)
            for id in 1...4 {
                let count = harness.story.count { $0.hasPrefix("\(id): ") }
                #expect(count == 1, "request \(id) after \(end) bytes: \(harness.story)")
            }
        }
    }

    private static let faults: [([UInt8], String)] = [
        (Server.reply(1), "a reply to no request"), (Server.reply(-2), "a reply to no ping"),
        (Server.reply(-4), "a reply to no authentication"),
        (Server.reply(-8), "a reply to no setWatches"),
        (Server.frame([]), "a record that ends too early"),
        (Server.frame(Array(repeating: 1, count: 15)), "a record that ends too early"),
        (Array(Server.event(1, "/a").dropLast()), "nothing yet"),
        ([0xFF, 0xFF, 0xFF, 0xFF], "a frame of a negative length"),
        ([0x80, 0, 0, 0], "a frame of a negative length"),
        ([0x7F, 0xFF, 0xFF, 0xFF], "a frame that is too long"),
    ]

    @Test(arguments: faults) func whatNoServerSendsEndsTheConnection(
        _ bytes: [UInt8], _ fault: String
    ) {
        var harness = SessionHarness.connected()
        harness.receive(bytes)
        guard fault != "nothing yet" else { return #expect(harness.story == []) }
        #expect(
            harness.story.prefix(2) == [
                "disconnect", "disconnected: the server doesn't keep to the protocol: \(fault)",
            ])
    }

    @Test func repliesMustComeInOrder() {
        var harness = SessionHarness.connected()
        #expect(harness.submit(.sync(path: "/"), id: 1) == nil)
        #expect(harness.submit(.sync(path: "/"), id: 2) == nil)
        harness.receive(Server.reply(2))
        #expect(harness.story.contains("1: \(ZooKeeperError.connectionLoss)"))
        #expect(harness.story.contains("2: \(ZooKeeperError.connectionLoss)"))
        #expect(harness.story.contains { $0.hasSuffix("a reply out of order") })
    }

    private static let handshakes: [([UInt8], String)] = [
        (Server.handshake(timeout: 0), "a new session that has expired"),
        (Server.handshake(timeout: -1), "a new session that has expired"),
        (Server.handshake(sessionID: 0), "a session without a number"),
        (Server.frame([0, 0, 0, 1] + Array(repeating: 0, count: 33)), "another protocol"),
        (Server.frame([0, 0, 0, 0]), "ends too early"),
    ]

    @Test(arguments: handshakes) func aHandshakeMustMakeSense(_ bytes: [UInt8], _ fault: String) {
        var harness = SessionHarness()
        harness.open()
        harness.receive(bytes)
        #expect(harness.story.contains { $0.hasPrefix("failed: ") && $0.hasSuffix(fault) })
    }

    @Test func anotherSessionThanAskedForIsRefused() {
        var harness = SessionHarness.connected()
        harness.lose()
        harness.pass(3000)
        harness.receive(Server.handshake(sessionID: 78))
        #expect(harness.story.contains { $0.hasSuffix("another session than asked for") })
    }

    @Test func silenceIsBrokenByPingsAndEndedAfterTwoThirds() {
        var harness = SessionHarness.connected()
        harness.pass(2999)
        #expect(harness.sent == [])
        harness.pass(1)
        let ping = Server.frame([0xFF, 0xFF, 0xFF, 0xFE, 0, 0, 0, 11])
        #expect(harness.sent == ping)
        harness.pass(100)
        harness.receive(Server.reply(-2))
        harness.pass(2899)
        #expect(harness.sent == ping)
        harness.pass(1)
        #expect(harness.sent == ping + ping)
        harness.pass(3099)
        #expect(harness.story == [])
        harness.pass(1)
        #expect(
            harness.story.prefix(2) == [
                "disconnect", "disconnected: nothing was heard of the server for 6000 ms",
            ])
        // The first ping, which was sent at 3000, is the last that the session lives by.
        harness.pass(12_000 - 9100 - 1)
        #expect(!harness.story.contains("lost"))
        harness.pass(1)
        #expect(harness.story.contains("lost"))
    }

    @Test func aSlowReplySaysOnlyThatTheSessionLivedWhenItWasAskedFor() {
        var harness = SessionHarness.connected()
        harness.pass(1000)
        #expect(harness.submit(.sync(path: "/"), id: 1) == nil)
        harness.pass(2900)
        harness.receive(Server.reply(1))
        harness.lose()
        harness.pass(9000 - 2900 - 1)
        #expect(!harness.story.contains("lost"))
        harness.pass(1)
        #expect(harness.story.contains("lost"))
    }

    @Test func aServerThatTalksButConfirmsNothingIsLeftToo() {
        var harness = SessionHarness.connected()
        for _ in 0..<17 {
            harness.pass(500)
            harness.receive(Server.event(3, "/a"))
        }
        harness.pass(499)
        #expect(!harness.story.contains("lost"))
        harness.pass(1)
        #expect(harness.story.contains("lost"))
        #expect(harness.story.contains { $0.hasPrefix("disconnected") })
    }

    @Test func aSessionThatHasExpiredIsReplacedAtTheSameServer() {
        var harness = SessionHarness.connected()
        harness.lose()
        harness.pass(3000)
        harness.forget()
        harness.receive(Server.handshake(timeout: 0, sessionID: 0))
        #expect(harness.story == ["disconnect", "expired", "connect"])
        harness.receive(Server.handshake(sessionID: 5))
        #expect(harness.story.last == "connected 5 new")
    }

    @Test func closingWaitsForWhatWasSentBefore() {
        var harness = SessionHarness.connected()
        _ = harness.submit(.sync(path: "/"), id: 1)
        harness.close(after: 1000)
        #expect(harness.submit(.sync(path: "/"), id: 2) == .closed)
        harness.receive(Server.event(1, "/x"))
        harness.receive(Server.reply(1) + Server.reply(2))
        #expect(harness.story == ["1: done", "disconnect", "closed", "closed true"])
        #expect(harness.submit(.sync(path: "/"), id: 3) == .closed)
        #expect(harness.session.deadline == nil)
    }

    @Test func anEndOfTheSessionThatWasNotAnsweredIsAskedForAgain() {
        var harness = SessionHarness.connected()
        harness.close(after: 5000)
        let frame = Server.frame([0, 0, 0, 1, 0xFF, 0xFF, 0xFF, 0xF5])
        #expect(harness.sent == frame)
        harness.lose()
        harness.pass(3000)
        harness.forget()
        harness.receive(Server.handshake())
        #expect(harness.sent == Server.frame([0, 0, 0, 2, 0xFF, 0xFF, 0xFF, 0xF5]))
        harness.receive(Server.reply(2))
        #expect(harness.story == ["disconnect", "closed", "closed true"])
    }

    @Test func watchesAreForgottenWithTheSessionAndWhenTheServerHasNone() {
        var harness = SessionHarness.connected()
        _ = harness.submit(.addWatch(path: "/a", mode: .persistent), id: 1)
        _ = harness.submit(.addWatch(path: "/b", mode: .persistentRecursive), id: 2)
        harness.receive(Server.reply(1, [0, 0, 0, 0]) + Server.reply(2, [0, 0, 0, 0]))
        #expect(harness.session.watches.count == 2)
        _ = harness.submit(.removeWatches(path: "/a", kind: .any), id: 3)
        harness.receive(Server.reply(3, code: -121))
        #expect(harness.session.watches["/a"] == [])
        #expect(harness.session.watches["/b"] == .persistentRecursive)
        harness.lose()
        harness.pass(3000)
        harness.receive(Server.handshake(timeout: 0, sessionID: 0))
        #expect(harness.session.watches.count == 0)
        harness.receive(Server.handshake(sessionID: 5))
        #expect(harness.story.last == "connected 5 new")
    }

    @Test func anyBytesMayCome() {
        var random = SimRandom(seed: 9)
        for _ in 0..<20_000 {
            var harness = SessionHarness()
            harness.open()
            if !random.oneIn(4) {
                harness.receive(Server.handshake())
                _ = harness.submit(.multi([]), id: 1)
                _ = harness.submit(.children(path: "/", watch: true), id: 2)
            }
            var body = (0..<random.below(60)).map { _ in UInt8(random.below(256)) }
            if random.oneIn(2) { body = Server.reply(Int32(random.below(3)), body) }
            harness.receive(random.oneIn(3) ? body : Server.frame(body))
            harness.pass(10)
        }
    }
}
