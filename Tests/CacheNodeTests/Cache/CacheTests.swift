import Testing

@testable import CacheNode

@Suite struct CacheTests {
    @Test func aKeyIsFoundWithItsValueAndFields() throws {
        let test = try TestCache()
        let reference = test.make(bytes("hello"), bytes("world"), mediaType: MediaTypes.json)
        test.cache.pointee.setBasisTicks(77, of: reference)
        test.cache.pointee.setChildren(0x81, of: reference)
        test.cache.pointee.setSession(0x7E, of: reference)
        test.cache.pointee.setUserFlags(0xA5, of: reference)
        test.cache.pointee.setVersion(9, of: reference)
        test.cache.pointee.setUncommitted(true, of: reference)
        #expect(test.value(bytes("hello")) == nil)
        test.publish(reference)
        let found = test.find(bytes("hello"))
        #expect(test.value(bytes("hello")) == bytes("world"))
        #expect(test.key(of: found) == bytes("hello"))
        let mediaType = test.cache.pointee.mediaType(of: found)
        #expect(mediaType == MediaTypes.json)
        let basisTicks = test.cache.pointee.basisTicks(of: found)
        #expect(basisTicks == 77)
        let state = test.cache.pointee.state(of: found)
        #expect(state.children == 0x81 && state.session == 0x7E && state.userFlags == 0xA5)
        let userFlags = test.cache.pointee.userFlags(of: found)
        #expect(userFlags == 0xA5)
        #expect(test.uncommitted(bytes("hello")) == 9)
        #expect(!test.isAbsent(bytes("hello")))
        #expect(test.count == 1)
        #expect(test.value(bytes("hell")) == nil)
        #expect(test.value(bytes("hello ")) == nil)
    }

    @Test(arguments: [0, 1, 7, 8, 9, 100, 16_330, 16_340, 16_338, 16_339, 20_000, 131_039, 131_040])
    func aValueOfAnySizeComesBack(count: Int) throws {
        let test = try TestCache(bytesMax: 8 << 20)
        let baseline = test.bytesHeld
        let value = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        #expect(test.put(key(1), value))
        #expect(test.value(key(1)) == value)
        #expect(test.bytesUsed >= baseline + count)
        #expect(test.remove(key(1)))
        #expect(test.bytesHeld == baseline)
    }

    @Test(arguments: Array(1...40) + [63, 64, 65, 255, 256, 510, 511])
    func aKeyOfAnySizeIsToldFromItsNeighbours(count: Int) throws {
        let test = try TestCache(bytesMax: 1 << 20)
        let key = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        #expect(test.put(key, bytes("right")))
        for index in 0..<count {
            var other = key
            other[index] ^= 0x40
            #expect(test.find(other).isNone)
            #expect(test.put(other, bytes("wrong")))
        }
        #expect(test.find(key + [0]).isNone)
        #expect(test.find(Array(key.dropLast())).isNone)
        #expect(test.value(key) == bytes("right"))
        #expect(test.count == count + 1)
    }

    /// Of 200,000 keys some five pairs agree in the 32 bits that the table stores.
    @Test func keysWithTheSameStoredHashAreKeptApart() throws {
        let test = try TestCache(bytesMax: 1 << 20)
        var firstOfHash: [UInt32: Int] = [:]
        var pairs: [(Int, Int)] = []
        for number in 0..<200_000 {
            let hash = withUnsafeBytes(of: (0, number)) { test.cache.pointee.hash($0) }
            if let first = firstOfHash.updateValue(number, forKey: UInt32(hash >> 32)) {
                pairs.append((first, number))
            }
        }
        #expect(!pairs.isEmpty)
        for (first, second) in pairs {
            let keys = [first, second].map { number in
                withUnsafeBytes(of: (0, number)) { Array($0) }
            }
            test.put(keys[0], bytes("first"))
            #expect(test.find(keys[1]).isNone)
            test.put(keys[1], bytes("second"))
            #expect(test.value(keys[0]) == bytes("first"))
            #expect(test.value(keys[1]) == bytes("second"))
            test.remove(keys[0])
            #expect(test.find(keys[0]).isNone)
            #expect(test.value(keys[1]) == bytes("second"))
        }
    }

    @Test func anEmptyKeyIsNeverFound() throws {
        let test = try TestCache(bytesMax: 1 << 20)
        for number in 0..<100 { test.put(key(number)) }
        let missing = test.cache.pointee.read(UnsafeRawBufferPointer(start: nil, count: 0))
        #expect(missing.isNone)
        #expect(test.find([]).isNone)
    }

