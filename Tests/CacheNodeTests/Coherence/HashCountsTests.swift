import Testing

@testable import CacheNode

/// `#expect` takes copies, of which such a table has none: behind a pointer it can be asked.
private final class Counts {
    private var counts = HashCounts()

    var isEmpty: Bool { counts.isEmpty }
    func has(_ hash: UInt64) -> Bool { counts.has(hash) }
    func add(_ hash: UInt64) { counts.add(hash) }
    func remove(_ hash: UInt64) { counts.remove(hash) }
}

@Suite struct HashCountsTests {
    private let counts = Counts()

    @Test func countsByTheHash() {
        let hashes = (0..<100).map { UInt64($0) << 57 | UInt64($0) << 49 }
        #expect(counts.isEmpty)
        for hash in hashes { counts.add(hash) }
        counts.add(hashes[3])
        #expect(hashes.allSatisfy { counts.has($0) })
        counts.remove(hashes[3])
        #expect(counts.has(hashes[3]), "one of two is left")
        for hash in hashes { counts.remove(hash) }
        #expect(counts.isEmpty)
        #expect(!hashes.contains { counts.has($0) })
    }

    @Test func takesNothingAwayWhereThereIsNothing() {
        counts.add(1 << 63)
        counts.remove(0)
        #expect(counts.has(1 << 63))
        #expect(!counts.has(0))
        #expect(!counts.isEmpty)
    }
}
