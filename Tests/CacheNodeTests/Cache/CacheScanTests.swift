import Simulation
import Testing

@testable import CacheNode

@Suite struct CacheScanTests {
    /// One call; adds what it visits.
    private func step(
        _ test: TestCache, _ cursor: UInt32, entriesMax: Int = 50, bytesMax: Int = 1 << 20,
        _ seen: inout [[UInt8]]
    ) -> UInt32? {
        test.cache.pointee.scan(from: cursor, entriesMax: entriesMax, bytesMax: bytesMax) {
            seen.append(test.key(of: $0))
        }
    }

    @Test func anEmptyCacheIsScannedAtOnce() throws {
        let test = try TestCache(bytesMax: 1 << 20)
        var seen: [[UInt8]] = []
        #expect(step(test, 0, &seen) == nil)
        #expect(seen.isEmpty)
    }

    @Test(arguments: [1, 7, 400, 10_000])
    func everyKeyIsVisitedOnce(count: Int) throws {
        let test = try TestCache(bytesMax: 8 << 20)
        for number in 0..<count { test.put(key(number)) }
        var seen: [[UInt8]] = []
        var cursor: UInt32? = 0
        while let position = cursor {
            let before = seen.count
            cursor = step(test, position, &seen)
            #expect(seen.count - before < 60)
        }
        #expect(seen.count == count)
        #expect(Set(seen) == Set((0..<count).map(key)))
    }

    @Test func bytesBoundACallToo() throws {
        let test = try TestCache(bytesMax: 64 << 20)
        for number in 0..<200 { test.put(key(number), [UInt8](repeating: 1, count: 100_000)) }
        var seen: [[UInt8]] = []
        var cursor: UInt32? = 0
        while let position = cursor {
            let before = seen.count
            cursor = step(test, position, entriesMax: 1000, bytesMax: 250_000, &seen)
            #expect(seen.count - before <= 6)
        }
        #expect(Set(seen).count == 200)
        #expect(seen.count == 200)
    }

    @Test func tombstonesAndPinnedEntriesAreVisited() throws {
        let test = try TestCache(bytesMax: 1 << 20)
        test.put(bytes("absent"), kind: .absent)
        test.put(bytes("pinned"), uncommitted: 1)
        var seen: [[UInt8]] = []
        var cursor: UInt32? = 0
        while let position = cursor { cursor = step(test, position, &seen) }
        #expect(Set(seen) == Set([bytes("absent"), bytes("pinned")]))
    }

    /// While the scan goes on the table grows from one small segment to many, or shrinks back, or
    /// both; what is there all the time must be seen exactly once.
    @Test(arguments: [(200, 300, 0), (30_000, 0, 400), (8000, 250, 250)])
    func whatStaysIsVisitedOnceHoweverTheTableChanges(
        start: Int, addedPerStep: Int, removedPerStep: Int
    ) throws {
        for seed in UInt64(0)..<2 {
            let test = try TestCache(bytesMax: 64 << 20, seed: (seed, 1))
            var random = SimRandom(seed: seed)
            for number in 0..<start { test.put(key(number)) }
            let staying = Set((0..<start).filter { $0 % 10 == 0 })
            var passing = (0..<start).filter { $0 % 10 != 0 }
            var next = start
            var seen: [[UInt8]] = []
            var cursor: UInt32? = 0
            var steps = 0
            while let position = cursor {
                cursor = step(test, position, entriesMax: start / 60 + 1, &seen)
                steps += 1
                for _ in 0..<addedPerStep where steps < 100 {
                    test.put(key(next))
                    passing.append(next)
                    next += 1
                }
                for _ in 0..<removedPerStep where !passing.isEmpty {
                    passing.swapAt(
                        Int.random(in: 0..<passing.count, using: &random), passing.count - 1)
                    test.remove(key(passing.removeLast()))
                }
            }
            let stayingKeys = Set(staying.map(key))
            let seenStaying = seen.filter { stayingKeys.contains($0) }
            #expect(seenStaying.count == staying.count)
            #expect(Set(seenStaying) == stayingKeys)
            #expect(Set(seen).count == seen.count)
        }
    }

    /// As when the number of a session is to be used again: nothing may be left that bears it.
    @Test func aSweepMeetsAllAndRemovesWhatItIsTold() throws {
        let test = try TestCache(bytesMax: 64 << 20)
        let count = scaled(debug: 30_000, release: 300_000)
        for number in 0..<count {
            test.put(key(number), uncommitted: number % 1000 == 0 ? 1 : 0)
            test.cache.pointee.setSession(UInt8(number % 3), of: test.find(key(number)))
        }
        var cursor: UInt32? = 0
        while let position = cursor {
            let before = test.count
            var calls = 0
            cursor = test.cache.pointee.sweep(from: position, stepsMax: 500) { cache, entry in
                calls += 1
                guard cache.session(of: entry) == 1 else { return false }
                if cache.isUncommitted(entry) { cache.setSession(2, of: entry) }
                return cache.session(of: entry) == 1
            }
            #expect(calls < 600)
            #expect(before - test.count <= calls)
            test.put(key(count + before))
        }
        for number in 0..<count {
            let entry = test.find(key(number))
            #expect(entry.isNone == (number % 3 == 1 && number % 1000 != 0))
            if !entry.isNone {
                let session = test.cache.pointee.session(of: entry)
                #expect(session != 1)
            }
        }
    }
}
