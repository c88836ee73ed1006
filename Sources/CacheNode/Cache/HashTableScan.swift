/// The entries in the order of their hashes. A position is a hash, 0…2^32; a bucket is the hashes
/// that share a home slot. Growing halves buckets and shrinking joins them, but the order stays, so
/// a walk meets every entry that exists throughout exactly once.
extension HashTable {
    /// Behind the last position.
    static var endPosition: UInt64 { 1 << 32 }

    /// Where the bucket ends that `position` lies in.
    @inline(__always)
    func bucketEnd(_ position: UInt64) -> UInt64 {
        let segment = segment(position &<< 32)
        // depth + log2(slots) bits choose the bucket.
        let width = homeShift &- 32 &- (segment & 63)
        return ((position &>> width) &+ 1) &<< width
    }

    /// Calls `visit` with the entries whose hash lies from `position` up to the end of its bucket,
    /// until it says false.
    @inline(__always)
    func visitBucket(_ position: UInt64, _ visit: (EntryReference) -> Bool) {
        let segment = segment(position &<< 32)
        let slots = slots(segment)
        let end = bucketEnd(position)
        var index = home(position &<< 32, segment)
        while true {
            let slot = slots[Int(truncatingIfNeeded: index)]
            if slot == 0 { return }
            let hash = slot &>> 32
            if hash >= position, hash < end,
                !visit(EntryReference(unit: UInt32(truncatingIfNeeded: slot)))
            {
                return
            }
            index = (index &+ 1) & slotMask
        }
    }
}
