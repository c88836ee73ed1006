import Glibc
import Testing

@testable import CacheNode

/// The table alone, without entries: references are numbers.
@Suite struct HashTableTests {
    private final class Table {
        let memory: UnsafeMutablePointer<CacheMemory>
        let table: UnsafeMutablePointer<HashTable>

        init(bytesMax: Int) throws {
            memory = .allocate(capacity: 1)
            memory.initialize(to: try CacheMemory(bytesMax: bytesMax))
            table = .allocate(capacity: 1)
            table.initialize(to: HashTable(&memory.pointee))
        }

        deinit {
            table.deinitialize(count: 1)
            table.deallocate()
            memory.deinitialize(count: 1)
            memory.deallocate()
        }

        func insert(_ hash: UInt64, _ number: Int) {
            table.pointee.makePromisedRoom(hash, &memory.pointee)
            table.pointee.insert(hash, EntryReference(unit: UInt32(number)))
        }

        func remove(_ hash: UInt64, _ number: Int) {
            table.pointee.remove(hash, EntryReference(unit: UInt32(number)), &memory.pointee)
        }

        func contains(_ hash: UInt64, _ number: Int) -> Bool {
            // Of two references with the same 32 bits of hash the first is the candidate.
            let found = table.pointee.candidate(hash)
            return found.unit == UInt32(number) || !found.isNone && number % 2 == 1
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
        var random = Splitmix(state: 1)
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
        // A preempted virtual processor may show a few steps as long.
        #expect(longest.filter { $0 > 5 }.count <= count / 100_000)
        #expect(table.table.pointee.count == count)
        let segments = count / HashTable.fullEntriesMax
        #expect(1 << table.depth > segments)
        #expect(1 << table.depth <= 8 * segments)
        let found = hashes.indices.filter {
            table.table.pointee.candidate(hashes[$0]).unit == UInt32($0 + 1)
        }
        // Equal in 32 bits are about n²/2³³ pairs.
        #expect(count - found.count < 2 + count / 1_000_000 * 1500)
        #expect(table.references().count == count)
    }

    @Test func aScanIsInTheOrderOfTheHashes() throws {
        let table = try Table(bytesMax: 64 << 20)
        var random = Splitmix(state: 2)
        let hashes = (0..<20_000).map { _ in random.next() }
        for (index, hash) in hashes.enumerated() { table.insert(hash, index + 1) }
        let seen = table.references().map { hashes[Int($0) - 1] >> 32 }
        let bits = UInt64(32 - HashTable.fullBits - table.depth)
        // Sorted by bucket; within a bucket in any order.
        #expect(zip(seen, seen.dropFirst()).allSatisfy { $0 >> bits <= $1 >> bits })
        #expect(seen.sorted() == hashes.map { $0 >> 32 }.sorted())
    }

    @Test func removalLeavesNoHoleInARun() throws {
        let table = try Table(bytesMax: 1 << 20)
        var random = Splitmix(state: 3)
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
            #expect(present.allSatisfy { !table.table.pointee.candidate($0.hash).isNone })
        }
    }

    @Test(arguments: [true, false])
    func emptiedSegmentsAreMerged(inOrder: Bool) throws {
        let table = try Table(bytesMax: 64 << 20)
        let baseline = table.memory.pointee.bytesUsed
        var random = Splitmix(state: 4)
        var entries = (1...60_000).map { (hash: random.next(), number: $0) }
        for entry in entries { table.insert(entry.hash, entry.number) }
        #expect(table.memory.pointee.bytesUsed > baseline + 7 * CacheMemory.pageBytes)
        if inOrder { entries.sort { $0.hash < $1.hash } }
        while let entry = entries.popLast() {
            table.remove(entry.hash, entry.number)
            if entries.count % 10_000 == 0 {
                #expect(Set(table.references()) == Set(entries.map { UInt32($0.number) }))
            }
        }
        table.memory.pointee.trim()
        #expect(table.memory.pointee.bytesUsed == baseline)
        #expect(table.table.pointee.excessEntries == 0)
    }
}
