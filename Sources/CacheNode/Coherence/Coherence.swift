/// What a write, a fill and an acceptance do to the entries of the cache. It decides and changes
/// entries; it does no I/O.
///
/// In mode `none` writes climb and nothing comes down. What keeps a node's own view straight
/// meanwhile: an entry written here carries the number of its last write until the parent has taken
/// it (`isUncommitted`). Such an entry is not evicted and not overwritten by a fill, because what
/// the parent still holds is older; a deleted key stays as an absent entry for the same time, so
/// that a reader doesn't fetch back what was deleted here.
struct Coherence {
    enum StoreOutcome {
        case stored(EntryReference)
        /// There is no room within the memory bound, whatever may be evicted.
        case full
        /// No index is left for another media type.
        case tooManyMediaTypes
    }

    private let cache: UnsafeMutablePointer<Cache>
    private let metrics: UnsafeMutablePointer<Metrics>
    /// The root holds the truth: it evicts nothing.
    private let isRoot: Bool

    init(
        cache: UnsafeMutablePointer<Cache>, metrics: UnsafeMutablePointer<Metrics>, isRoot: Bool
    ) {
        self.cache = cache
        self.metrics = metrics
        self.isRoot = isRoot
    }

    /// Stores a value, evicting others for it where that is allowed.
    func store(
        _ key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer,
        mediaType: UnsafeRawBufferPointer, nowTicks: UInt32
    ) -> StoreOutcome {
        guard cache.pointee.fits(keyCount: key.count, valueCount: value.count) else { return .full }
        guard let mediaTypeIndex = index(of: mediaType) else { return .tooManyMediaTypes }
        let entry = make(
            key, valueCount: value.count, mediaType: mediaTypeIndex, isAbsent: false, nowTicks)
        guard !entry.isNone else { return .full }
        cache.pointee.valueBytes(of: entry).copyMemory(from: value)
        cache.pointee.publish(entry)
        return .stored(entry)
    }

    /// Notes that a key was deleted here and that the parent doesn't know yet.
    func storeAbsence(_ key: UnsafeRawBufferPointer, nowTicks: UInt32) -> StoreOutcome {
        let entry = make(key, valueCount: 0, mediaType: 0, isAbsent: true, nowTicks)
        guard !entry.isNone else { return .full }
        cache.pointee.publish(entry)
        return .stored(entry)
    }

    /// Removes a key, if it is held.
    func remove(_ key: UnsafeRawBufferPointer) {
        let entry = cache.pointee.find(key)
        if !entry.isNone { cache.pointee.remove(entry) }
    }

    /// Ties an entry to the write that made it, until the parent has taken that write.
    func markUncommitted(_ entry: EntryReference, sequence: UInt64) {
        cache.pointee.setVersion(sequence, of: entry)
        cache.pointee.setUncommitted(true, of: entry)
    }

    /// The parent has taken a write: its entry becomes an ordinary one, unless a later write has
    /// replaced it.
    func onAccepted(_ key: UnsafeRawBufferPointer, sequence: UInt64) {
        let entry = cache.pointee.find(key)
        guard isUncommitted(entry, sequence) else { return }
        if cache.pointee.isAbsent(entry) {
            cache.pointee.remove(entry)
        } else {
            cache.pointee.setVersion(0, of: entry)
            cache.pointee.setUncommitted(false, of: entry)
        }
    }

    /// The parent refused a write for good: what it left here is not the truth and goes.
    func onRefused(_ key: UnsafeRawBufferPointer, sequence: UInt64) {
        let entry = cache.pointee.find(key)
        guard isUncommitted(entry, sequence) else { return }
        cache.pointee.remove(entry)
    }

    /// Whether a value that came from the parent may take the place of what is held.
    func mayFill(_ key: UnsafeRawBufferPointer) -> Bool {
        let entry = cache.pointee.find(key)
        return entry.isNone || !cache.pointee.isUncommitted(entry)
    }

    private func make(
        _ key: UnsafeRawBufferPointer, valueCount: Int, mediaType: UInt16, isAbsent: Bool,
        _ nowTicks: UInt32
    ) -> EntryReference {
        guard cache.pointee.fits(keyCount: key.count, valueCount: valueCount) else { return .none }
        while true {
            let entry = cache.pointee.make(
                key: key, valueCount: valueCount, mediaType: mediaType,
                kind: isAbsent ? .absent : .value)
            if !entry.isNone { cache.pointee.setBasisTicks(nowTicks, of: entry) }
            if !entry.isNone || isRoot { return entry }
            guard evictOne() else { return .none }
        }
    }

    /// The index of a media type: a new one may need room too.
    private func index(of mediaType: UnsafeRawBufferPointer) -> UInt16? {
        guard 1...MediaTypes.bytesMax ~= mediaType.count else { return nil }
        while true {
            if let index = cache.pointee.mediaTypeIndex(for: mediaType) { return index }
            if isRoot || !evictOne() { return nil }
        }
    }

    /// False when all that is held must stay.
    private func evictOne() -> Bool {
        let candidate = cache.pointee.evictionCandidate()
        guard !candidate.isNone else { return false }
        cache.pointee.remove(candidate)
        metrics.pointee.evictions &+= 1
        return true
    }

    /// Whether the write `sequence` lies over the entry, and no later one.
    private func isUncommitted(_ entry: EntryReference, _ sequence: UInt64) -> Bool {
        !entry.isNone && cache.pointee.isUncommitted(entry)
            && cache.pointee.version(of: entry) == sequence
    }
}
