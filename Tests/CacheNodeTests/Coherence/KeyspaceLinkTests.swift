import Testing

@testable import CacheNode

/// Single rules of the link, message by message; the model tests have them all at once.
@Suite struct KeyspaceLinkTests {
    // MARK: Ways of writes

    /// A writer that goes over to another parent sends its writes again, and they climb on both
    /// ways.
    @Test func theCommitOfAWriteGoesBackOnEveryWayItCameBy() throws {
        let node = try KeyspaceHarness()
        node.attachParent()
        let writer = node.attachChild(origin: 4)
        node.up(node.put("k", "1", origin: 4, 1), from: writer)
        let other = node.attachChild(origin: 5)
        node.up(node.put("k", "1", origin: 4, 1), from: other)
        #expect(node.keyspace.upward.count == 1)
        node.down(node.commit(origin: 4, 1, 11))
        #expect(writer.take() == ["ACCEPT 1", "COMMIT 4.1 1.11 committed"])
        #expect(other.take() == ["ACCEPT 1", "COMMIT 4.1 1.11 committed"])
        #expect(node.keyspace.upward.isEmpty)
    }

    @Test func aWriteThatWaitsInTwoInboxesIsQueuedOnce() throws {
        let node = try KeyspaceHarness(queueCountMax: 1)
        let parent = node.attachParent()
        node.put("full", "x")
        let writer = node.attachChild(origin: 4)
        let other = node.attachChild(origin: 5)
        for child in [writer, other] { node.up(node.put("k", "1", origin: 4, 1), from: child) }
        #expect(writer.take().isEmpty)
        _ = parent.take()
        node.down(node.commit(1, 11))
        #expect(parent.take() == ["PUT 4.1 k 1 none"])
        #expect(writer.take() == ["ACCEPT 1"])
        #expect(other.take() == ["ACCEPT 1"])
        node.down(node.commit(origin: 4, 1, 12))
        #expect(node.keyspace.upward.isEmpty)
    }

    /// Commits come in another order than that of this node's queue when a writer went over to
    /// another way.
    @Test func anEarlierWriteThatIsCommittedLaterIsReadUntilThen() throws {
        let node = try KeyspaceHarness()
        let parent = node.attachParent(mode: .none)
        let child = node.attachChild(origin: 4)
        node.put("k", "own")
        node.up(node.put("k", "child's", origin: 4, 1), from: child)
        #expect(node.read("k")?.content == .value("child's"))
        node.down(node.commit(origin: 4, 1, 11))
        #expect(node.read("k")?.content == .value("own"))
        #expect(node.store.candidate().isNone)
        node.down(node.commit(1, 12))
        #expect(node.read("k")?.version == "1.12")
        #expect(!parent.sent.contains { $0.hasPrefix("EVICT") })
    }

