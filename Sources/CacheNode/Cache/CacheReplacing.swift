extension Cache {
    /// Makes `value` that of a published entry, in the piece of memory that the entry has: what a
    /// new entry of its key would come to, at a fraction of the cost. As after `publish` the entry
    /// counts as read, and its user flags are 0; all else stays. False, and nothing is changed,
    /// when the entry has no value in its piece, or this one needs a piece of another size.
    @inline(__always)
    mutating func replaceValue(
        of reference: EntryReference, with value: UnsafeRawBufferPointer, mediaType: UInt16
    ) -> Bool {
        let entry = entries[reference]
        let keyCount = Int(truncatingIfNeeded: entry.keyCount)
        guard entry.state.isValueInPlace, !Self.isExternal(keyCount, value.count),
            slabs.isPiece(reference, for: Entry.headerBytes + keyCount + value.count, memory)
        else { return false }
        if mediaType != entry.mediaType {
            mediaTypes.retain(mediaType)
            mediaTypes.release(entry.mediaType, &memory)
            entry.mediaType = mediaType
        }
        entry.valueCount = UInt32(truncatingIfNeeded: value.count)
        entry.isVisited = true
        entry.userFlags = 0
        if let start = value.baseAddress, let room = entry.value.baseAddress {
            room.copyShort(from: start, count: value.count)
        }
        return true
    }
}

extension EntryState {
    /// A published entry that has a value, not outside the arena.
    @inline(__always)
    fileprivate var isValueInPlace: Bool {
        bits & (Self.published | Self.absent | Self.tag | Self.external) == Self.published
    }
}
