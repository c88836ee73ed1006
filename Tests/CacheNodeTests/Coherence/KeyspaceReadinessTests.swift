import Testing

@testable import CacheNode

/// When a large write of a client is taken: where there is room, or none can be made. Work is
/// counted, not timed.
@Suite struct KeyspaceReadinessTests {
    private static let bytesMax = 3 << 19
    private static let large = String(repeating: "x", count: 1 << 20)

    /// A node that is full of small values, and needs thousands of them gone for a large one.
    private func fullNode(bytesMax: Int = bytesMax, large: String? = nil) throws
        -> KeyspaceHarness
    {
        let node = try KeyspaceHarness(bytesMax: bytesMax, queueCountMax: 10_000)
        node.attachParent()
        if let large { write(large, Self.large, node) }
        let small = String(repeating: "s", count: 150)
        var number = 0
        while node.metrics.pointee.evictions == 0 {
            if let large { node.read(large) }
            write("key-\(number)", small, node)
            number += 1
        }
        node.turn()
        return node
    }

    /// Writes a value, which the root commits.
    private func write(_ key: String, _ value: String, _ node: KeyspaceHarness) {
        let number = node.keyspace.upward.nextNumber
        #expect(node.put(key, value).isDone)
        node.down(node.commit(number, number + 10))
    }

    private func isReady(_ node: KeyspaceHarness, _ key: String = "large", _ count: Int = 1 << 20)
        -> Bool
    {
        node.keyspace.isReady(toWrite: node.lend(key), valueCount: count)
    }

    /// What `body` evicts.
    private func evictions(_ node: KeyspaceHarness, _ body: () -> Void) -> Int {
        let before = node.metrics.pointee.evictions
        body()
        return Int(node.metrics.pointee.evictions - before)
    }

    @Test func itsRoomIsMadeInManyTurns() throws {
        let node = try fullNode()
        var turns = 0
        while !isReady(node) {
            #expect(!isReady(node), "asking again in a turn changes nothing")
            turns += 1
            let evicted = evictions(node) { node.turn() }
            #expect(evicted <= EvictionPace.turnMax)
            if turns > 100 { break }
        }
        #expect(3...20 ~= turns)
        let evicted = evictions(node) { #expect(node.put("large", Self.large).isDone) }
        #expect(evicted == 0)
        #expect(node.read("large")?.content == .value(Self.large))
        #expect(node.store.bytesUsed <= Self.bytesMax)
    }

    @Test func noTurnEvictsMoreHoweverManyWait() throws {
        let node = try fullNode()
        for _ in 0..<3 {
            let evicted = evictions(node) {
                for number in 0..<20 { #expect(!isReady(node, "large-\(number)")) }
                node.turn()
            }
            #expect(evicted <= 2 * EvictionPace.turnMax)
        }
    }

    @Test func aSmallValueDoesNotWait() throws {
        let node = try fullNode()
        let evicted = evictions(node) { #expect(isReady(node, "small", 10_000)) }
        #expect(evicted == 0)
    }

    @Test func whatNeverFitsDoesNotWait() throws {
        let node = try fullNode()
        let evicted = evictions(node) { #expect(isReady(node, "large", 2 << 20)) }
        #expect(evicted == 0)
    }

    /// A large value that is written anew makes room itself.
    @Test func theSuccessorOfALargeValueDoesNotWait() throws {
        let node = try fullNode(bytesMax: 5 << 19, large: "large")
        let evicted = evictions(node) {
            #expect(isReady(node))
            write("large", Self.large, node)
        }
        #expect(evicted <= EvictionPace.copyMin)
        #expect(!isReady(node, "another"))
    }

    @Test func whatTheQueueHasNoRoomForDoesNotWait() throws {
        let node = try fullNode()
        #expect(node.put("other", Self.large).isDone)
        #expect(isReady(node))
        #expect(node.put("large", Self.large).refusal == .queueFull)
    }

    @Test func whereNothingMayGoNobodyWaits() throws {
        let node = try KeyspaceHarness(bytesMax: Self.bytesMax, queueCountMax: 10_000)
        node.attachParent()
        let pinned = [UInt8](repeating: 7, count: 1200)
        for number in 0..<600 { node.put("pinned-\(number)", pinned) }
        #expect(isReady(node))
        #expect(!node.put("large", Self.large).isDone)
        let root = try KeyspaceHarness(bytesMax: Self.bytesMax, isRoot: true)
        for number in 0..<5000 where !root.put("key-\(number)", pinned).isDone { break }
        #expect(isReady(root))
        #expect(root.put("large", Self.large).refusal == .full)
    }
}
