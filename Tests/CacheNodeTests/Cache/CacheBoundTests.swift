import Simulation
import Testing

@testable import CacheNode

@Suite struct CacheBoundTests {
    @Test(arguments: [1 << 20, 3 << 20, 20 << 20])
    func theBoundIsNeverPassed(bytesMax: Int) throws {
        let test = try TestCache(bytesMax: bytesMax)
        let baseline = test.bytesHeld
        var tagsSeen = 0
        var random = SimRandom(seed: UInt64(bytesMax))
        var detached: [EntryReference] = []
        var pinned: [[UInt8]] = []
        for _ in 0..<scaled(debug: 12_000, release: 1_000_000) {
            let key = randomKey(&random, 100_000)
            switch Int.random(in: 0..<20, using: &random) {
            case 0:
                let reference = test.make(key, randomValue(&random))
                if !reference.isNone { detached.append(reference) }
            case 1 where !detached.isEmpty:
                let index = Int.random(in: 0..<detached.count, using: &random)
                test.publish(detached.remove(at: index))
            case 2 where !detached.isEmpty:
                test.cache.pointee.discard(detached.removeLast())
            case 3:
                if test.put(key, randomValue(&random), uncommitted: 1) { pinned.append(key) }
                if pinned.count > 20 {
                    test.setUncommitted(0, pinned.removeFirst())
                }
            case 4..<7: test.remove(key)
            default:
                let value = randomValue(&random)
                if test.fits(key.count, value.count), !pinned.contains(key) {
                    let leavesTags = Bool.random(using: &random)
                    _ = test.putEvicting(key, value, leavesTags: leavesTags)
                }
            }
            pinned.removeAll { test.find($0).isNone }
            tagsSeen = max(tagsSeen, test.tagCount)
            #expect(test.bytesUsed <= bytesMax)
        }
        #expect(tagsSeen > 0 || bytesMax > 8 << 20)
        detached.forEach { test.cache.pointee.discard($0) }
        pinned.forEach { test.setUncommitted(0, $0) }
        test.removeAll()
        #expect(test.count == 0)
        #expect(test.bytesHeld == baseline)
    }

    @Test func aFullCacheOfPinnedEntriesRefuses() throws {
        let test = try TestCache(bytesMax: 1 << 20)
        let value = [UInt8](repeating: 1, count: 1000)
        var written = 0
        while test.put(key(written), value, uncommitted: 1) { written += 1 }
        #expect(written > 500)
        #expect(!test.putEvicting(key(-1), value))
        #expect(test.count == written)
        test.setUncommitted(0, key(5))
        #expect(test.putEvicting(key(-1), value))
        #expect(test.find(key(5)).isNone)
    }

    /// Memory runs out between `make` and `publish`, with more entries detached than the segment
    /// has slots left.
    @Test func whatWasMadeCanBePublishedWhenMemoryIsGone() throws {
        let test = try TestCache(bytesMax: 4 << 20)
        let published = HashTable.fullEntriesMax - 50
        for number in 0..<published { #expect(test.put(key(number))) }
        let detached = (0..<2000).map { test.make(key(published + $0), []) }
        #expect(detached.allSatisfy { !$0.isNone })
        #expect(test.cache.pointee.memory.reservedPages == 1)
        var fillers: [EntryReference] = []
        for count in [100_000, 60_000, 20_000, 17_000] {
            while true {
                let filler = test.make(bytes("filler"), [UInt8](repeating: 0, count: count))
                if filler.isNone { break }
                fillers.append(filler)
            }
        }
        for reference in detached {
            test.publish(reference)
            #expect(test.bytesUsed <= 4 << 20)
        }
        #expect(test.count == published + 2000)
        for number in 0..<test.count { #expect(!test.find(key(number)).isNone) }
        fillers.forEach { test.cache.pointee.discard($0) }
        #expect(test.cache.pointee.memory.reservedPages == 0)
    }

    @Test func entriesOfOtherSizesGetTheMemoryThatEvictionFrees() throws {
        let bytesMax = 2 << 20
        let test = try TestCache(bytesMax: bytesMax)
        var number = 0
        for size in [100, 3000, 12_000, 200, 100_000, 700] {
            let value = [UInt8](repeating: 7, count: size)
            for _ in 0..<(2 * bytesMax / size) {
                number += 1
                #expect(test.putEvicting(key(number), value))
            }
            #expect(test.count * (size + 16) > bytesMax / 2)
        }
    }
}
