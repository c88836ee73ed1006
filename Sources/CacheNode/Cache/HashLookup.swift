/// How `HashTable` finds; valid until the next change of the table.
struct HashLookup {
    let base: UnsafeMutableRawPointer
    let directory: UnsafeMutablePointer<UInt64>
    let directoryShift: UInt64
    let homeShift: UInt64
    let slotMask: UInt64

    /// The directory's word for `hash`.
    @inline(__always)
    func segment(_ hash: UInt64) -> UInt64 {
        directory[Int(truncatingIfNeeded: (hash &>> 1) &>> directoryShift)]
    }

    @inline(__always)
    func slots(_ segment: UInt64) -> UnsafeMutablePointer<UInt64> {
        (base + Int(truncatingIfNeeded: segment & ~63)).assumingMemoryBound(to: UInt64.self)
    }

    /// The slot where probing for `hash` (or a slot's word) begins.
    @inline(__always)
    func home(_ hash: UInt64, _ segment: UInt64) -> UInt64 {
        // A shift takes the low 6 bits of its count: the depth.
        (hash &<< segment) &>> homeShift
    }

    /// The entry of a key of any length, or none.
    @inline(never)
    func find(
        _ key: UnsafeRawBufferPointer, _ hash: UInt64, _ entries: EntrySpace
    ) -> EntryReference {
        guard let start = key.baseAddress else { return .none }
        return find(hash, entries) { entry in
            Int(truncatingIfNeeded: entry.keyCount) == key.count
                && start.equals(entry.base + Entry.headerBytes, count: key.count)
        }
    }

    /// The first entry with the stored hash of `hash` that `matches`, or none.
    @inline(__always)
    func find(
        _ hash: UInt64, _ entries: EntrySpace, _ matches: (Entry) -> Bool
    ) -> EntryReference {
        let segment = segment(hash)
        let slots = slots(segment)
        var index = home(hash, segment)
        while true {
            let slot = slots[Int(truncatingIfNeeded: index)]
            if slot == 0 { return .none }
            if (slot ^ hash) &>> 32 == 0 {
                let reference = EntryReference(unit: UInt32(truncatingIfNeeded: slot))
                if matches(entries[reference]) { return reference }
            }
            index = (index &+ 1) & slotMask
        }
    }

    /// The reference in the first slot whose stored hash is that of `hash`, none if there is none;
    /// almost surely the key's, and no entry is touched to say so.
    @inline(__always)
    func candidate(_ hash: UInt64) -> EntryReference {
        let segment = segment(hash)
        let slots = slots(segment)
        var index = home(hash, segment)
        while true {
            let slot = slots[Int(truncatingIfNeeded: index)]
            if slot == 0 || (slot ^ hash) &>> 32 == 0 {
                return EntryReference(unit: UInt32(truncatingIfNeeded: slot))
            }
            index = (index &+ 1) & slotMask
        }
    }
}
