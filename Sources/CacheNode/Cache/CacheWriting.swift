import Glibc

extension Cache {
    /// The index of a media type, to be given to `make`. It holds until the next call of this
    /// unless an entry is made with it. Nil when `bytes` are not 1…255, when all 65,535 indices are
    /// in use, or when the bound has no room for one more type.
    mutating func mediaTypeIndex(for bytes: UnsafeRawBufferPointer) -> UInt16? {
        mediaTypes.index(for: bytes, keyHash, &memory)
    }

    /// A detached entry of `key` (1…`keyBytesMax` bytes), to be filled through `valueBytes`; one of
    /// another kind than `value` has a `valueCount` of 0. Its version, children, session, basis and
    /// user flags are 0, it is neither uncommitted nor has it a fill: whoever wants that, or what
    /// an older entry of the key has, sets it, before or after `publish`. The caller owes it a
    /// `publish` or a `discard`. None when the bound has no room for it.
    mutating func make(
        key: UnsafeRawBufferPointer, valueCount: Int, mediaType: UInt16, kind: EntryKind = .value
    ) -> EntryReference {
        make(
            key: key, hash: hash(key), valueCount: valueCount, mediaType: mediaType, kind: kind)
    }

    mutating func make(
        key: UnsafeRawBufferPointer, hash: UInt64, valueCount: Int, mediaType: UInt16,
        kind: EntryKind = .value
    ) -> EntryReference {
        precondition(1...Self.keyBytesMax ~= key.count && valueCount >= 0)
        precondition(kind == .value || valueCount == 0)
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
        if kind == .absent { entry.setFlag(EntryState.absent, true) }
        if kind == .tag { entry.setFlag(EntryState.tag, true) }
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
    /// read: the new one takes its place in the eviction queue, visited. Nothing else goes over to
    /// it. Always succeeds.
    mutating func publish(_ reference: EntryReference) {
        let entry = entries[reference]
        precondition(!entry.isPublished)
        let hash = UInt64(entry.detachedHash) &<< 32
        let older = find(entry.key, hash: hash)
        entry.isPublished = true
        if older.isNone {
            table.makePromisedRoom(hash, &memory)
            table.insert(hash, reference)
            if isEvictable(reference) { queue.append(reference, entries) }
        } else {
            table.replace(hash, older, with: reference)
            entry.isVisited = true
            succeed(older, reference)
            uncount(older)
            release(older)
        }
        switch entry.state.kind {
        case .value: break
        case .absent: absentCount += 1
        case .tag: tagCount += 1
        }
        detachedCount -= 1
        settlePromises()
    }

    /// Takes a published entry out and releases it.
    mutating func remove(_ reference: EntryReference) {
        let entry = entries[reference]
        precondition(entry.isPublished)
        if isEvictable(reference) { queue.remove(reference, entries) }
        uncount(reference)
        table.remove(hash(entry.key), reference, &memory)
        release(reference)
        settlePromises()
    }

    // MARK: Eviction

    /// The published entry to remove next, or to shrink, by SIEVE; none when all are pinned, or are
    /// values that stay. At most `EvictionQueue.stepsMax` steps. Nothing is removed: that is for
    /// the caller, who may have to tell others first.
    mutating func evictionCandidate() -> EntryReference { queue.candidate(entries) }

    /// Reads what evicting the next `count` entries of the queue will ask of memory: here the waits
    /// for it overlap, which saves a third of the time.
    @inline(never)
    mutating func readAhead(_ count: Int) {
        var reference = queue.next
        for _ in 0..<count where !reference.isNone {
            let entry = entries[reference]
            wordsReadAhead &+= table.homeSlot(hash(entry.key))
            reference = entry.newer
        }
    }

    /// Whether `shrinkToTag` would give back memory of a published entry. It would not for a tag or
    /// a value of a few bytes, nor when the tag would need a page and there is none, not even among
    /// those that are kept for tags: then only `remove` makes room.
    func shrinkFreesMemory(_ reference: EntryReference) -> Bool {
        let entry = entries[reference]
        if entry.isExternal { return true }
        let bytes = Entry.headerBytes + Int(entry.keyCount)
        return slabs.isSmaller(bytes, than: reference, memory)
            && slabs.hasRoomForTag(bytes, memory)
    }

    /// Makes a tag of a published entry: its value goes, its key, version, children, session, basis
    /// and pins stay, its user flags are 0. It keeps its place in the eviction queue, as not
    /// visited, and the hand passes on. Gives the tag, whose reference may be another. Always
    /// succeeds; where `shrinkFreesMemory` says no, the tag takes as much as the entry did.
    mutating func shrinkToTag(_ reference: EntryReference) -> EntryReference {
        let entry = entries[reference]
        precondition(entry.isPublished)
        let wasEvictable = isEvictable(reference)
        uncount(reference)
        tagCount += 1
        if entry.isExternal { largeValues.free(entry.externalValue, &memory) }
        mediaTypes.release(entry.mediaType, &memory)
        entry.becomeTag()
        let tag = move(
            reference, byteCount: Entry.headerBytes + Int(entry.keyCount), isQueued: wasEvictable)
        if wasEvictable {
            queue.pass(tag, entries)
        } else if isEvictable(tag) {
            queue.append(tag, entries)
        }
        return tag
    }

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

    /// Moves a published tag of `byteCount` bytes into a smaller piece, if there is one; within the
    /// eviction queue too, if it is there. Gives the tag.
    private mutating func move(
        _ reference: EntryReference, byteCount: Int, isQueued: Bool
    ) -> EntryReference {
        guard slabs.isSmaller(byteCount, than: reference, memory) else { return reference }
        let moved = slabs.allocate(byteCount, forTag: true, &memory)
        guard !moved.isNone else { return reference }
        let entry = entries[moved]
        memcpy(entry.base, entries[reference].base, byteCount)
        table.replace(hash(entry.key), reference, with: moved)
        if isQueued { queue.replace(reference, with: moved, entries) }
        slabs.free(reference, &memory)
        return moved
    }

    /// The place of `older` in the eviction queue goes to `reference`, if both have one.
    private mutating func succeed(_ older: EntryReference, _ reference: EntryReference) {
        switch (isEvictable(older), isEvictable(reference)) {
        case (true, true): queue.replace(older, with: reference, entries)
        case (true, false): queue.remove(older, entries)
        case (false, true): queue.append(reference, entries)
        case (false, false): break
        }
    }

    private func isEvictable(_ reference: EntryReference) -> Bool {
        state(of: reference).isEvictable(evictsValues: evictsValues)
    }

    /// A published entry goes.
    private mutating func uncount(_ reference: EntryReference) {
        switch kind(of: reference) {
        case .value: break
        case .absent: absentCount -= 1
        case .tag: tagCount -= 1
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
