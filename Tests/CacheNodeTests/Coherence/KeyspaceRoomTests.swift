import Testing

@testable import CacheNode

/// What a node does when its memory, or its queue, is full.
@Suite struct KeyspaceRoomTests {
    private static let value = [UInt8](repeating: 7, count: 1000)

    /// Puts until the answer isn't `done`; how many were, and why no more.
    private func fill(
        _ node: KeyspaceHarness, countMax: Int = 100_000
    ) -> (count: Int, refusal: WriteRefusal?) {
        for number in 0..<countMax {
            let outcome = node.put("key-\(number)", Self.value)
            guard outcome.isDone else { return (number, outcome.refusal) }
        }
        return (countMax, nil)
    }

    @Test func theRootRefusesRatherThanForgets() throws {
        let root = try KeyspaceHarness(isRoot: true)
        let (count, refusal) = fill(root)
        #expect(refusal == .full)
        #expect(count > 100)
        #expect(root.store.count == count)
        #expect(root.metrics.pointee.evictions == 0)
        #expect(root.store.bytesUsed <= 1 << 20)
        #expect(root.delete("key-0").isDone)
        #expect(root.put("another", Self.value).isDone)
    }

    @Test func aFullRootRefusesAChildsWriteAndRemembersThat() throws {
        let root = try KeyspaceHarness(isRoot: true)
        _ = fill(root)
        let child = root.attachChild(origin: 4)
        let value = String(repeating: "a", count: 5000)
        for _ in 0..<2 {
            root.up(root.put("new", value, origin: 4, 1), from: child)
            #expect(child.take().last == "COMMIT 4.1 0.0 refused 507")
            root.delete("key-0")
            for number in 1..<20 { root.delete("key-\(number)") }
        }
    }

    @Test func whatTheRootHasNotCommittedIsNeverEvicted() throws {
        let node = try KeyspaceHarness(queueCountMax: 100_000)
        node.attachParent()
        let (count, refusal) = fill(node)
        #expect(refusal == .full || refusal == .queueFull)
        #expect((0..<count).allSatisfy { node.held("key-\($0)") != nil })
        #expect(node.store.bytesUsed <= 1 << 20)
        // A reader is served although nothing can be kept.
        var seen: [ReadCopy.Content] = []
        node.read("elsewhere") { seen.append($0.content) }
        let large = String(repeating: "x", count: 300_000)
        node.down(node.reply(1, large, 5))
        #expect(seen == [.value(large)])
        #expect((0..<count).allSatisfy { node.held("key-\($0)") != nil })
        // Once they are committed they give way.
        for number in 0..<count {
            node.down(node.commit(UInt64(number) + 1, UInt64(number) + 11))
        }
        let (more, _) = fill(node, countMax: count / 2)
        #expect(more == count / 2)
    }

    @Test func committedWritesGiveWayWithinTheBound() throws {
        let node = try KeyspaceHarness()
        node.attachParent()
        var worst = 0
        for number in 0..<5000 {
            #expect(node.put("key-\(number)", Self.value).isDone)
            node.down(node.commit(UInt64(number) + 1, UInt64(number) + 11))
            worst = max(worst, node.store.bytesUsed)
        }
        #expect(worst <= 1 << 20)
        #expect(node.metrics.pointee.evictions > 3000)
    }

    @Test func theAbsenceOfManyKeysIsForgotten() throws {
        for mode in [CoherenceMode.push, .ttl] {
            let root = try KeyspaceHarness(isRoot: true, mode: mode)
            let child = root.attachChild(origin: 4)
            for number in 0..<20_000 {
                let sequence = UInt64(number) + 1
                root.up(
                    .put(
                        PutMessage(
                            origin: 4, sequence: sequence, isDeletion: true, condition: .none,
                            key: root.lend("key-\(number)"), mediaType: .empty, value: .empty)),
                    from: child)
                root.up(.evict(key: root.lend("key-\(number)")), from: child)
            }
            #expect(root.store.candidate().isNone)
            #expect(root.metrics.pointee.commits == 20_000)
        }
    }

    @Test func aFullQueueChangesNothing() throws {
        let node = try KeyspaceHarness(queueCountMax: 1)
        node.attachParent()
        node.put("k", "1")
        #expect(node.put("k", "2").refusal == .queueFull)
        #expect(node.delete("k").refusal == .queueFull)
        #expect(node.delete("k", ack: .parent).refusal == .queueFull)
        #expect(node.read("k")?.content == .value("1"))
        #expect(node.metrics.pointee.upwardRejected == 3)
    }

    /// A write that were refused here for ever would never leave the node below.
    @Test func anEmptyQueueTakesAWriteOfAnySize() throws {
        let node = try KeyspaceHarness(bytesMax: 8 << 20)
        node.attachParent()
        let child = node.attachChild(origin: 4)
        let value = String(repeating: "a", count: 2 << 20)
        node.up(node.put("k", value, origin: 4, 1), from: child)
        #expect(child.take() == ["ACCEPT 1"])
    }

    // MARK: Media types

    /// A new media type needs room as well, and gets it as a value does.
    @Test func aNewMediaTypeFindsRoomInAFullNode() throws {
        let node = try KeyspaceHarness()
        node.attachParent()
        for number in 0..<6000 {
            let type = "x/\(number)" + String(repeating: "y", count: 240)
            let outcome = node.put("key-\(number)", bytes("v"), mediaType: type)
            guard outcome.isDone else {
                Issue.record("\(outcome) to the write \(number)")
                return
            }
            node.down(node.commit(UInt64(number) + 1, UInt64(number) + 11))
        }
        #expect(node.store.bytesUsed <= 1 << 20)
    }

    @Test func aMediaTypeThatCannotBeKeptEvictsNothing() throws {
        let node = try KeyspaceHarness()
        node.attachParent()
        node.put("k", "1")
        node.down(node.commit(1, 11))
        for type in ["", String(repeating: "y", count: 256)] {
            #expect(
                node.put("other", bytes("2"), mediaType: type).refusal == .tooManyMediaTypes)
        }
        #expect(node.read("k")?.content == .value("1"))
    }

    @Test func aValueThatNeverFitsEvictsNothing() throws {
        let node = try KeyspaceHarness()
        node.attachParent()
        node.put("k", "1")
        node.down(node.commit(1, 11))
        let outcome = node.put("other", [UInt8](repeating: 0, count: 2 << 20), mediaType: "new/one")
        #expect(outcome.refusal == .full)
        #expect(node.read("k")?.content == .value("1"))
        #expect(node.keyspace.upward.isEmpty)
    }

    @Test func whatCannotBeReplacedBySomethingLargerIsDropped() throws {
        let node = try KeyspaceHarness()
        let parent = node.attachParent()
        node.put("k", "1")
        node.down(node.commit(1, 11))
        _ = parent.take()
        node.down(node.push("k", String(repeating: "a", count: 2 << 20), 12))
        #expect(node.held("k") == nil)
        #expect(parent.take() == ["EVICT k"])
    }
}
