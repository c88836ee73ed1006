extension Cache {
    /// Buckets that one call goes through at most, most of them empty perhaps.
    private static var bucketsMax: Int { 8192 }
    /// Pages that one call gives back to the kernel at most.
    private static var cooledPagesMax: Int { 64 }

    /// Calls `visit` with published entries, absent ones included, in the order of their hashes,
    /// from `cursor` (0 at first) on, until `entriesMax` entries or `bytesMax` bytes of keys and
    /// values have been visited (a little more than either, as hashes fall). Gives the next cursor,
    /// nil at the end; a call may visit nothing and still not be the last.
    ///
    /// Between two calls the cache may change in any way: an entry that exists all the time is
    /// visited exactly once.
    func scan(
        from cursor: UInt32, entriesMax: Int, bytesMax: Int,
        _ visit: (EntryReference) -> Void
    ) -> UInt32? {
        var position = UInt64(cursor)
        var buckets = 0
        var visited = 0
        var bytes = 0
        while visited < entriesMax, bytes < bytesMax, buckets < Self.bucketsMax {
            table.visitBucket(position) { reference in
                let entry = entries[reference]
                visited += 1
                bytes += Int(entry.keyCount) + Int(entry.valueCount)
                visit(reference)
                return true
            }
            buckets += 1
            position = table.bucketEnd(position)
            if position == HashTable.endPosition { return nil }
        }
        return UInt32(position)
    }

    /// Removes up to `entriesMax` entries that aren't pinned, in the order of their hashes, from
    /// `cursor` (0 at first) on. Gives the next cursor, nil at the end: then every entry that
    /// existed at the first call, and was never pinned, is gone. Some 0.5 µs per entry, and 0.5 ms
    /// for pages given back.
    mutating func removeSome(from cursor: UInt32, entriesMax: Int) -> UInt32? {
        var position = UInt64(cursor)
        var removed = 0
        let cooledPagesMax = memory.cooledPages + Self.cooledPagesMax
        for _ in 0..<Self.bucketsMax {
            while let reference = firstUnpinned(position) {
                if removed == entriesMax || memory.cooledPages >= cooledPagesMax {
                    return UInt32(position)
                }
                remove(reference)
                removed += 1
            }
            position = table.bucketEnd(position)
            if position == HashTable.endPosition { return nil }
        }
        return UInt32(position)
    }

    private func firstUnpinned(_ position: UInt64) -> EntryReference? {
        var found: EntryReference?
        table.visitBucket(position) { reference in
            if entries[reference].uncommitted != 0 { return true }
            found = reference
            return false
        }
        return found
    }
}
