import Testing

@testable import CacheNode

/// Under a parent of an earlier system, which speaks plain HTTP.
@Suite struct KeyspacePlainTests {
    // MARK: Reading

    @Test func whatTheParentHasIsStoredAndAskedForOnce() throws {
        let node = try KeyspaceHarness()
        let parent = node.attachPlainParent()
        var seen: [ReadCopy.Content] = []
        for _ in 0..<200 { node.read("k") { seen.append($0.content) } }
        #expect(parent.fetchCount == 1)
        #expect(node.metrics.pointee.fills == 1)
        #expect(node.metrics.pointee.collapsed == 199)
        parent.answer(bytes("v"), mediaType: "text/html")
        #expect(seen == Array(repeating: .value("v"), count: 200))
        let entry = node.store.find(bytes("k"))
        #expect(
            node.store.mediaTypeText(node.store.cache.pointee.mediaType(of: entry)) == "text/html")
        #expect(node.read("k")?.content == .value("v"))
        #expect(node.read("k")?.ageMilliseconds == nil)
        #expect(parent.fetchCount == 1)
    }

    @Test func absenceAndTroubleAreToldAndNotKept() throws {
        let node = try KeyspaceHarness()
        let parent = node.attachPlainParent()
        var seen: [ReadCopy.Content] = []
        node.read("k") { seen.append($0.content) }
        parent.answer(nil)
        node.read("k") { seen.append($0.content) }
        parent.answerUnavailable()
        #expect(seen == [.absent, .unavailable])
        #expect(node.metrics.pointee.fillFailures == 1)
        #expect(node.held("k") == nil)
    }

    @Test func anAnswerThatAWriteHasOvertakenIsNotKept() throws {
        let node = try KeyspaceHarness()
        let parent = node.attachPlainParent()
        let child = node.attachChild(origin: 4)
        node.up(node.get("k"), from: child)
        node.put("k", "new")
        parent.answer(bytes("old"))
        #expect(node.read("k")?.content == .value("new"))
        #expect(child.take().first?.hasPrefix("REPLY 1 new") == true)
        parent.acceptOldest()
        #expect(node.read("k")?.content == .value("new"))
    }

    @Test func theAnswerOfAParentThatIsItNoMoreDoesNotCount() throws {
        let node = try KeyspaceHarness()
        let parent = node.attachPlainParent()
        var seen: [ReadCopy] = []
        node.read("k") { seen.append($0) }
        let port = node.attachParent(Version(epoch: .max, sequence: 4))
        #expect(port.take().count { $0.hasPrefix("GET") } == 1)
        parent.answer(bytes("old"))
        #expect(seen.isEmpty)
        #expect(node.held("k") == nil)
    }

    // MARK: Writing

    @Test func aNodeReadsItsWritesBeforeTheParentHasThem() throws {
        let node = try KeyspaceHarness()
        let parent = node.attachPlainParent()
        #expect(node.put("k", "1").isDone)
        #expect(node.read("k")?.content == .value("1"))
        #expect(node.put("k", "2").isDone)
        #expect(node.read("k")?.content == .value("2"))
        #expect(node.delete("k").isDone)
        #expect(node.read("k")?.content == .absent)
        #expect(parent.fetchCount == 0)
        parent.acceptOldest()
        parent.acceptOldest()
        #expect(node.read("k")?.content == .absent)
        parent.acceptOldest()
        #expect(node.held("k") == nil)
    }

    @Test func aRefusedWriteIsWithdrawn() throws {
        let node = try KeyspaceHarness()
        let parent = node.attachPlainParent()
        node.put("k", "1")
        parent.refuseOldest()
        #expect(node.held("k") == nil)
        node.delete("k")
        parent.refuseOldest()
        #expect(node.held("k") == nil)
        #expect(node.store.count == 0)
    }

    @Test func theRefusalOfAnOldWriteLeavesTheNewOne() throws {
        let node = try KeyspaceHarness()
        let parent = node.attachPlainParent()
        node.put("k", "1")
        node.put("k", "2")
        parent.refuseOldest()
        #expect(node.read("k")?.content == .value("2"))
        #expect(node.store.uncommitted(bytes("k")) == 2)
        parent.acceptOldest()
        #expect(node.store.uncommitted(bytes("k")) == 0)
    }

    @Test func whoWaitsForTheParentHearsWhatItSays() throws {
        let node = try KeyspaceHarness()
        let parent = node.attachPlainParent()
        var results: [WriteResult] = []
        for expected: UInt64 in 1...3 {
            let ticket = try #require(node.put("k", "1", ack: .parent).ticket)
            #expect(ticket.sequence == expected)
            node.keyspace.whenWritten(ticket) { results.append($0) }
        }
        parent.acceptOldest()
        parent.refuseOldest()
        node.keyspace.onUnconfirmed("away")
        #expect(
            results == [
                .done(.none), .refused(status: 507, detail: "full"), .unconfirmed("away"),
            ])
    }

    @Test func whatOnlyARootCanSayIsRefused() throws {
        let node = try KeyspaceHarness()
        let parent = node.attachPlainParent()
        let conditional = node.put("k", bytes("1"), condition: .isAbsent).refusal
        guard case .cannotDecide = conditional else {
            Issue.record("\(String(describing: conditional))")
            return
        }
        guard case .cannotDecide = node.put("k", "1", ack: .root).refusal else {
            Issue.record("an answer of the root's")
            return
        }
        parent.awayReason = "away"
        #expect(node.put("k", "1", ack: .parent).refusal == .parentAway("away"))
        #expect(node.keyspace.upward.isEmpty)
        #expect(node.held("k") == nil)
    }

    /// Sent without their condition they would be other writes.
    @Test func conditionalWritesDoNotGoToAnEarlierSystem() throws {
        let node = try KeyspaceHarness()
        node.attachParent()
        let child = node.attachChild(origin: 4)
        var results: [WriteResult] = []
        let ticket = try #require(node.put("k", bytes("1"), condition: .isAbsent).ticket)
        node.keyspace.whenWritten(ticket) { results.append($0) }
        node.up(node.put("k", "2", origin: 4, 1, condition: .exists), from: child)
        node.put("other", "3")
        node.detachParent()
        _ = node.attachPlainParent()
        guard case .refused(501, _) = results.first else {
            Issue.record("\(results)")
            return
        }
        #expect(child.take().contains { $0.hasPrefix("COMMIT 4.1 0.0 refused 501") })
        #expect(node.keyspace.upward.count == 1)
    }

    /// For those below, this node is what the root is elsewhere.
    @Test func theChildrenOfSuchANodeFollowIt() throws {
        let node = try KeyspaceHarness()
        _ = node.attachPlainParent()
        let child = node.attachChild(origin: 4)
        node.up(node.put("k", "1", origin: 4, 1), from: child)
        let epoch = node.keyspace.epoch
        #expect(child.take() == ["ACCEPT 1", "COMMIT 4.1 \(epoch).2 committed"])
        node.put("k", "2")
        #expect(child.take() == ["PUSH \(epoch).3 k 2"])
        node.up(node.put("k", "1", origin: 4, 1), from: child)
        #expect(child.take() == ["ACCEPT 2", "COMMIT 4.1 \(epoch).3 superseded by 2"])
        #expect(node.keyspace.upward.count == 2)
    }
}
