import Simulation
import Testing

@testable import CacheNode

/// A value in the place of another: everything is as if a new entry had been published.
@Suite struct CacheReplacingTests {
    private func replace(
        _ test: TestCache, _ key: [UInt8], _ value: [UInt8], mediaType: UInt16 = 0
    ) -> Bool {
        value.withUnsafeBytes {
            test.cache.pointee.replaceValue(of: test.find(key), with: $0, mediaType: mediaType)
        }
    }

    @Test func takesThePieceOfTheOtherAndCountsAsRead() throws {
        let test = try TestCache()
        test.put(key(1), [1, 2, 3])
        let entry = test.find(key(1))
        test.cache.pointee.setVersion(7, of: entry)
        test.cache.pointee.setUserFlags(2, of: entry)
        let bytesUsed = test.bytesUsed
        #expect(replace(test, key(1), [4, 5, 6, 7]))
        #expect(test.find(key(1)) == entry)
        #expect(test.value(key(1)) == [4, 5, 6, 7])
        #expect(test.cache.pointee.version(of: entry) == 7)
        #expect(test.cache.pointee.userFlags(of: entry) == 0)
        #expect(test.cache.pointee.entries[entry].isVisited)
        #expect(test.bytesUsed == bytesUsed)
        #expect(test.count == 1)
    }

    @Test(arguments: [0, 1, 15, 40, 1000, 20_000])
    func doesItWhereThePieceHasTheRightSizeAlone(count: Int) throws {
        let test = try TestCache()
        let old = [UInt8](repeating: 1, count: 40)
        let new = [UInt8](repeating: 2, count: count)
        test.put(key(1), old)
        let isDone = replace(test, key(1), new)
        #expect(isDone == (count == 40))
        #expect(test.value(key(1)) == (isDone ? new : old))
    }

    @Test func leavesAloneWhatHasNoValueInItsPiece() throws {
        let test = try TestCache()
        test.put(key(1), [], kind: .absent)
        test.put(key(2), [], kind: .tag)
        test.put(key(3), [UInt8](repeating: 1, count: 100_000))
        #expect(!replace(test, key(1), []))
        #expect(!replace(test, key(2), []))
        #expect(!replace(test, key(3), [UInt8](repeating: 2, count: 100_000)))
        #expect(!replace(test, key(3), [1]))
        #expect(test.isAbsent(key(1)))
        #expect(test.tagCount == 1)
    }

    @Test func countsTheReferencesOfMediaTypes() throws {
        let test = try TestCache()
        let first = try #require(test.mediaType("text/a"))
        test.put(key(1), [1], mediaType: first)
        let second = try #require(test.mediaType("text/b"))
        #expect(replace(test, key(1), [2], mediaType: second))
        #expect(test.references(first) == 0)
        #expect(test.references(second) == 1)
        #expect(test.mediaTypeText(test.cache.pointee.mediaType(of: test.find(key(1)))) == "text/b")
        #expect(replace(test, key(1), [3], mediaType: second))
        #expect(test.references(second) == 1)
        test.remove(key(1))
        #expect(test.references(second) == 0)
    }
}
