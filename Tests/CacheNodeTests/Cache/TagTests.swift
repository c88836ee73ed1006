import Testing

@testable import CacheNode

/// Entries that lose their value, and what is left of the bound then.
@Suite struct TagTests {
    /// Fills a cache with values that all have children.
    private func fill(_ test: TestCache, valueCount: Int) -> Int {
        let value = [UInt8](repeating: 1, count: valueCount)
        var number = 0
        while test.put(key(number), value) {
            test.cache.pointee.setVersion(UInt64(number) + 1, of: test.find(key(number)))
            test.cache.pointee.setChildren(3, of: test.find(key(number)))
            number += 1
        }
        return number
    }

    private func isTag(_ number: Int, _ test: TestCache) -> Bool {
        let entry = test.find(key(number))
        return !entry.isNone && test.cache.pointee.isTag(entry)
            && test.cache.pointee.version(of: entry) == UInt64(number) + 1
            && test.cache.pointee.children(of: entry) == 3
            && test.cache.pointee.value(of: entry).isEmpty
    }

    @Test(arguments: [32, 200, 1000, 12_000, 100_000])
    func aFullCacheMakesTagsOfWhatItEvicts(valueCount: Int) throws {
        let bytesMax = 4 << 20
        let test = try TestCache(bytesMax: bytesMax)
        let count = fill(test, valueCount: valueCount)
        let value = [UInt8](repeating: 2, count: valueCount)
        // The first of them leave tags; there is room for two pages of tags.
        let tags = min(count / 2, 2600)
        for number in count..<(count + tags) {
            #expect(test.putEvicting(key(number), value, leavesTags: true))
            #expect(test.bytesUsed <= bytesMax)
        }
        #expect(test.tagCount >= tags)
        #expect((0..<tags).allSatisfy { isTag($0, test) })
        // Later, tags give way to tags, and the values are as many as ever.
        for number in (count + tags)..<(3 * count) {
            #expect(test.putEvicting(key(number), value, leavesTags: true))
            #expect(test.bytesUsed <= bytesMax)
        }
        #expect(test.tagCount >= tags / 2)
        #expect(test.count > count * 9 / 10)
        test.removeAll()
        #expect(test.tagCount == 0)
    }

    @Test(arguments: [0, 10, 32, 200, 1000, 12_000, 100_000])
    func everyEntryOfAFullCacheCanBecomeATag(valueCount: Int) throws {
        let bytesMax = 2 << 20
        let test = try TestCache(bytesMax: bytesMax)
        let baseline = test.bytesHeld
        let count = fill(test, valueCount: valueCount)
        for number in 0..<count {
            let entry = test.find(key(number))
            let tag = test.cache.pointee.shrinkToTag(entry)
            #expect(isTag(number, test))
            let freesMemory = test.cache.pointee.shrinkFreesMemory(tag)
            // One that found no smaller piece may find one later.
            #expect(!freesMemory || tag == entry)
            #expect(test.bytesUsed <= bytesMax)
        }
        #expect(test.count == 0)
        #expect(test.tagCount == count)
        #expect((0..<count).allSatisfy { isTag($0, test) })
        test.removeAll()
        #expect(test.bytesHeld == baseline)
    }

    /// The hand goes on: a tag isn't the next victim, but one of the next round.
    @Test func aTagHasUntilTheHandComesRound() throws {
        let test = try TestCache(bytesMax: 1 << 20)
        for number in 0..<3 { test.put(key(number), [UInt8](repeating: 1, count: 100)) }
        var victims: [[UInt8]] = []
        for _ in 0..<6 {
            let victim = test.candidate()
            victims.append(test.key(of: victim))
            if test.cache.pointee.isTag(victim) {
                test.cache.pointee.remove(victim)
            } else {
                _ = test.cache.pointee.shrinkToTag(victim)
            }
        }
        #expect(victims == [0, 1, 2, 0, 1, 2].map(key))
        #expect(test.candidate().isNone)
    }

    @Test func aTagOfAValueThatStaysMayGo() throws {
        let test = try TestCache(bytesMax: 1 << 20, evictsValues: false)
        for number in 0..<3 { test.put(key(number), [UInt8](repeating: 1, count: 100)) }
        #expect(test.candidate().isNone)
        let tag = test.cache.pointee.shrinkToTag(test.find(key(1)))
        #expect(test.candidate() == tag)
        test.put(key(1), bytes("value"))
        #expect(test.candidate().isNone)
        #expect(test.tagCount == 0 && test.count == 3)
    }

    @Test func aTagLetsGoOfItsMediaType() throws {
        let test = try TestCache(bytesMax: 1 << 20)
        let index = try #require(test.mediaType("text/plain"))
        test.put(key(1), bytes("value"), mediaType: index)
        #expect(test.references(index) == 1)
        let tag = test.cache.pointee.shrinkToTag(test.find(key(1)))
        #expect(test.references(index) == 0)
        #expect(test.cache.pointee.mediaType(of: tag) == MediaTypes.octetStream)
        test.remove(key(1))
        #expect(test.references(index) == 0)
    }
}
