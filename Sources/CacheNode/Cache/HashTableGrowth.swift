import Glibc

extension HashTable {
    /// How `makeRoom` may pay for a page.
    enum Payment {
        /// From what the bound leaves free.
        case free
        /// From the reserved pages.
        case reserved
    }

    /// Makes sure that an entry of `hash` can be inserted: splits its segment when it is four
    /// fifths full. False when no page is to be had for that; the segment then still has the
    /// `fullEntriesLimit − fullEntriesMax` slots that are kept for entries made earlier.
    mutating func makeRoom(_ hash: UInt64, _ memory: inout CacheMemory) -> Bool {
        guard slotMask + 1 == 1 << Self.fullBits else {
            let live = states[Self.page(segment(hash))].live
            if UInt64(live) >= (slotMask + 1) / 5 * 4 { enlarge() }
            return true
        }
        let live = Int(states[Self.page(segment(hash))].live)
        if live < Self.fullEntriesMax { return true }
        return split(hash, .free, &memory)
    }

    /// The same for an entry that was promised room: it always finds some, at last by a reserved
    /// page.
    mutating func makePromisedRoom(_ hash: UInt64, _ memory: inout CacheMemory) {
        if makeRoom(hash, &memory) { return }
        let live = Int(states[Self.page(segment(hash))].live)
        if live < Self.fullEntriesLimit { return }
        let isSplit = split(hash, .reserved, &memory)
        precondition(isSplit, "a page is reserved for every segment that could fill up")
    }

    /// Doubles the only segment, in its page.
    private mutating func enlarge() {
        let segment = directory[0]
        let scratch = base.assumingMemoryBound(to: UInt64.self)
        let slotCount = Int(slotMask) + 1
        memcpy(base, slots(segment), slotCount * 8)
        homeShift -= 1
        slotMask = slotMask << 1 | 1
        memset(slots(segment), 0, slotCount * 16)
        states[Self.page(segment)].live = 0
        for index in 0..<slotCount where scratch[index] != 0 { place(scratch[index], segment) }
    }

    /// Splits the segment of `hash` into two. False when it can't be: no page, or no bits left.
    private mutating func split(
        _ hash: UInt64, _ payment: Payment, _ memory: inout CacheMemory
    ) -> Bool {
        let old = segment(hash)
        let depth = old & 63
        guard depth < UInt64(depthMax) else { return false }
        let taken =
            switch payment {
            case .free: memory.takePage()
            case .reserved: memory.takeReservedPage()
            }
        guard let page = taken else { return false }
        if depth == 63 - directoryShift { doubleDirectory() }
        excessEntries -= excess(old)
        memcpy(base, slots(old), CacheMemory.pageBytes)
        let lower = old + 1
        let upper = Self.word(page: page, depth: depth + 1)
        clear(lower)
        clear(upper)
        let range = directoryRange(hash, depth: depth)
        let middle = (range.lowerBound + range.upperBound) / 2
        for index in range.lowerBound..<middle { directory[index] = lower }
        for index in middle..<range.upperBound { directory[index] = upper }
        redistribute(slotCount: Int(slotMask) + 1)
        excessEntries += excess(lower) + excess(upper)
        return true
    }

    /// Makes one of two sister segments that have become small, and so on upwards.
    mutating func mergeSisters(_ hash: UInt64, _ memory: inout CacheMemory) {
        while true {
            let segment = segment(hash)
            let depth = segment & 63
            guard depth > 0 else { return }
            let sister = self.segment(hash ^ (1 << (64 - depth)))
            guard sister & 63 == depth else { return }
            let live = Int(states[Self.page(segment)].live)
            guard Self.canMerge(live, Int(states[Self.page(sister)].live)) else { return }
            merge(hash, segment, sister)
            memory.givePage(UInt32(Self.page(sister)))
        }
    }

    private static func canMerge(_ a: Int, _ b: Int) -> Bool {
        if a + b <= fewEntries { return true }
        // Merging halves the distance between entries. If one segment has nearly all of them, as
        // when entries are removed in order, several merges would make one long run.
        return a + b <= mergedEntriesMax && max(a, b) <= 2 * min(a, b)
    }

    private mutating func merge(_ hash: UInt64, _ segment: UInt64, _ sister: UInt64) {
        let scratch = base.assumingMemoryBound(to: UInt64.self)
        var filled = 0
        for source in [segment, sister] {
            let slots = slots(source)
            for index in 0...Int(slotMask) where slots[index] != 0 {
                scratch[filled] = slots[index]
                filled += 1
            }
        }
        let merged = segment - 1
        clear(merged)
        for index in directoryRange(hash, depth: merged & 63) { directory[index] = merged }
        redistribute(slotCount: filled)
    }

    /// Places the first `slotCount` slots of the scratch page by the directory.
    private func redistribute(slotCount: Int) {
        let scratch = base.assumingMemoryBound(to: UInt64.self)
        for index in 0..<slotCount where scratch[index] != 0 {
            place(scratch[index], segment(scratch[index]))
        }
    }

    private mutating func doubleDirectory() {
        var index = 1 << (63 - Int(directoryShift))
        while index > 0 {
            index -= 1
            let segment = directory[index]
            directory[2 * index] = segment
            directory[2 * index + 1] = segment
        }
        directoryShift -= 1
    }

    /// The directory's entries for hashes that share their first `depth` bits with `hash`.
    private func directoryRange(_ hash: UInt64, depth: UInt64) -> Range<Int> {
        let width = 63 - directoryShift - depth
        let first = (Int((hash >> 1) >> directoryShift) >> width) << width
        return first..<(first + (1 << width))
    }

    private func clear(_ segment: UInt64) {
        memset(slots(segment), 0, CacheMemory.pageBytes)
        states[Self.page(segment)].live = 0
    }

    private func excess(_ segment: UInt64) -> Int {
        max(0, Int(states[Self.page(segment)].live) - Self.fullEntriesMax)
    }
}
