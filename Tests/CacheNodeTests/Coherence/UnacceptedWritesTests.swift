import Testing

@testable import CacheNode

@Suite struct UnacceptedWritesTests {
    /// Past what is kept at the front before the array is compacted, at several depths.
    @Test(arguments: [1, 3, 1024, 1500]) func givesTheOldestFirst(depth: Int) {
        var writes = UnacceptedWrites()
        var appended = 0
        var isRight = true
        for taken in 1...5_000 {
            while writes.count < depth {
                appended += 1
                writes.append(UnacceptedWrites.Write(number: UInt64(appended), byteCount: 3))
            }
            isRight = isRight && writes.byteCount == 3 * depth
            isRight = isRight && writes.removeFirst().number == UInt64(taken)
        }
        #expect(isRight)
        #expect(writes.isEmpty == (depth == 1))
        writes.removeAll()
        #expect(writes.isEmpty)
        #expect(writes.byteCount == 0)
    }
}
