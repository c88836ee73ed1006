import Simulation
import Testing

@testable import ZooKeeper

@Suite struct WatchTableTests {
    @Test func anEventUsesUpWhatItIsFor() {
        var table = WatchTable()
        table.add(.all, "/a")
        table.fire(.childrenChanged, "/a")
        #expect(table["/a"] == WatchSet.all.subtracting(.children))
        table.fire(.dataChanged, "/a")
        #expect(table["/a"] == [.persistent, .persistentRecursive])
        table.add([.data, .exists, .children], "/a")
        table.fire(.created, "/a")
        #expect(table["/a"] == [.children, .persistent, .persistentRecursive])
        table.fire(.deleted, "/a")
        #expect(table["/a"] == [.persistent, .persistentRecursive])
        table.remove(.all, "/a")
        #expect(table["/a"] == [] && table.count == 0)
        table.fire(.deleted, "/nobody")
    }

    /// Against a dictionary, and while chunks are written: each watch that stays is in one of them.
    @Test(arguments: 1...50 as ClosedRange<UInt64>)
    func chunksLeaveOutNothingThatStays(_ seed: UInt64) {
        var random = SimRandom(seed: seed)
        var table = WatchTable()
        var model: [String: WatchSet] = [:]
        for _ in 0..<random.below(300) {
            let path = "/\(random.below(100))"
            let watches = WatchSet(rawValue: UInt8(1 + random.below(31)))
            if random.oneIn(3) {
                table.remove(watches, path)
                model[path]?.subtract(watches)
                if model[path] == [] { model[path] = nil }
            } else {
                table.add(watches, path)
                model[path, default: []].formUnion(watches)
            }
        }
        #expect(table.count == model.count)
        for (path, watches) in model { #expect(table[path] == watches) }
        var written: Set<String> = []
        var below = table.count
        while below > 0 {
            var writer = JuteWriter()
            let next = table.writeChunk(below: below, relativeZxid: 0, bytesMax: 100, to: &writer)
            #expect(next < below)
            below = next
            var reader = JuteReader(
                UnsafeRawBufferPointer(rebasing: writer.written[16...]))
            var bytes = 0
            for _ in WatchSet.inProtocolOrder {
                let paths = (try? reader.strings()) ?? []
                bytes += paths.reduce(0) { $0 + $1.utf8.count + 4 }
                written.formUnion(paths)
            }
            #expect(reader.remainingBytes == 0 && bytes <= 100)
            // Something fires before the next chunk.
            let path = "/\(random.below(100))"
            table.remove(.all, path)
            model[path] = nil
        }
        #expect(written.isSuperset(of: model.keys))
    }
}
