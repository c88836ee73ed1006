/// Hash to entry, by extendible hashing, ordered by hash.
///
/// The directory is indexed by the first bits of the hash and points to segments, each one page of
/// 8-byte slots: 32 bits of hash, 32 bits of reference. Within a segment the next bits of the hash
/// are the home slot and probing is linear. A segment that passes four fifths is split into two by
/// its stored hashes; no entry is touched, and no other segment: that is the longest turn that
/// growing takes. The first segment begins with a part of its page.
///
/// The order being that of the hash at every size, a position in it (a cursor) outlives any growth.
struct HashTable: ~Copyable {
    /// Directory bits, at most: with the 13 of a segment they use up the stored hash.
    static var depthMax: Int { 32 - fullBits }
    /// log2 of the slots of a full-size segment, and of the first.
    static var fullBits: Int { 13 }
    static var firstBits: Int { 9 }
    /// A full-size segment is split past `fullEntriesMax`; when no page is to be had it may be
    /// filled up to `fullEntriesLimit`.
    static var fullEntriesMax: Int { (1 << fullBits) / 5 * 4 }
    static var fullEntriesLimit: Int { (1 << fullBits) - 2 }
    /// Two sister segments with at most this many entries between them become one, if neither has
    /// more than twice as many as the other; in any case when they have few.
    static var mergedEntriesMax: Int { (1 << fullBits) / 8 }
    static var fewEntries: Int { 64 }

    /// Entries in the table.
    var count = 0
    /// Entries that segments hold past `fullEntriesMax`, in all.
    var excessEntries = 0

    let base: UnsafeMutableRawPointer
    let states: UnsafeMutablePointer<PageState>
    /// Per entry the segment's offset from `base`, and in the low 6 bits its own depth: how many
    /// bits of the hash its entries have in common.
    let directory: UnsafeMutablePointer<UInt64>
    let depthMax: Int
    /// 63 − the directory's depth, and 64 − log2 of a segment's slots.
    var directoryShift: UInt64 = 63
    var homeShift = UInt64(64 - HashTable.firstBits)
    var slotMask = UInt64(1 << HashTable.firstBits) - 1

    /// A table of one segment, whose page is taken from `memory`.
    init(_ memory: inout CacheMemory) {
        base = memory.base
        states = memory.states
        directory = memory.directory
        depthMax = memory.directoryDepthMax
        guard let page = memory.takePage() else {
            preconditionFailure("bytesMin leaves room for a segment")
        }
        memory.states[Int(page)].live = 0
        directory[0] = Self.word(page: page, depth: 0)
    }

    // MARK: Looking up

    /// What looking up needs, as a value of its own: a function that isn't inlined would be given a
    /// copy of the whole cache.
    var lookup: HashLookup {
        @inline(__always) get {
            HashLookup(
                base: base, directory: directory, directoryShift: directoryShift,
                homeShift: homeShift, slotMask: slotMask)
        }
    }

    @inline(__always)
    func segment(_ hash: UInt64) -> UInt64 { lookup.segment(hash) }

    @inline(__always)
    func slots(_ segment: UInt64) -> UnsafeMutablePointer<UInt64> { lookup.slots(segment) }

    @inline(__always)
    func home(_ hash: UInt64, _ segment: UInt64) -> UInt64 { lookup.home(hash, segment) }

    /// The slot where probing for `hash` begins.
    @inline(__always)
    func homeSlot(_ hash: UInt64) -> UInt64 {
        let segment = segment(hash)
        return slots(segment)[Int(truncatingIfNeeded: home(hash, segment))]
    }

    // MARK: Changing

    /// Adds an entry whose key is in no slot. `makeRoom` must have said that there is room.
    mutating func insert(_ hash: UInt64, _ reference: EntryReference) {
        let segment = segment(hash)
        let live = place(Self.slot(hash, reference), segment)
        if live > Self.fullEntriesMax { excessEntries += 1 }
        count += 1
    }

    /// Puts `reference` into the slot of `older`, an entry of the same key.
    func replace(_ hash: UInt64, _ older: EntryReference, with reference: EntryReference) {
        let segment = segment(hash)
        let index = index(of: older, hash, segment)
        slots(segment)[Int(index)] = Self.slot(hash, reference)
    }

    /// Takes an entry out of its slot and moves later ones of the run up (no tombstones).
    mutating func remove(
        _ hash: UInt64, _ reference: EntryReference, _ memory: inout CacheMemory
    ) {
        let segment = segment(hash)
        let slots = slots(segment)
        var hole = index(of: reference, hash, segment)
        var index = hole
        while true {
            index = (index &+ 1) & slotMask
            let slot = slots[Int(index)]
            if slot == 0 { break }
            let distance = (index &- home(slot, segment)) & slotMask
            if distance >= (index &- hole) & slotMask {
                slots[Int(hole)] = slot
                hole = index
            }
        }
        slots[Int(hole)] = 0
        count -= 1
        let state = states + Self.page(segment)
        if Int(state.pointee.live) > Self.fullEntriesMax { excessEntries -= 1 }
        state.pointee.live -= 1
        if Int(state.pointee.live) <= Self.mergedEntriesMax { mergeSisters(hash, &memory) }
    }

    private func index(
        of reference: EntryReference, _ hash: UInt64, _ segment: UInt64
    ) -> UInt64 {
        let slots = slots(segment)
        let wanted = Self.slot(hash, reference)
        var index = home(hash, segment)
        while slots[Int(index)] != wanted {
            precondition(slots[Int(index)] != 0, "the entry is in the table")
            index = (index &+ 1) & slotMask
        }
        return index
    }

    /// Writes a slot into its segment; gives the segment's count.
    @inline(__always)
    @discardableResult
    func place(_ slot: UInt64, _ segment: UInt64) -> Int {
        let slots = slots(segment)
        var index = home(slot, segment)
        while slots[Int(truncatingIfNeeded: index)] != 0 { index = (index &+ 1) & slotMask }
        slots[Int(truncatingIfNeeded: index)] = slot
        let state = states + Self.page(segment)
        state.pointee.live &+= 1
        return Int(state.pointee.live)
    }

    // MARK: Words

    @inline(__always)
    static func slot(_ hash: UInt64, _ reference: EntryReference) -> UInt64 {
        ((hash &>> 32) &<< 32) | UInt64(reference.unit)
    }

    @inline(__always)
    static func word(page: UInt32, depth: UInt64) -> UInt64 {
        UInt64(page) &* UInt64(CacheMemory.pageBytes) | depth
    }

    @inline(__always)
    static func page(_ segment: UInt64) -> Int {
        Int(truncatingIfNeeded: segment) / CacheMemory.pageBytes
    }
}
