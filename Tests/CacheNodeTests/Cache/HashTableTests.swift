import Glibc
import Simulation
import Foundation
import Testing

@testable import CacheNode

/// The table alone, without entries: references are numbers.
@Suite struct HashTableTests {
    private final class Table {
        private let memory: TestMemory
        private let table: UnsafeMutablePointer<HashTable>

        init(bytesMax: Int) throws {
            memory = try TestMemory(bytesMax: bytesMax)
            table = .allocate(capacity: 1)
            table.initialize(to: HashTable(&memory.memory.pointee))
        }

        deinit {
            table.deinitialize(count: 1)
            table.deallocate()
        }

        func insert(_ hash: UInt64, _ number: Int) {
            table.pointee.makePromisedRoom(hash, &memory.memory.pointee)
            table.pointee.insert(hash, EntryReference(unit: UInt32(number)))
        }

        func remove(_ hash: UInt64, _ number: Int) {
            table.pointee.remove(hash, EntryReference(unit: UInt32(number)), &memory.memory.pointee)
        }

        func candidate(_ hash: UInt64) -> UInt32 { table.pointee.lookup.candidate(hash).unit }

        var count: Int { table.pointee.count }
        var excessEntries: Int { table.pointee.excessEntries }

        var bytesUsed: Int {
            memory.memory.pointee.trim()
            return memory.bytesUsed
        }

        var depth: Int { 63 - Int(table.pointee.directoryShift) }

        /// Entries in the order of their hashes, by the scan.
        func references() -> [UInt32] {
            var found: [UInt32] = []
            var position: UInt64 = 0
            while position < HashTable.endPosition {
                table.pointee.visitBucket(position) {
                    found.append($0.unit)
                    return true
                }
                position = table.pointee.bucketEnd(position)
            }
            return found
        }
    }

    private func milliseconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1000 + Double(time.tv_nsec) / 1e6
    }

    @Test func growsToAMillionEntriesWithoutALongStep() throws {
        let table = try Table(bytesMax: 256 << 20)
        let count = scaled(debug: 150_000, release: 2_000_000)
        var random = SimRandom(seed: 1)
        var hashes: [UInt64] = []
        var longest: [Double] = []
        for number in 1...count {
            let hash = random.next()
            hashes.append(hash)
            let start = milliseconds()
            table.insert(hash, number)
            let taken = milliseconds() - start
            if taken > 1 { longest.append(taken) }
        }
        // A preempted virtual processor may show a few steps as long. Under a sanitizer (make
        // sanitize) all take ten times as long; to move all entries at once would take far longer.
        let isSanitized = ProcessInfo.processInfo.environment["CANOPY_SANITIZER"] != nil
        let limit = isSanitized ? 50.0 : 5
        #expect(longest.filter { $0 > limit }.count <= count / 100_000)
        #expect(table.count == count)
        let segments = count / HashTable.fullEntriesMax
        #expect(1 << table.depth > segments)
        #expect(1 << table.depth <= 8 * segments)
        let found = hashes.indices.filter {
            table.candidate(hashes[$0]) == UInt32($0 + 1)
        }
        // Equal in 32 bits are about n²/2³³ pairs.
        #expect(count - found.count < 2 + count / 1_000_000 * 1500)
        #expect(table.references().count == count)
    }

    @Test func aScanIsInTheOrderOfTheHashes() throws {
        let table = try Table(bytesMax: 64 << 20)
        var random = SimRandom(seed: 2)
        let hashes = (0..<20_000).map { _ in random.next() }
        for (index, hash) in hashes.enumerated() { table.insert(hash, index + 1) }
        let seen = table.references().map { hashes[Int($0) - 1] >> 32 }
        let bits = UInt64(32 - HashTable.fullBits - table.depth)
        // Sorted by bucket; within a bucket in any order.
        #expect(zip(seen, seen.dropFirst()).allSatisfy { $0 >> bits <= $1 >> bits })
        #expect(seen.sorted() == hashes.map { $0 >> 32 }.sorted())
    }

    /// Segments of depths that lie far apart: many entries of the directory point to one of them.
    @Test func hashesThatAreUnevenlySpreadAreFound() throws {
        let table = try Table(bytesMax: 64 << 20)
        var random = SimRandom(seed: 7)
        var hashes: [UInt64] = []
        for number in 1...60_000 {
            // First three of four in a sixteenth of the range, then evenly, so that a shallow
            // segment is split when the directory is deep.
            let isCrowded = number < 40_000 && number % 4 != 0
            let hash = isCrowded ? random.next() >> 4 | 0xA << 60 : random.next()
            hashes.append(hash)
            table.insert(hash, number)
        }
        #expect(table.depth >= 6)
        let found = hashes.indices.filter { table.candidate(hashes[$0]) == UInt32($0 + 1) }
        #expect(hashes.count - found.count < 20)
        #expect(Set(table.references()).count == hashes.count)
        for (index, hash) in hashes.enumerated() { table.remove(hash, index + 1) }
        #expect(table.references().isEmpty)
    }

    @Test func removalLeavesNoHoleInARun() throws {
        let table = try Table(bytesMax: 1 << 20)
        var random = SimRandom(seed: 3)
        var present: [(hash: UInt64, number: Int)] = []
        // Hashes in a fifth of the slots, so that runs are long, and some wrap around.
        for number in 1...400 {
            let hash = (random.next() >> 2) &- (1 << 60)
            present.append((hash, number))
            table.insert(hash, number)
        }
        while !present.isEmpty {
            let index = Int.random(in: 0..<present.count, using: &random)
            let removed = present.remove(at: index)
            table.remove(removed.hash, removed.number)
            let numbers = Set(table.references())
            #expect(numbers == Set(present.map { UInt32($0.number) }))
            #expect(present.allSatisfy { table.candidate($0.hash) != 0 })
        }
    }

    @Test(arguments: [true, false])
    func emptiedSegmentsAreMerged(inOrder: Bool) throws {
        let table = try Table(bytesMax: 64 << 20)
        let baseline = table.bytesUsed
        var random = SimRandom(seed: 4)
        var entries = (1...60_000).map { (hash: random.next(), number: $0) }
        for entry in entries { table.insert(entry.hash, entry.number) }
        #expect(table.bytesUsed > baseline + 7 * CacheMemory.pageBytes)
        if inOrder { entries.sort { $0.hash < $1.hash } }
        while let entry = entries.popLast() {
            table.remove(entry.hash, entry.number)
            if entries.count % 10_000 == 0 {
                #expect(Set(table.references()) == Set(entries.map { UInt32($0.number) }))
            }
        }
        #expect(table.bytesUsed == baseline)
        #expect(table.excessEntries == 0)
    }
}
