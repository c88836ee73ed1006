import Testing

@testable import CacheNode

/// How much a node evicts in one turn of its loop. Work is counted, not timed.
@Suite struct KeyspaceEvictionTests {
    private static let bytesMax = 3 << 19
    private static let large = String(repeating: "x", count: 1 << 20)
    private static let small = [UInt8](repeating: 7, count: 150)

    /// A node that is full of small values, and needs thousands of them gone for a large one.
    private func fullNode(
        bytesMax: Int = bytesMax, _ beforeEach: (KeyspaceHarness) -> Void = { _ in }
    ) throws -> (KeyspaceHarness, KeyspaceHarness.Port) {
        let node = try KeyspaceHarness(bytesMax: bytesMax, queueCountMax: 10_000)
        let parent = node.attachParent()
        beforeEach(node)
        while node.metrics.pointee.evictions == 0 {
            beforeEach(node)
            store(1, node)
        }
        node.turn()
        _ = parent.take()
        return (node, parent)
    }

    /// Writes new small values, which the root commits.
    private func store(_ count: Int, _ node: KeyspaceHarness) {
        for _ in 0..<count {
            let number = node.keyspace.upward.nextNumber
            #expect(node.put("key-\(number)", Self.small).isDone)
            node.down(node.commit(number, number + 10))
        }
    }

    /// What `body` evicts.
    private func evictions(_ node: KeyspaceHarness, _ body: () -> Void) -> Int {
        let before = node.metrics.pointee.evictions
        body()
        return Int(node.metrics.pointee.evictions - before)
    }

    /// Reads a key that the parent answers with a large value.
    @discardableResult
    private func fetch(_ key: String, _ node: KeyspaceHarness, id: UInt32) -> ReadCopy? {
        var answer: ReadCopy?
        node.read(key) { answer = $0 }
        if answer == nil { node.down(node.reply(id, Self.large, 90_000)) }
        return answer
    }

    // MARK: Copies from above

    @Test func aLargeCopyPassesByUntilRoomWasMadeInManyTurns() throws {
        let (node, parent) = try fullNode()
        let first = evictions(node) {
            #expect(fetch("large", node, id: 1)?.content == .value(Self.large))
        }
        #expect(first <= EvictionPace.turnMax)
        #expect(node.held("large") == nil)
        #expect(parent.take().last == "EVICT large")
        var turns = 0
        while true {
            let evicted = evictions(node) { node.turn() }
            #expect(evicted <= EvictionPace.turnMax)
            if evicted == 0 { break }
            turns += 1
        }
        #expect(turns > 3)
        let second = evictions(node) { fetch("large", node, id: 2) }
        #expect(second <= EvictionPace.copyMin)
        #expect(node.held("large")?.content == .value(Self.large))
        #expect(fetch("large", node, id: 3)?.note?.source == .hit)
        #expect(node.store.bytesUsed <= Self.bytesMax)
    }

    @Test func manyLargeCopiesInOneTurnEvictLittleMoreThanOne() throws {
        let (node, _) = try fullNode()
        let evicted = evictions(node) {
            for id in 1...20 { fetch("large-\(id)", node, id: UInt32(id)) }
        }
        #expect(evicted <= EvictionPace.turnMax + 20 * EvictionPace.copyMin)
    }

    /// Copies that cost no more than they bring are kept, however many come in a turn.
    @Test func smallCopiesAreKeptWhateverTheTurnHasSeen() throws {
        let (node, _) = try fullNode()
        let value = String(repeating: "x", count: 150)
        for id in 1...UInt32(2 * EvictionPace.turnMax) {
            node.read("small-\(id)") { _ in }
            node.down(node.reply(id, value, 90_000))
            #expect(node.held("small-\(id)") != nil)
        }
    }

    /// A large value that changes takes the room that it has.
    @Test func aLargeCopyIsReplacedByItsSuccessor() throws {
        let (node, _) = try fullNode(bytesMax: 5 << 19) { fetch("large", $0, id: 1) }
        let changed = String(repeating: "y", count: 1 << 20)
        let evicted = evictions(node) { node.down(node.push("large", changed, 90_001)) }
        #expect(evicted <= EvictionPace.copyMin)
        #expect(node.read("large")?.content == .value(changed))
    }

    // MARK: Writes

    @Test func aWriteIsKeptWhateverMustGoForIt() throws {
        let (node, _) = try fullNode()
        let evicted = evictions(node) { #expect(node.put("large", Self.large).isDone) }
        #expect(evicted > 3 * EvictionPace.turnMax)
        #expect(node.read("large")?.content == .value(Self.large))
        #expect(node.store.bytesUsed <= Self.bytesMax)
    }

    // MARK: Room that is wanted

    @Test func wantedRoomIsUsedAgainOnceNobodyWantsIt() throws {
        let (node, _) = try fullNode()
        fetch("large", node, id: 1)
        node.world.run(forMilliseconds: 100)
        #expect(node.store.cache.pointee.bytesFree >= 1 << 20)
        // Small values take of it, and it is made good.
        store(2000, node)
        #expect(node.store.cache.pointee.bytesFree < 1 << 20)
        node.world.run(forMilliseconds: 100)
        #expect(node.store.cache.pointee.bytesFree >= 1 << 20)
        node.world.run(forMilliseconds: UInt64(EvictionPace.wantedMilliseconds))
        let evicted = evictions(node) {
            store(900, node)
            node.world.run(forMilliseconds: 100)
        }
        #expect(evicted == 0)
    }

    /// What is wanted can't be had, because too much must stay.
    @Test func aNodeThatMayEvictNoMoreComesToRest() throws {
        let pinned = [UInt8](repeating: 7, count: 1200)
        let (node, _) = try fullNode {
            guard $0.keyspace.upward.isEmpty else { return }
            for number in 0..<400 { $0.put("pinned-\(number)", pinned) }
        }
        fetch("large", node, id: 1)
        node.world.run(forMilliseconds: 100)
        #expect(node.store.candidate().isNone)
        let turns = node.loop.turnCount
        node.world.run(forMilliseconds: 1_000)
        #expect(node.loop.turnCount - turns < 5)
        #expect((0..<400).allSatisfy { node.held("pinned-\($0)") != nil })
    }
}
