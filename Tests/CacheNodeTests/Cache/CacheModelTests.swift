import Simulation
import Testing

@testable import CacheNode

@Suite struct CacheModelTests {
    private struct Stored: Equatable {
        var value: [UInt8]
        var isAbsent: Bool
        var isPinned: Bool
    }

    /// Mostly small values, some near the limits of pages, some outside them.
    private func value(_ random: inout SimRandom) -> [UInt8] {
        let count =
            switch Int.random(in: 0..<200, using: &random) {
            case 0: Int.random(in: 100_000..<300_000, using: &random)
            case 1...3: Int.random(in: 15_000..<20_000, using: &random)
            case 4...20: Int.random(in: 200..<5000, using: &random)
            default: Int.random(in: 0..<100, using: &random)
            }
        var value = [UInt8](repeating: UInt8(truncatingIfNeeded: count), count: count)
        if count > 0 {
            value[0] = UInt8.random(in: 0...255, using: &random)
            value[count - 1] = UInt8.random(in: 0...255, using: &random)
        }
        return value
    }

    /// Keys of 1…40 bytes, a few thousand in all.
    private func key(_ random: inout SimRandom, _ keys: Int) -> [UInt8] {
        let number = Int.random(in: 0..<keys, using: &random)
        return [UInt8](repeating: 0x6B, count: number % 37) + bytes(String(number))
    }

    @Test(arguments: [(UInt64(1), 50), (2, 3000), (3, 40_000)])
    func agreesWithADictionary(seed: UInt64, keys: Int) throws {
        let test = try TestCache(bytesMax: 256 << 20, seed: (seed, 99))
        let baseline = test.bytesHeld
        var model: [[UInt8]: Stored] = [:]
        var random = SimRandom(seed: seed)
        for _ in 0..<scaled(debug: 18_000, release: 2_000_000) {
            let key = key(&random, keys)
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<4:
                let isAbsent = Int.random(in: 0..<10, using: &random) == 0
                let isPinned = Int.random(in: 0..<10, using: &random) == 0
                let stored = Stored(
                    value: isAbsent ? [] : value(&random), isAbsent: isAbsent, isPinned: isPinned)
                test.put(
                    key, stored.value, kind: isAbsent ? .absent : .value,
                    uncommitted: isPinned ? 1 : 0)
                model[key] = stored
            case 4..<6:
                #expect(test.remove(key) == (model.removeValue(forKey: key) != nil))
            case 6:
                let reference = test.make(key, value(&random))
                test.cache.pointee.discard(reference)
            default:
                #expect(test.stored(key) == model[key]?.value)
            }
        }
        #expect(test.count == model.values.filter { !$0.isAbsent }.count)
        for (key, stored) in model {
            #expect(test.value(key) == stored.value)
            #expect(test.isAbsent(key) == stored.isAbsent)
            #expect((test.uncommitted(key) != 0) == stored.isPinned)
        }
        for key in model.keys.shuffled(using: &random) { test.remove(key) }
        #expect(test.count == 0)
        #expect(test.bytesHeld == baseline)
    }

    @Test(arguments: [1 << 20, 3 << 20, 20 << 20])
    func theBoundIsNeverPassed(bytesMax: Int) throws {
        let test = try TestCache(bytesMax: bytesMax)
        let baseline = test.bytesHeld
        var random = SimRandom(seed: UInt64(bytesMax))
        var detached: [EntryReference] = []
        var pinned: [[UInt8]] = []
        for _ in 0..<scaled(debug: 12_000, release: 1_000_000) {
            let key = key(&random, 100_000)
            switch Int.random(in: 0..<20, using: &random) {
            case 0:
                let reference = test.make(key, value(&random))
                if !reference.isNone { detached.append(reference) }
            case 1 where !detached.isEmpty:
                let index = Int.random(in: 0..<detached.count, using: &random)
                test.publish(detached.remove(at: index))
            case 2 where !detached.isEmpty:
                test.cache.pointee.discard(detached.removeLast())
            case 3:
                if test.put(key, value(&random), uncommitted: 1) { pinned.append(key) }
                if pinned.count > 20 {
                    test.setUncommitted(0, pinned.removeFirst())
                }
            case 4..<7: test.remove(key)
            default:
                let value = value(&random)
                if test.fits(key.count, value.count), !pinned.contains(key) {
                    _ = test.putEvicting(key, value)
                }
            }
            pinned.removeAll { test.find($0).isNone }
            #expect(test.bytesUsed <= bytesMax)
        }
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
        while test.put(CacheNodeTests.key(written), value, uncommitted: 1) { written += 1 }
        #expect(written > 500)
        #expect(!test.putEvicting(CacheNodeTests.key(-1), value))
        #expect(test.count == written)
        test.setUncommitted(0, CacheNodeTests.key(5))
        #expect(test.putEvicting(CacheNodeTests.key(-1), value))
        #expect(test.find(CacheNodeTests.key(5)).isNone)
    }

    /// Memory runs out between `make` and `publish`, with more entries detached than the segment
    /// has slots left.
    @Test func whatWasMadeCanBePublishedWhenMemoryIsGone() throws {
        let test = try TestCache(bytesMax: 4 << 20)
        let published = HashTable.fullEntriesMax - 50
        for number in 0..<published { #expect(test.put(CacheNodeTests.key(number))) }
        let detached = (0..<2000).map { test.make(CacheNodeTests.key(published + $0), []) }
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
        for number in 0..<test.count { #expect(!test.find(CacheNodeTests.key(number)).isNone) }
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
                #expect(test.putEvicting(CacheNodeTests.key(number), value))
            }
            #expect(test.count * (size + 16) > bytesMax / 2)
        }
    }
}

extension TestCache {
    /// The value, by `read`.
    fileprivate func stored(_ key: [UInt8]) -> [UInt8]? {
        let reference = read(key)
        return reference.isNone ? nil : Array(cache.pointee.value(of: reference))
    }
}