    @Test func aRepeatedRefusalDoesNotMakeLaterWritesNew() throws {
        let root = try KeyspaceHarness(isRoot: true)
        let child = root.attachChild(origin: 4)
        let refused = root.put("k", "1", origin: 4, 1, condition: .exists)
        root.up(refused, from: child)
        root.up(root.put("k", "2", origin: 4, 2), from: child)
        #expect(root.metrics.pointee.commits == 1)
        root.up(refused, from: child)
        root.up(root.put("k", "2", origin: 4, 2), from: child)
        #expect(root.metrics.pointee.commits == 1)
        #expect(root.metrics.pointee.repeats == 2)
        #expect(
            child.take() == [
                "ACCEPT 1", "COMMIT 4.1 0.0 refused 412", "ACCEPT 2", "COMMIT 4.2 1.2 committed",
                "ACCEPT 3", "COMMIT 4.1 0.0 refused 412", "ACCEPT 4",
                "COMMIT 4.2 1.2 superseded by 2",
            ])
    }

    // MARK: Evictions

    /// Or the parent would take the node for one that holds the key until the next change of it.
    @Test func anEvictionWhileACommitWasExpectedIsToldWhenTheWriteIsRefused() throws {
        let node = try KeyspaceHarness()
        let parent = node.attachParent()
        node.put("k", "1")
        node.down(node.commit(1, 11))
        #expect(node.put("k", bytes("2"), condition: .isAbsent).ticket != nil)
        _ = parent.take()
        #expect(node.keyspace.evictOne())
        #expect(parent.take().isEmpty)
        node.down(node.commit(2, 11, .refused(status: 412, node.lend("no"))))
        #expect(parent.take() == ["EVICT k"])
    }

    /// So the writer can answer with a tag, and its client try again.
    @Test func aConditionThatTheRootDeniesBringsTheVersionThatTheKeyHas() throws {
        let root = try KeyspaceHarness(isRoot: true)
        root.put("k", "1")
        let child = root.attachChild(origin: 4)
        root.up(root.put("k", "2", origin: 4, 1, condition: .isAbsent), from: child)
        #expect(child.take() == ["ACCEPT 1", "COMMIT 4.1 1.2 refused 412"])
        let node = try KeyspaceHarness()
        node.attachParent()
        var result: WriteResult?
        let ticket = try #require(node.put("k", bytes("2"), condition: .isAbsent).ticket)
        node.keyspace.whenWritten(ticket) { result = $0 }
        node.down(node.commit(1, 2, .refused(status: 412, node.lend("no"))))
        #expect(result == .preconditionFailed(Version(epoch: 1, sequence: 2)))
    }

    // MARK: Versions

    /// Or a child that has the absence would have it confirmed when the key exists.
    @Test func anAbsenceBeforeTheFirstCommitHasAVersionOfItsOwn() throws {
        let root = try KeyspaceHarness(isRoot: true)
        let child = root.attachChild(origin: 4)
        root.up(root.get("k"), from: child)
        root.put("k", "1")
        #expect(
            child.take() == [
                "REPLY 1 absent 1.1 followed true age 0", "PUSH 1.2 k 1",
            ])
    }

    /// The changes of other keys are still to come.
    @Test func inModeSyncOnlyTheEndOfARoundMovesThePosition() throws {
        let node = try KeyspaceHarness()
        node.attachParent(mode: .sync)
        node.put("k", "1")
        node.down(node.commit(1, 20))
        node.down(node.push("k", "2", 21))
        #expect(node.keyspace.position == Version(epoch: 1, sequence: 10))
        node.down(.flush(position: Version(epoch: 1, sequence: 21)))
        #expect(node.keyspace.position == Version(epoch: 1, sequence: 21))
    }

    /// The parent has told what the reply tells, and sends no change any more.
    @Test func inModeSyncAReplyThatOvertakesAChangeIsPassedOn() throws {
        let node = try KeyspaceHarness()
        node.attachParent(mode: .sync)
        let holder = node.attachChild(origin: 4)
        node.up(node.get("k"), from: holder)
        node.down(node.reply(1, "1", 5))
        #expect(
            holder.take().map { $0.prefix(13) } == ["REPLY 1 1 1.5"])
        node.read("k", ReadOptions(asksRoot: true)) { _ in }
        node.down(node.reply(2, "2", 11))
        node.down(.flush(position: Version(epoch: 1, sequence: 11)))
        #expect(holder.take() == ["PUSH 1.11 k 2", "FLUSH 1.11"])
    }

    @Test func anAnswerOfAnotherRootIsNotKept() throws {
        let node = try KeyspaceHarness()
        node.attachParent(Version(epoch: 2, sequence: 3))
        var answers: [ReadCopy] = []
        node.read("k") { answers.append($0) }
        node.down(node.reply(1, "old", 5))
        #expect(answers.map(\.version) == ["1.5"])
        #expect(node.held("k") == nil)
    }

    // MARK: Copies and bits

    /// Evicting the old value for the new one would tell the parent that the key is gone.
    @Test func anEntryIsNotEvictedForItsOwnSuccessor() throws {
        let node = try KeyspaceHarness()
        let parent = node.attachParent()
        let large = String(repeating: "a", count: 600_000)
        node.read("k") { _ in }
        node.down(node.reply(1, large, 5))
        _ = parent.take()
        let larger = String(repeating: "b", count: 650_000)
        node.down(node.push("k", larger, 11))
        #expect(node.read("k")?.content == .value(larger))
        #expect(parent.take().isEmpty)
    }

    /// The node's own write lies over the key, so there is an entry; but nobody tells this node of
    /// changes.
    @Test func whatTheParentDoesNotFollowIsNotFollowedForChildren() throws {
        let node = try KeyspaceHarness()
        node.attachParent()
        let child = node.attachChild(origin: 4)
        node.put("k", "own")
        node.up(node.get("k"), from: child)
        node.down(node.reply(1, "above", 5, isFollowed: false))
        #expect(child.take() == ["REPLY 1 above 1.5 followed false age 1"])
    }

    /// Their numbers come round; what is as old as that must be gone before.
    @Test func aCopyIsNotVerifiedByASessionOfTheSameNumber() throws {
        let node = try KeyspaceHarness()
        node.attachParent()
        node.read("k") { _ in }
        node.down(node.reply(1, "v", 5))
        node.put("own", "w")
        let session = node.keyspace.freshness.current
        repeat { node.down(.reset(epoch: 1)) } while node.keyspace.freshness.current != session
        #expect(node.held("k") == nil)
        #expect(node.read("own")?.content == .value("w"))
    }

    // MARK: Ages

    /// The session's copies are younger than what the parent has not verified in it.
    @Test func anUnfollowedAnswerHasItsOwnAge() throws {
        let node = try KeyspaceHarness()
        node.attachParent()
        var answers: [ReadCopy] = []
        node.read("k") { answers.append($0) }
        node.down(node.reply(1, "old", 5, isFollowed: false, ageMilliseconds: 2000))
        #expect(answers.map(\.ageMilliseconds) == [2001])
    }

    /// The clock of a machine that has just begun is smaller than ages.
    @Test func anAgeMayBeGreaterThanTheClock() throws {
        let node = try KeyspaceHarness()
        let age = UInt32(clamping: node.keyspace.now + 100_000)
        node.attachParent(ageMilliseconds: age)
        node.read("k") { _ in }
        node.down(node.reply(1, "v", 5, ageMilliseconds: age))
        #expect(node.held("k")?.ageMilliseconds == age + 1)
        #expect(node.read("k") == nil)
    }

    /// Nothing that was told in another mode says how old a copy is.
    @Test func aSessionOfAnotherModeBoundsNothing() throws {
        let node = try KeyspaceHarness()
        node.attachParent(mode: .none)
        node.read("k") { _ in }
        node.down(node.reply(1, "v", 5))
        node.attachParent(mode: .push)
        node.detachParent()
        #expect(node.read("k")?.content == .unavailable)
    }
}
