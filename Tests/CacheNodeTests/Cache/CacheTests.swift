import Testing

@testable import CacheNode

@Suite struct CacheTests {
    @Test func aKeyIsFoundWithItsValueAndFields() throws {
        let test = try TestCache()
        let reference = test.make(bytes("hello"), bytes("world"), mediaType: MediaTypes.json)
        test.cache.pointee.setStoredSeconds(77, of: reference)
        test.cache.pointee.setUserFlags(0xA5, of: reference)
        test.cache.pointee.setUncommitted(9, of: reference)
        #expect(test.value(bytes("hello")) == nil)
        test.cache.pointee.publish(reference)
        let found = test.find(bytes("hello"))
        #expect(test.value(bytes("hello")) == bytes("world"))
        #expect(test.key(of: found) == bytes("hello"))
        #expect(test.cache.pointee.mediaType(of: found) == MediaTypes.json)
        #expect(test.cache.pointee.storedSeconds(of: found) == 77)
        #expect(test.cache.pointee.userFlags(of: found) == 0xA5)
        #expect(test.cache.pointee.uncommitted(of: found) == 9)
        #expect(!test.cache.pointee.isAbsent(found))
        #expect(test.count == 1)
        #expect(test.value(bytes("hell")) == nil)
        #expect(test.value(bytes("hello ")) == nil)
    }

    @Test(arguments: [0, 1, 7, 8, 9, 100, 16_330, 16_340, 16_342, 16_343, 20_000, 131_039, 131_040])
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

    @Test(arguments: Array(0...40) + [63, 64, 65, 255, 256, 510, 511])
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
        if count > 0 { #expect(test.find(Array(key.dropLast())).isNone) }
        #expect(test.value(key) == bytes("right"))
        #expect(test.count == count + 1)
    }

    @Test func anEmptyKeyWithoutAnAddressIsTakenForEmpty() throws {
        let test = try TestCache(bytesMax: 1 << 20)
        let empty = UnsafeRawBufferPointer(start: nil, count: 0)
        #expect(test.cache.pointee.read(empty).isNone)
        let reference = test.cache.pointee.make(key: empty, valueCount: 0, mediaType: 0)
        test.cache.pointee.publish(reference)
        #expect(!test.cache.pointee.read(empty).isNone)
        #expect(test.count == 1)
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
        #expect(test.cache.pointee.fits(keyCount: 511, valueCount: 1 << 20))
        #expect(!test.cache.pointee.fits(keyCount: 1, valueCount: 2 << 20))
        #expect(!test.cache.pointee.fits(keyCount: 512, valueCount: 1))
        #expect(!test.cache.pointee.fits(keyCount: 1, valueCount: 1 << 33))
        var largest = 2 << 20
        while !test.cache.pointee.fits(keyCount: 1, valueCount: largest) { largest -= 1 }
        #expect(test.put(bytes("a"), [UInt8](repeating: 1, count: 100)))
        #expect(test.putEvicting(bytes("k"), [UInt8](repeating: 1, count: largest)))
        #expect(!test.putEvicting(bytes("k"), [UInt8](repeating: 1, count: largest + 4096)))
        #expect(test.make(bytes("k"), []) != .none)
    }

    @Test func aTombstoneIsFoundAndNotCounted() throws {
        let test = try TestCache(bytesMax: 1 << 20)
        test.put(bytes("gone"), absent: true)
        let reference = test.find(bytes("gone"))
        #expect(test.cache.pointee.isAbsent(reference))
        #expect(test.cache.pointee.value(of: reference).isEmpty)
        #expect(test.count == 0)
        test.put(bytes("gone"), bytes("back"))
        #expect(test.count == 1)
        #expect(!test.cache.pointee.isAbsent(test.find(bytes("gone"))))
        test.put(bytes("gone"), absent: true)
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
        test.cache.pointee.publish(second)
        #expect(test.value(bytes("key")) == bytes("second"))
        test.cache.pointee.publish(first)
        #expect(test.value(bytes("key")) == bytes("first"))
        #expect(test.count == 1)
    }

    @Test func addressesForPrefetchLeadToTheEntry() throws {
        let test = try TestCache(bytesMax: 1 << 20)
        for number in 0..<1000 { test.put(key(number)) }
        for number in 0..<1000 {
            let wanted = key(number)
            let hash = wanted.withUnsafeBytes { test.cache.pointee.hash($0) }
            let found = wanted.withUnsafeBytes { test.cache.pointee.read($0, hash: hash) }
            let keyAddress = test.cache.pointee.key(of: found).baseAddress
            #expect(
                test.cache.pointee.entryAddress(hash) + Entry.headerBytes == keyAddress)
            #expect(test.cache.pointee.slotAddress(hash).loadUnaligned(as: UInt64.self) != 0)
        }
    }
}
