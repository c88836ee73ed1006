import Glibc

extension Cache {
    /// The index of a media type, to be given to `make`. It holds until the next call of this
    /// unless an entry is made with it. Nil when `bytes` are not 1…255, when all 65,535 indices are
    /// in use, or when the bound has no room for one more type.
    mutating func mediaTypeIndex(for bytes: UnsafeRawBufferPointer) -> UInt16? {
        mediaTypes.index(for: bytes, keyHash, &memory)
    }

    /// A detached entry of `key` (1…`keyBytesMax` bytes), to be filled through `valueBytes`;
    /// with `absent`, one that says that the key does not exist, of `valueCount` 0. The caller owes
    /// it a `publish` or a `discard`. None when the bound has no room for it.
    mutating func make(
        key: UnsafeRawBufferPointer, valueCount: Int, mediaType: UInt16, absent: Bool = false
    ) -> EntryReference {
        make(
            key: key, hash: hash(key), valueCount: valueCount, mediaType: mediaType,
            absent: absent)
    }

    mutating func make(
        key: UnsafeRawBufferPointer, hash: UInt64, valueCount: Int, mediaType: UInt16,
        absent: Bool = false
    ) -> EntryReference {
        precondition(1...Self.keyBytesMax ~= key.count && valueCount >= 0)
        precondition(!absent || valueCount == 0)
        guard valueCount <= Int(UInt32.max), table.makeRoom(hash, &memory), promiseRoom() else {
            return .none
        }
        let reference = allocate(key.count, valueCount, mediaType)
        guard !reference.isNone else {
            detachedCount -= 1
            settlePromises()
            return .none
        }
        let entry = entries[reference]
        entry.detachedHash = UInt32(truncatingIfNeeded: hash &>> 32)
        entry.isAbsent = absent
        mediaTypes.retain(mediaType)
        if let start = key.baseAddress { memcpy(entry.base + Entry.headerBytes, start, key.count) }
        return reference
    }

    /// Where the value of a detached entry goes.
    func valueBytes(of reference: EntryReference) -> UnsafeMutableRawBufferPointer {
        precondition(!entries[reference].isPublished)
        return entries[reference].value
    }

    /// Gives up a detached entry.
    mutating func discard(_ reference: EntryReference) {
        precondition(!entries[reference].isPublished)
        release(reference)
        detachedCount -= 1
        settlePromises()
    }

    /// Puts a detached entry into the table. An older entry of its key is released, and counts as
    /// read: the new one takes its place in the eviction queue, visited. Always succeeds.
    mutating func publish(_ reference: EntryReference) {
        let entry = entries[reference]
        precondition(!entry.isPublished)
        let hash = UInt64(entry.detachedHash) &<< 32
        let older = find(entry.key, hash: hash)
        entry.isPublished = true
        if older.isNone {
            table.makePromisedRoom(hash, &memory)
            table.insert(hash, reference)
            if entry.uncommitted == 0 { queue.append(reference, entries) }
        } else {
            table.replace(hash, older, with: reference)
            succeed(older, reference)
            if entries[older].isAbsent { absentCount -= 1 }
            release(older)
        }
        if entry.isAbsent { absentCount += 1 }
        detachedCount -= 1
        settlePromises()
    }

    /// Takes a published entry out and releases it.
    mutating func remove(_ reference: EntryReference) {
        let entry = entries[reference]
        precondition(entry.isPublished)
        if entry.uncommitted == 0 { queue.remove(reference, entries) }
        if entry.isAbsent { absentCount -= 1 }
        table.remove(hash(entry.key), reference, &memory)
        release(reference)
        settlePromises()
    }

    // MARK: Fields

    /// Sets the write that the entry waits for; with another than 0 the entry is pinned. Once it is
    /// 0 again the entry is the newest of the eviction queue.
    mutating func setUncommitted(_ sequence: UInt32, of reference: EntryReference) {
        let entry = entries[reference]
        let wasPinned = entry.uncommitted != 0
        entry.uncommitted = sequence
        guard entry.isPublished, wasPinned != (sequence != 0) else { return }
        if wasPinned {
            queue.append(reference, entries)
        } else {
            queue.remove(reference, entries)
        }
    }

    mutating func setUserFlags(_ flags: UInt8, of reference: EntryReference) {
        entries[reference].userFlags = flags
    }

    mutating func setStoredSeconds(_ seconds: UInt32, of reference: EntryReference) {
        entries[reference].storedSeconds = seconds
    }

    // MARK: Eviction

    /// The published entry to remove next, by SIEVE; none when all are pinned. At most
    /// `EvictionQueue.stepsMax` steps. Nothing is removed: that is for the caller, who may have to
    /// tell others first.
    mutating func evictionCandidate() -> EntryReference { queue.candidate(entries) }

    // MARK: Helpers

    /// Memory for an entry, header written; none when there is no room.
    private mutating func allocate(
        _ keyCount: Int, _ valueCount: Int, _ mediaType: UInt16
    ) -> EntryReference {
        let isExternal = Self.isExternal(keyCount, valueCount)
        var value: UnsafeMutableRawPointer?
        if isExternal {
            value = largeValues.allocate(valueCount, &memory)
            if value == nil { return .none }
        }
        let reference = slabs.allocate(
            Entry.headerBytes + keyCount + (isExternal ? Entry.externalBytes : valueCount),
            &memory)
        guard !reference.isNone else {
            if let value { largeValues.free(value, &memory) }
            return .none
        }
        let entry = entries[reference]
        entry.reset(keyCount: keyCount, valueCount: valueCount, mediaType: mediaType)
        if let value {
            entry.isExternal = true
            entry.externalValue = value
        }
        return reference
    }

    /// Frees what an entry has; it is in no table and no queue.
    private mutating func release(_ reference: EntryReference) {
        let entry = entries[reference]
        if entry.isExternal { largeValues.free(entry.externalValue, &memory) }
        mediaTypes.release(entry.mediaType, &memory)
        slabs.free(reference, &memory)
    }

    /// The place of `older` in the eviction queue goes to `reference`, unless either is pinned.
    private mutating func succeed(_ older: EntryReference, _ reference: EntryReference) {
        entries[reference].isVisited = true
        switch (entries[older].uncommitted != 0, entries[reference].uncommitted != 0) {
        case (false, false): queue.replace(older, with: reference, entries)
        case (false, true): queue.remove(older, entries)
        case (true, false): queue.append(reference, entries)
        case (true, true): break
        }
    }

    /// Counts one more detached entry, and reserves a page when there are enough of them to fill up
    /// a segment that is at its soft limit: so `publish` cannot fail.
    private mutating func promiseRoom() -> Bool {
        detachedCount += 1
        if promisedPages > memory.reservedPages, !memory.reservePage() {
            detachedCount -= 1
            return false
        }
        return true
    }

    private mutating func settlePromises() {
        while memory.reservedPages > promisedPages { memory.cancelReservedPage() }
    }

    /// A segment can be filled up only by so many entries that were made while it was at its soft
    /// limit: they are either detached still, or in excess in a segment.
    private var promisedPages: Int {
        (detachedCount + table.excessEntries)
            / (HashTable.fullEntriesLimit - HashTable.fullEntriesMax)
    }
}
