/// Entries: stored, evicted, told to those who hold copies.
extension Keyspace {
    enum StoreOutcome {
        case stored(EntryReference)
        /// There is no room within the memory bound, whatever may be evicted.
        case full
        /// No index is left for another media type.
        case tooManyMediaTypes

        var entry: EntryReference {
            if case .stored(let entry) = self { return entry }
            return .none
        }
    }

    /// Puts content in the place of what a key has, verified in this session; bits and the mark of
    /// a fill go over to it. Evicts others where that makes room; unless it is owed (a write that
    /// nobody else has), only within the turn's bounds.
    func install(
        _ key: UnsafeRawBufferPointer, _ content: KeyContent, version: UInt64,
        basisMilliseconds: Int64, isUncommitted: Bool = false, isOwed: Bool = false
    ) -> StoreOutcome {
        install(
            key, over: cache.pointee.find(key), content, version: version,
            basisMilliseconds: basisMilliseconds, isUncommitted: isUncommitted, isOwed: isOwed)
    }

    /// The same where it is known what the key has; none, if it has nothing.
    func install(
        _ key: UnsafeRawBufferPointer, over held: EntryReference, _ content: KeyContent,
        version: UInt64, basisMilliseconds: Int64, isUncommitted: Bool = false,
        isOwed: Bool = false
    ) -> StoreOutcome {
        if !held.isNone, replace(held, content) {
            let followers = followers(of: held)
            cache.pointee.setVersion(version, of: held)
            cache.pointee.setChildren(followers, of: held)
            cache.pointee.setSession(freshness.current, of: held)
            cache.pointee.setBasisTicks(Self.ticks(basisMilliseconds), of: held)
            if cache.pointee.isUncommitted(held) != isUncommitted {
                cache.pointee.setUncommitted(isUncommitted, of: held)
            }
            return .stored(held)
        }
        let made = make(key, content, isOwed: isOwed)
        guard case .stored(let entry) = made else { return made }
        let older = cache.pointee.find(key)
        let followers = followers(of: older)
        let hasFill = !older.isNone && cache.pointee.hasFill(older)
        cache.pointee.setVersion(version, of: entry)
        cache.pointee.setChildren(followers, of: entry)
        cache.pointee.setSession(freshness.current, of: entry)
        cache.pointee.setBasisTicks(Self.ticks(basisMilliseconds), of: entry)
        cache.pointee.setUncommitted(isUncommitted, of: entry)
        cache.pointee.setFill(hasFill, of: entry)
        cache.pointee.publish(entry)
        return made
    }

    /// Puts a value in the place of an entry's, if that is as simple as it sounds.
    @inline(__always)
    private func replace(_ entry: EntryReference, _ content: KeyContent) -> Bool {
        guard case .value(let value, let mediaType) = content,
            let index = cache.pointee.mediaTypeIndex(for: mediaType)
        else { return false }
        return cache.pointee.replaceValue(of: entry, with: value, mediaType: index)
    }

    /// A detached entry, evicting what it takes; if it isn't owed, only as much as the pace allows.
    private func make(
        _ key: UnsafeRawBufferPointer, _ content: KeyContent, isOwed: Bool
    ) -> StoreOutcome {
        var made = attempt(key, content)
        if case .stored = made {
            if pace.wantsRoom { onStored(key, content, evicting: 0) }
            return made
        }
        guard mayFit(key, content) else { return made }
        let needed = externalBytes(key, content)
        let isPinned = pin(key)
        if isPinned, giveWay(key, to: needed) { made = attempt(key, content) }
        var evicted = 0
        var isDeclined = false
        while made.entry.isNone {
            isDeclined = !isOwed && !pace.mayEvict(after: evicted)
            if !isDeclined, evictOne(after: evicted) {
                evicted += 1
                if cache.pointee.bytesFree < needed { continue }
            } else if !isPinned || !shrink(key) {
                break
            }
            made = attempt(key, content)
        }
        if isPinned { unpin(key) }
        if case .stored = made {
            onStored(key, content, evicting: evicted)
        } else if isDeclined {
            onDeclined(key, content)
        }
        return made
    }

    /// A detached entry, if there is room for it and for its media type.
    private func attempt(_ key: UnsafeRawBufferPointer, _ content: KeyContent) -> StoreOutcome {
        guard case .value(let value, let mediaType) = content else {
            let entry = cache.pointee.make(key: key, valueCount: 0, mediaType: 0, kind: .absent)
            return entry.isNone ? .full : .stored(entry)
        }
        guard cache.pointee.fits(keyCount: key.count, valueCount: value.count) else {
            return .full
        }
        guard let index = cache.pointee.mediaTypeIndex(for: mediaType) else {
            return .tooManyMediaTypes
        }
        let entry = cache.pointee.make(key: key, valueCount: value.count, mediaType: index)
        guard !entry.isNone else { return .full }
        cache.pointee.valueBytes(of: entry).copyMemory(from: value)
        return .stored(entry)
    }

    /// Whether evicting can help.
    private func mayFit(_ key: UnsafeRawBufferPointer, _ content: KeyContent) -> Bool {
        guard case .value(let value, let mediaType) = content else { return true }
        return cache.pointee.fits(keyCount: key.count, valueCount: value.count)
            && 1...MediaTypes.bytesMax ~= mediaType.count
    }

    /// What a key has must not be evicted for its own successor: the parent would be told that this
    /// node doesn't hold the key. False if it needs no pin, or has one.
    private func pin(_ key: UnsafeRawBufferPointer) -> Bool {
        let older = cache.pointee.find(key)
        guard !older.isNone, !cache.pointee.state(of: older).isPinned else { return false }
        cache.pointee.setFill(true, of: older)
        return true
    }

