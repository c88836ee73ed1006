import Simulation
import Testing

@testable import CacheNode

@Suite struct EvictionTests {
    /// SIEVE as in the paper's listing, on an array: index 0 is the oldest.
    private struct Reference {
        struct Member {
            let key: Int
            var visited: Bool
        }

        var queue: [Member] = []
        /// The key that the hand points at; nil: the oldest.
        var hand: Int?

        func index(_ key: Int) -> Int? { queue.firstIndex { $0.key == key } }

        mutating func visit(_ key: Int) {
            if let index = index(key) { queue[index].visited = true }
        }

        mutating func put(_ key: Int) {
            if index(key) != nil { visit(key) } else { insert(key, visited: false) }
        }

        mutating func insert(_ key: Int, visited: Bool) {
            queue.append(Member(key: key, visited: visited))
        }

        mutating func candidate() -> Int? {
            if queue.isEmpty { return nil }
            var current = hand.flatMap(index) ?? 0
            while queue[current].visited {
                queue[current].visited = false
                current = (current + 1) % queue.count
            }
            hand = queue[current].key
            return queue[current].key
        }

        mutating func remove(_ key: Int) {
            guard let index = index(key) else { return }
            if hand == key { hand = index + 1 < queue.count ? queue[index + 1].key : nil }
            queue.remove(at: index)
        }
    }

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

    @Test func victimsAreThoseOfThePaper() throws {
        for seed in UInt64(0)..<8 {
            let test = try TestCache(bytesMax: 1 << 20)
            var reference = Reference()
            var random = SimRandom(seed: seed)
            var pinned = Set<Int>()
            for _ in 0..<scaled(debug: 3000, release: 30_000) {
                let number = Int.random(in: 0..<150, using: &random)
                switch Int.random(in: 0..<12, using: &random) {
                case 0..<4:
                    let exists = !test.find(key(number)).isNone
                    test.put(key(number))
                    if exists, pinned.remove(number) != nil {
                        reference.insert(number, visited: true)
                    } else {
                        reference.put(number)
                    }
                case 4..<8:
                    _ = test.read(key(number))
                    reference.visit(number)
                case 8:
                    test.remove(key(number))
                    reference.remove(number)
                    pinned.remove(number)
                case 9: pin(number, test, &reference, &pinned)
                default:
                    let victim = test.candidate()
                    guard let expected = reference.candidate() else {
                        #expect(victim.isNone)
                        continue
                    }
                    #expect(test.key(of: victim) == key(expected))
                    test.cache.pointee.remove(victim)
                    reference.remove(expected)
                }
            }
            #expect(test.count == reference.queue.count + pinned.count)
        }
    }

    /// Pins an entry, or frees it again; its visited flag is made known by a read.
    private func pin(
        _ number: Int, _ test: TestCache, _ reference: inout Reference, _ pinned: inout Set<Int>
    ) {
        let entry = test.read(key(number))
        if entry.isNone { return }
        if pinned.remove(number) != nil {
            test.cache.pointee.setUncommitted(false, of: entry)
            reference.insert(number, visited: true)
        } else {
            test.cache.pointee.setUncommitted(true, of: entry)
            reference.remove(number)
            pinned.insert(number)
        }
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
}
