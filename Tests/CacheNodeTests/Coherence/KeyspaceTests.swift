import Testing

@testable import CacheNode

@Suite struct KeyspaceTests {
    // MARK: Reading

    @Test func storesWhatTheParentHasAndAsksOnce() throws {
        let node = try KeyspaceHarness()
        var seen: [ReadCopy] = []
        for _ in 0..<200 { node.read("k") { seen.append($0) } }
        #expect(node.parent.fetchCount == 1)
        #expect(node.metrics.pointee.fills == 1)
        #expect(node.metrics.pointee.collapsed == 199)
        node.parent.answer(bytes("v"), mediaType: "text/html")
        #expect(seen == Array(repeating: .value("v"), count: 200))
        let entry = node.store.find(bytes("k"))
        #expect(
            node.store.mediaTypeText(node.store.cache.pointee.mediaType(of: entry)) == "text/html")
        node.read("k") { seen.append($0) }
        #expect(seen.count == 201)
        #expect(node.parent.fetchCount == 1)
    }

    @Test func absenceAndTroubleAreTold() throws {
        let node = try KeyspaceHarness()
        var seen: [ReadCopy] = []
        node.read("k") { seen.append($0) }
        node.parent.answer(nil)
        node.read("k") { seen.append($0) }
        node.parent.answerUnavailable()
        #expect(seen == [.absent, .unavailable])
        #expect(node.metrics.pointee.fillFailures == 1)
        #expect(node.held("k") == nil)
    }

    @Test func theRootAnswersAMissByItselfInALaterTurn() throws {
        let root = try KeyspaceHarness(isRoot: true)
        var seen: [ReadCopy] = []
        root.read("k") { seen.append($0) }
        #expect(seen.isEmpty)
        root.world.run(forMilliseconds: 1)
        #expect(seen == [.absent])
    }

    @Test func aValueThatCannotBeKeptIsPassedOn() throws {
        let node = try KeyspaceHarness()
        node.put("pinned", "x")
        var seen: [ReadCopy] = []
        node.read("k") { seen.append($0) }
        node.read("k") { seen.append($0) }
        let large = [UInt8](repeating: 0x61, count: 2 << 20)
        node.parent.answer(large)
        let expected = ReadCopy.value(String(decoding: large, as: UTF8.self))
        #expect(seen == [expected, expected])
        #expect(node.held("k") == nil)
        #expect(node.held("pinned") == .value("x"))
    }

    // MARK: Writing

    @Test func readsItsOwnWritesBeforeTheParentHasThem() throws {
        let node = try KeyspaceHarness()
        #expect(node.put("k", "1").isDone)
        #expect(node.held("k") == .value("1"))
        #expect(node.put("k", "2").isDone)
        #expect(node.held("k") == .value("2"))
        #expect(node.delete("k").isDone)
        #expect(node.held("k") == .absent)
        #expect(node.store.count == 0)
        #expect(node.parent.pending.map(\.sequence) == [1, 2, 3])
        node.parent.acceptOldest()
        node.parent.acceptOldest()
        #expect(node.held("k") == .absent)
        node.parent.acceptOldest()
        #expect(node.held("k") == nil)
    }

    @Test func aDeleteIsRememberedUntilTheParentHasIt() throws {
        let node = try KeyspaceHarness()
        var seen: [ReadCopy] = []
        node.delete("k")
        node.read("k") { seen.append($0) }
        #expect(seen == [.absent])
        #expect(node.parent.fetchCount == 0)
        node.parent.acceptOldest()
        node.read("k") { seen.append($0) }
        #expect(node.parent.fetchCount == 1)
    }

    @Test func aRefusedWriteIsWithdrawn() throws {
        let node = try KeyspaceHarness()
        node.put("k", "1")
        node.parent.refuseOldest()
        #expect(node.held("k") == nil)
        node.delete("k")
        node.parent.refuseOldest()
        #expect(node.held("k") == nil)
        #expect(node.store.count == 0)
    }

    @Test func theRefusalOfAnOldWriteLeavesTheNewOne() throws {
        let node = try KeyspaceHarness()
        node.put("k", "1")
        node.put("k", "2")
        node.parent.refuseOldest()
        #expect(node.held("k") == .value("2"))
        #expect(node.store.uncommitted(bytes("k")) == 2)
        node.parent.acceptOldest()
        #expect(node.store.uncommitted(bytes("k")) == 0)
    }

    @Test func anAwaitedWriteTellsItsNumber() throws {
        let node = try KeyspaceHarness()
        var outcomes: [ForwardOutcome] = []
        for expected: UInt64 in 1...2 {
            let outcome = node.put("k", bytes("1"), awaitsParent: true)
            let sequence = try #require(outcome.sequence)
            #expect(sequence == expected)
            node.keyspace.whenForwarded(sequence) { outcomes.append($0) }
        }
        node.parent.acceptOldest()
        node.parent.refuseOldest()
        #expect(outcomes == [.accepted, .refused(status: 507, detail: "full")])
    }

    @Test func aFullQueueChangesNothing() throws {
        let node = try KeyspaceHarness()
        node.put("k", "1")
        node.parent.countMax = 1
        #expect(node.put("k", "2").isQueueFull)
        #expect(node.delete("k").isQueueFull)
        #expect(node.delete("k", awaitsParent: true).isQueueFull)
        #expect(node.held("k") == .value("1"))
        #expect(node.parent.pending.count == 1)
        #expect(node.metrics.pointee.upwardRejected == 3)
    }

    @Test func whoWantsToWaitForAParentThatIsAwayIsRefused() throws {
        let node = try KeyspaceHarness()
        node.parent.awayReason = "gone"
        #expect(node.put("k", bytes("1"), awaitsParent: true).isParentAway)
        #expect(node.delete("k", awaitsParent: true).isParentAway)
        #expect(node.held("k") == nil)
        #expect(node.put("k", "2").isDone)
        #expect(node.held("k") == .value("2"))
    }

    @Test func numbersOfMoreThan32BitsAreWritesToo() throws {
        let node = try KeyspaceHarness(lastSequence: UInt64(UInt32.max))
        node.put("k", "1")
        #expect(node.store.uncommitted(bytes("k")) == 1 << 32)
        node.parent.acceptOldest()
        #expect(node.store.uncommitted(bytes("k")) == 0)
        #expect(node.held("k") == .value("1"))
    }

    // MARK: Room

    private static let value = [UInt8](repeating: 7, count: 1000)

    /// Puts until the answer isn't `done`; how many were, and what came then.
    private func fill(
        _ node: KeyspaceHarness, countMax: Int = 100_000
    ) -> (count: Int, end: WriteOutcome?) {
        for number in 0..<countMax {
            let outcome = node.put("key-\(number)", Self.value)
            guard outcome.isDone else { return (number, outcome) }
        }
        return (countMax, nil)
    }

    @Test func theRootRefusesRatherThanForgets() throws {
        let root = try KeyspaceHarness(isRoot: true)
        let (count, end) = fill(root)
        #expect(end?.isFull == true)
        #expect(count > 100)
        #expect(root.store.count == count)
        #expect(root.metrics.pointee.evictions == 0)
        #expect(root.store.bytesUsed <= 1 << 20)
        #expect(root.delete("key-0").isDone)
        #expect(root.put("another", Self.value).isDone)
    }

    @Test func whatTheParentHasNotTakenIsNeverEvicted() throws {
        let node = try KeyspaceHarness()
        let (count, end) = fill(node)
        #expect(end?.isFull == true)
        #expect((0..<count).allSatisfy { node.held("key-\($0)") != nil })
        #expect(node.parent.pending.count == count)
        #expect(node.store.bytesUsed <= 1 << 20)
        // A reader is served although nothing can be kept.
        var seen: [ReadCopy] = []
        node.read("elsewhere") { seen.append($0) }
        node.parent.answer(Self.value)
        #expect(seen == [.value(String(decoding: Self.value, as: UTF8.self))])
        #expect((0..<count).allSatisfy { node.held("key-\($0)") != nil })
        // Once the parent has them they give way.
        while !node.parent.pending.isEmpty { node.parent.acceptOldest() }
        let (more, _) = fill(node, countMax: count / 2)
        #expect(more == count / 2)
        #expect(node.put("new", Self.value).isDone)
    }

    @Test func acceptedWritesGiveWayWithinTheBound() throws {
        let node = try KeyspaceHarness()
        var worst = 0
        for number in 0..<5000 {
            #expect(node.put("key-\(number)", Self.value).isDone)
            node.parent.acceptOldest()
            worst = max(worst, node.store.bytesUsed)
        }
        #expect(worst <= 1 << 20)
        #expect(node.metrics.pointee.evictions > 3000)
    }

    @Test func theAbsenceOfManyKeysIsForgotten() throws {
        let node = try KeyspaceHarness()
        for number in 0..<20_000 {
            #expect(node.delete("key-\(number)").isDone)
            node.parent.acceptOldest()
        }
        #expect(node.store.candidate().isNone)
        #expect(node.store.count == 0)
    }

    /// A new media type needs room as well, and gets it as a value does.
    @Test func aNewMediaTypeFindsRoomInAFullNode() throws {
        let node = try KeyspaceHarness()
        for number in 0..<6000 {
            let type = "x/\(number)" + String(repeating: "y", count: 240)
            let outcome = node.put("key-\(number)", bytes("v"), mediaType: type)
            guard outcome.isDone else {
                Issue.record("\(outcome) to the write \(number)")
                return
            }
            node.parent.acceptOldest()
        }
        #expect(node.store.bytesUsed <= 1 << 20)
    }

    @Test func aMediaTypeThatCannotBeKeptEvictsNothing() throws {
        let node = try KeyspaceHarness()
        node.put("k", "1")
        node.parent.acceptOldest()
        for type in ["", String(repeating: "y", count: 256)] {
            #expect(node.put("other", bytes("2"), mediaType: type).isTooManyMediaTypes)
        }
        #expect(node.held("k") == .value("1"))
    }

    @Test func aValueThatNeverFitsEvictsNothing() throws {
        let node = try KeyspaceHarness()
        node.put("k", "1")
        node.parent.acceptOldest()
        let outcome = node.put("other", [UInt8](repeating: 0, count: 2 << 20), mediaType: "new/one")
        #expect(outcome.isFull)
        #expect(node.held("k") == .value("1"))
        #expect(node.parent.pending.isEmpty)
    }
}