    private func unpin(_ key: UnsafeRawBufferPointer) {
        let older = cache.pointee.find(key)
        if !older.isNone { cache.pointee.setFill(false, of: older) }
    }

    /// A large value makes room for its successor, where that is enough; false otherwise.
    private func giveWay(_ key: UnsafeRawBufferPointer, to needed: Int) -> Bool {
        let older = cache.pointee.find(key)
        return isEnough(older, for: needed) && shrink(key)
    }

    /// Whether what a key has will give way to its successor of `needed` bytes, so that nothing
    /// else need be evicted.
    func givesWay(_ older: EntryReference, to needed: Int) -> Bool {
        guard !older.isNone, !cache.pointee.state(of: older).isPinned else { return false }
        return isEnough(older, for: needed) && cache.pointee.evictsValues
    }

    private func isEnough(_ older: EntryReference, for needed: Int) -> Bool {
        guard needed > 0, !older.isNone else { return false }
        let held = Cache.externalBytes(
            cache.pointee.key(of: older).count, cache.pointee.value(of: older).count)
        return held > 0 && cache.pointee.bytesFree + held >= needed
    }

    /// The value that is to be replaced goes first, when nothing else is left to go.
    private func shrink(_ key: UnsafeRawBufferPointer) -> Bool {
        let older = cache.pointee.find(key)
        guard cache.pointee.evictsValues, !older.isNone, cache.pointee.kind(of: older) == .value,
            cache.pointee.shrinkFreesMemory(older)
        else { return false }
        _ = cache.pointee.shrinkToTag(older)
        return true
    }

    /// What an entry that isn't a tag says of its key; borrowed from the cache.
    func content(of entry: EntryReference) -> KeyContent {
        guard !cache.pointee.isAbsent(entry) else { return .absent }
        return .value(
            cache.pointee.value(of: entry),
            mediaType: cache.pointee.mediaTypeBytes(cache.pointee.mediaType(of: entry)))
    }

    // MARK: Eviction

    private static var readAheadCount: Int { 8 }

    /// Makes room; false when all that is held must stay. An entry that children hold leaves a tag
    /// where that frees memory; otherwise it is invalidated in them (rule 3). `count` says how many
    /// were evicted before it for the same purpose: after some, more will be.
    func evictOne(after count: Int = 0) -> Bool {
        if count % Self.readAheadCount == Self.readAheadCount - 1 {
            cache.pointee.readAhead(Self.readAheadCount)
        }
        let candidate = cache.pointee.evictionCandidate()
        guard !candidate.isNone else { return false }
        metrics.pointee.evictions &+= 1
        pace.onEvicted()
        awaitTurnEnd()
        if Rule.evictionInvalidates.isKept, followers(of: candidate) != 0,
            !cache.pointee.isTag(candidate), cache.pointee.shrinkFreesMemory(candidate)
        {
            _ = cache.pointee.shrinkToTag(candidate)
        } else {
            forget(candidate)
        }
        return true
    }

    /// Takes an entry out, and says so: down to those who hold copies by it, up to the parent that
    /// follows this node's.
    func forget(_ entry: EntryReference) {
        let key = cache.pointee.key(of: entry)
        if Rule.evictionInvalidates.isKept { invalidate(key, followers(of: entry)) }
        if cache.pointee.session(of: entry) == freshness.current { sayEvicted(key) }
        cache.pointee.remove(entry)
    }

    /// Tells the parent that this node doesn't hold a key (any more); but not while an answer or a
    /// commit for it is on its way, by which the parent follows it again (rule 5).
    func sayEvicted(_ key: UnsafeRawBufferPointer) {
        guard follows, case .link(let port) = parent else { return }
        if Rule.outstandingIsPinned.isKept {
            if fills.count > 0, fills.isFilling(Array(key)) { return }
            if !bareWrites.isEmpty, bareWrites.has(cache.pointee.hash(key)) { return }
        }
        port.send(.evict(key: key))
    }

    /// While a commit was expected no eviction was told (rule 5); a refusal brings none.
    func sayEvictedMeanwhile(_ write: UpwardWrite) {
        guard !write.isOverlay else { return }
        write.withBorrowed { key, _ in
            if cache.pointee.find(key).isNone { sayEvicted(key) }
        }
    }

    // MARK: Downward

    /// Tells the children with these bits that a key is no longer followed for them.
    func invalidate(_ key: UnsafeRawBufferPointer, _ followers: UInt8) {
        guard followers != 0 else { return }
        for child in children.all where child.bit & followers != 0 {
            metrics.pointee.invalidationsSent &+= 1
            child.send(.invalidate(key: key))
        }
    }

    /// Sends a change to the children that hold the key, or notes it for the next round; but not to
    /// its writers, whose commit says the same.
    func fanOut(
        _ key: UnsafeRawBufferPointer, _ content: KeyContent, _ version: Version,
        to followers: UInt8, except writer: ChildID? = nil, writers: WriteRoutes = WriteRoutes()
    ) {
        guard followers != 0, follows else { return }
        let message = PushMessage(version: version, key: key, content: content)
        for child in children.all
        where child.bit & followers != 0 && child.id != writer && !writers.contains(child.id) {
            if policy.mode == .sync {
                markDirty(key, child)
            } else {
                metrics.pointee.pushesSent &+= 1
                child.send(.push(message))
            }
        }
    }

    /// Nothing is followed any more: neither what children hold by this node's entries.
    func resetChildren() {
        for child in children.all {
            child.dirty.removeAll()
            child.dirtyBytes = 0
            metrics.pointee.resetsSent &+= 1
            child.send(.reset(epoch: epoch))
        }
    }
}
