import Glibc
import Simulation
import Testing

@testable import CacheNode

@Suite struct EntrySlabsTests {
    @Test func classesAreAnEighthApartAndFillTheirPages() {
        let units = EntrySlabs.classUnits
        #expect(units.first == 2)
        #expect(units.last == EntrySlabs.entryBytesMax / EntrySpace.unitBytes)
        #expect(units == Set(units).sorted())
        for (smaller, larger) in zip(units, units.dropFirst()) {
            let perPage = 4096 / larger
            // Between two classes no size would let one more piece into a page, or an eighth is
            // wasted at most.
            #expect(
                larger - smaller <= max(1, smaller / 8) + larger / perPage
                    || 4096 / (smaller + 1) == perPage)
            #expect(4096 - perPage * larger < perPage + larger / 8)
        }
        #expect(units.count < 100)
    }

    @Test func piecesDoNotOverlapAndPagesGoBack() throws {
        let test = try TestMemory(bytesMax: 32 << 20)
        let memory = test.memory
        let baseline = test.bytesUsed
        var slabs = EntrySlabs()
        var random = SimRandom(seed: 6)
        var pieces: [(reference: EntryReference, count: Int, fill: UInt8)] = []
        let entries = EntrySpace(base: memory.pointee.base)
        for step in 0..<12_000 {
            if step < 8000, Int.random(in: 0..<3, using: &random) > 0 {
                let bits = Int.random(in: 5...14, using: &random)
                let count = Int.random(in: 26...max(32, 1 << bits), using: &random)
                let reference = slabs.allocate(count, &memory.pointee)
                if reference.isNone { continue }
                let fill = UInt8(truncatingIfNeeded: step)
                memset(entries[reference].base, Int32(fill), count)
                pieces.append((reference, count, fill))
            } else if !pieces.isEmpty {
                let index = Int.random(in: 0..<pieces.count, using: &random)
                pieces.swapAt(index, pieces.count - 1)
                let piece = pieces.removeLast()
                let bytes = UnsafeRawBufferPointer(
                    start: entries[piece.reference].base, count: piece.count)
                #expect(bytes.allSatisfy { $0 == piece.fill })
                slabs.free(piece.reference, &memory.pointee)
            }
        }
        for piece in pieces { slabs.free(piece.reference, &memory.pointee) }
        memory.pointee.trim()
        #expect(test.bytesUsed == baseline)
    }
}