    @Test func aLargeValueIsReplacedAndItsMemoryGivenBack() throws {
        let test = try TestCache(bytesMax: 4 << 20)
        let baseline = test.bytesHeld
        let mebibyte = [UInt8](repeating: 0x5A, count: 1 << 20)
        for _ in 0..<20 { #expect(test.put(bytes("big"), mebibyte)) }
        #expect(test.value(bytes("big")) == mebibyte)
        #expect(test.bytesUsed >= baseline + 1 << 20)
        #expect(test.bytesUsed < baseline + 2 << 20)
        #expect(test.put(bytes("big"), bytes("small")))
        test.remove(bytes("big"))
        #expect(test.bytesHeld == baseline)
    }

    @Test func whatIsTooLargeForTheBoundIsKnownBeforehand() throws {
        let test = try TestCache(bytesMax: 2 << 20)
        #expect(test.fits(511, 1 << 20))
        #expect(!test.fits(1, 2 << 20))
        #expect(!test.fits(512, 1))
        #expect(!test.fits(1, 1 << 33))
        var largest = 2 << 20
        while !test.fits(1, largest) { largest -= 1 }
        #expect(test.put(bytes("a"), [UInt8](repeating: 1, count: 100)))
        #expect(test.putEvicting(bytes("k"), [UInt8](repeating: 1, count: largest)))
        #expect(!test.putEvicting(bytes("k"), [UInt8](repeating: 1, count: largest + 4096)))
        #expect(test.make(bytes("k"), []) != .none)
    }

    @Test func aTombstoneIsFoundAndNotCounted() throws {
        let test = try TestCache(bytesMax: 1 << 20)
        test.put(bytes("gone"), kind: .absent)
        #expect(test.isAbsent(bytes("gone")))
        #expect(test.value(bytes("gone")) == [])
        #expect(test.count == 0)
        test.put(bytes("gone"), bytes("back"))
        #expect(test.count == 1)
        #expect(!test.isAbsent(bytes("gone")))
        test.put(bytes("gone"), kind: .absent)
        #expect(test.count == 0)
        test.remove(bytes("gone"))
        #expect(test.count == 0)
        #expect(test.find(bytes("gone")).isNone)
    }

    @Test func aDiscardedEntryLeavesNoTrace() throws {
        let test = try TestCache(bytesMax: 4 << 20)
        let baseline = test.bytesHeld
        test.put(bytes("key"), bytes("old"))
        for count in [0, 10, 30_000, 1 << 20] {
            let reference = test.make(bytes("key"), [UInt8](repeating: 1, count: count))
            test.cache.pointee.discard(reference)
        }
        #expect(test.value(bytes("key")) == bytes("old"))
        #expect(test.count == 1)
        test.remove(bytes("key"))
        #expect(test.bytesHeld == baseline)
    }

    @Test func detachedEntriesOfOneKeyArePublishedInAnyOrder() throws {
        let test = try TestCache(bytesMax: 1 << 20)
        let first = test.make(bytes("key"), bytes("first"))
        let second = test.make(bytes("key"), bytes("second"))
        test.publish(second)
        #expect(test.value(bytes("key")) == bytes("second"))
        test.publish(first)
        #expect(test.value(bytes("key")) == bytes("first"))
        #expect(test.count == 1)
    }

    @Test func aCandidateIsTheEntryOfTheKeyWithThatHash() throws {
        let test = try TestCache(bytesMax: 1 << 20)
        for number in 0..<1000 { test.put(key(number)) }
        for number in 0..<1000 {
            key(number).withUnsafeBytes { wanted in
                let candidate = test.cache.pointee.candidate(test.cache.pointee.hash(wanted))
                #expect(candidate == test.cache.pointee.find(wanted))
                let isKey = test.cache.pointee.isKey(wanted, of: candidate)
                #expect(isKey)
                let longer = Array(wanted) + [0x78]
                #expect(!longer.withUnsafeBytes { test.cache.pointee.isKey($0, of: candidate) })
            }
            key(number + 1000).withUnsafeBytes { other in
                let candidate = test.cache.pointee.candidate(test.cache.pointee.hash(other))
                let isFound = !candidate.isNone && test.cache.pointee.isKey(other, of: candidate)
                #expect(!isFound)
            }
        }
    }
}
