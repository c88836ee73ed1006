import Testing

@testable import CacheNode

@Suite struct EvictionTests {
    @Test func anEntryThatWasReadIsPassedOver() throws {
        let test = try TestCache(bytesMax: 1 << 20)
        for number in 0..<4 { test.put(key(number)) }
        _ = test.read(key(0))
        _ = test.read(key(2))
        _ = test.find(key(1))
        var victims: [[UInt8]] = []
        for _ in 0..<4 {
            let victim = test.candidate()
            victims.append(test.key(of: victim))
            test.cache.pointee.remove(victim)
        }
        #expect(victims == [1, 3, 0, 2].map(key))
        #expect(test.candidate().isNone)
    }

    @Test func askingRemovesNothing() throws {
        let test = try TestCache(bytesMax: 1 << 20)
        for number in 0..<4 { test.put(key(number)) }
        let victim = test.candidate()
        #expect(test.candidate() == victim)
        #expect(test.count == 4)
    }

    /// It begins where the hand is, and goes no further than the queue.
    @Test func readingAheadChangesNothing() throws {
        let test = try TestCache(bytesMax: 1 << 20)
        test.cache.pointee.readAhead(8)
        #expect(test.cache.pointee.wordsReadAhead == 0)
        for number in 0..<4 { test.put(key(number)) }
        _ = test.read(key(0))
        var victims: [[UInt8]] = []
        for _ in 0..<4 {
            let victim = test.candidate()
            let before = test.cache.pointee.wordsReadAhead
            test.cache.pointee.readAhead(8)
            #expect(test.cache.pointee.wordsReadAhead != before)
            #expect(test.candidate() == victim)
            victims.append(test.key(of: victim))
            test.cache.pointee.remove(victim)
        }
        #expect(victims == [1, 2, 3, 0].map(key))
        test.cache.pointee.readAhead(8)
        #expect(test.candidate().isNone)
    }

    @Test func pinnedEntriesAreNeverCandidates() throws {
        let test = try TestCache(bytesMax: 1 << 20)
        for number in 0..<100 { test.put(key(number), uncommitted: number % 2 == 0 ? 7 : 0) }
        for _ in 0..<50 {
            let victim = test.candidate()
            #expect(test.uncommitted(test.key(of: victim)) == 0)
            test.cache.pointee.remove(victim)
        }
        #expect(test.candidate().isNone)
        #expect(test.count == 50)
        test.setUncommitted(8, key(4))
        #expect(test.candidate().isNone)
        test.setUncommitted(0, key(4))
        #expect(test.candidate() == test.find(key(4)))
    }

    @Test func aPinnedEntryMayBeReplacedAndRemoved() throws {
        let test = try TestCache(bytesMax: 1 << 20)
        test.put(key(1), uncommitted: 1)
        test.put(key(1), uncommitted: 2)
        #expect(test.uncommitted(key(1)) == 2)
        #expect(test.candidate().isNone)
        test.put(key(1))
        #expect(test.candidate() == test.find(key(1)))
        test.put(key(1), uncommitted: 3)
        #expect(test.candidate().isNone)
        test.remove(key(1))
        #expect(test.count == 0)
        test.put(key(2))
        #expect(test.candidate() == test.find(key(2)))
    }

    @Test func oneCallClearsABoundedNumberOfFlags() throws {
        let test = try TestCache(bytesMax: 8 << 20)
        let count = 20 * EvictionQueue.stepsMax
        for number in 0..<count { test.put(key(number)) }
        for number in 0..<count { _ = test.read(key(number)) }
        // All visited: the oldest must go, as if the hand had been all around.
        let victim = test.candidate()
        #expect(test.key(of: victim) == key(0))
        test.cache.pointee.remove(victim)
        let cleared = (1..<count).filter {
            let reference = test.find(key($0))
            return !test.cache.pointee.entries[reference].isVisited
        }
        #expect(cleared.count == EvictionQueue.stepsMax - 1)
        for _ in 1..<count { test.cache.pointee.remove(test.candidate()) }
        #expect(test.count == 0)
    }

    @Test func aHotSetOutlivesAScan() throws {
        let test = try TestCache(bytesMax: 2 << 20)
        let value = [UInt8](repeating: 1, count: 200)
        for number in 0..<1000 { #expect(test.putEvicting(key(number), value)) }
        for number in 0..<40_000 {
            _ = test.read(key(number % 1000))
            #expect(test.putEvicting(key(1_000_000 + number), value))
        }
        let kept = (0..<1000).filter { !test.find(key($0)).isNone }
        #expect(kept.count > 990)
    }

    @Test func anEntryIsPinnedUntilNothingIsOutstanding() throws {
        let test = try TestCache(bytesMax: 1 << 20)
        test.put(key(1))
        test.cache.pointee.setFill(true, of: test.find(key(1)))
        #expect(test.candidate().isNone)
        test.setUncommitted(3, key(1))
        test.cache.pointee.setFill(false, of: test.find(key(1)))
        #expect(test.candidate().isNone)
        test.setUncommitted(0, key(1))
        #expect(test.candidate() == test.find(key(1)))
        test.cache.pointee.setFill(true, of: test.find(key(1)))
        test.remove(key(1))
        #expect(test.candidate().isNone)
        #expect(test.count == 0)
    }

    /// As at a root: however many values there are, they cost the search nothing.
    @Test func valuesThatStayAreNoCandidates() throws {
        let test = try TestCache(bytesMax: 8 << 20, evictsValues: false)
        for number in 0..<20_000 { test.put(key(number)) }
        #expect(test.candidate().isNone)
        for number in 100..<103 { test.put(key(number), kind: .absent) }
        for number in 200..<203 { test.put(key(number), kind: .tag) }
        for number in 0..<20_000 where number != 101 { _ = test.find(key(number)) }
        test.put(key(100), bytes("back"))
        var victims: [[UInt8]] = []
        while true {
            let victim = test.candidate()
            if victim.isNone { break }
            victims.append(test.key(of: victim))
            test.cache.pointee.remove(victim)
        }
        // Those that replaced values count as visited, and the hand has come round once.
        #expect(victims == [101, 102, 200, 201, 202].map(key))
        #expect(test.count == 20_000 - 5)
    }
}
