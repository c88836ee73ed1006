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

    /// Calls `body` with published entries in the order of their hashes, from `cursor` (0 at first)
    /// on, and removes those of which it says true. It may set the fields of an entry that don't
    /// move it in the eviction queue. Ends after some `stepsMax` calls of `body`, or when enough
    /// memory went back to the kernel; gives the next cursor, nil at the end.
    ///
    /// Between two calls the cache may change in any way: of an entry that exists all the time
    /// `body` hears at least once (again, when a neighbour is removed).
    mutating func sweep(
        from cursor: UInt32, stepsMax: Int,
        _ body: (borrowing Cache, EntryReference) -> Bool
    ) -> UInt32? {
        var position = UInt64(cursor)
        var steps = 0
        let cooledPagesMax = memory.cooledPages + Self.cooledPagesMax
        for _ in 0..<Self.bucketsMax {
            while let reference = firstToRemove(position, &steps, body) {
                remove(reference)
                if memory.cooledPages >= cooledPagesMax { return UInt32(position) }
            }
            position = table.bucketEnd(position)
            if position == HashTable.endPosition { return nil }
            if steps >= stepsMax { break }
        }
        return UInt32(position)
    }

    private func firstToRemove(
        _ position: UInt64, _ steps: inout Int, _ body: (borrowing Cache, EntryReference) -> Bool
    ) -> EntryReference? {
        var found: EntryReference?
        table.visitBucket(position) { reference in
            steps += 1
            if !body(self, reference) { return true }
            found = reference
            return false
        }
        return found
    }
}
