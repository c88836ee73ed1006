/// What a cache keeps of an entry beside its key. Of what the layer above gives (version, children,
/// session, basis, user flags) it understands nothing. Setting such a field changes the entry
/// alone, so a scan may do it; what moves an entry in the eviction queue is `mutating`.
extension Cache {
    @inline(__always)
    func key(of reference: EntryReference) -> UnsafeRawBufferPointer { entries[reference].key }

    @inline(__always)
    func value(of reference: EntryReference) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(entries[reference].value)
    }

    @inline(__always)
    func mediaType(of reference: EntryReference) -> UInt16 { entries[reference].mediaType }

    /// The media type with `index`, which is 0, 1 or that of an entry; borrowed until the next
    /// mutation.
    @inline(__always)
    func mediaTypeBytes(_ index: UInt16) -> UnsafeRawBufferPointer { mediaTypes.bytes(index) }

    // MARK: State

    /// Flags, session and children by one load: what a hit has to check.
    @inline(__always)
    func state(of reference: EntryReference) -> EntryState { entries[reference].state }

    @inline(__always)
    func kind(of reference: EntryReference) -> EntryKind { state(of: reference).kind }

    /// Whether the entry says that its key does not exist.
    @inline(__always)
    func isAbsent(_ reference: EntryReference) -> Bool { state(of: reference).isAbsent }

    /// Whether the entry's value is not held.
    @inline(__always)
    func isTag(_ reference: EntryReference) -> Bool { state(of: reference).isTag }

    /// Whether a write lies over the entry that the root hasn't committed yet.
    @inline(__always)
    func isUncommitted(_ reference: EntryReference) -> Bool { state(of: reference).isUncommitted }

    /// Whether a fill for the key is outstanding upstream.
    @inline(__always)
    func hasFill(_ reference: EntryReference) -> Bool { state(of: reference).hasFill }

    /// An uncommitted entry is pinned. Once nothing pins it, it is the newest of the eviction
    /// queue.
    mutating func setUncommitted(_ isUncommitted: Bool, of reference: EntryReference) {
        setPin(EntryState.uncommitted, isUncommitted, of: reference)
    }

    /// An entry whose fill is outstanding is pinned, as an uncommitted one.
    mutating func setFill(_ hasFill: Bool, of reference: EntryReference) {
        setPin(EntryState.fill, hasFill, of: reference)
    }

    private mutating func setPin(
        _ flag: UInt32, _ isSet: Bool, of reference: EntryReference
    ) {
        let entry = entries[reference]
        let wasEvictable = entry.state.isEvictable(evictsValues: evictsValues)
        entry.setFlag(flag, isSet)
        let isEvictable = entry.state.isEvictable(evictsValues: evictsValues)
        guard isEvictable != wasEvictable else { return }
        if isEvictable {
            queue.append(reference, entries)
        } else {
            queue.remove(reference, entries)
        }
    }

    // MARK: Fields of the layer above

    /// The root's commit sequence of the value, of 48 bits; 0 none. While the entry is uncommitted,
    /// the local number of the write that made it.
    @inline(__always)
    func version(of reference: EntryReference) -> UInt64 { entries[reference].version }

    /// Of `version` the low 48 bits are kept.
    @inline(__always)
    func setVersion(_ version: UInt64, of reference: EntryReference) {
        entries[reference].version = version
    }

    /// One bit per child link that holds the key.
    @inline(__always)
    func children(of reference: EntryReference) -> UInt8 { entries[reference].children }

    @inline(__always)
    func setChildren(_ children: UInt8, of reference: EntryReference) {
        entries[reference].children = children
    }

    /// The number of the upstream session in which the entry was last verified.
    @inline(__always)
    func session(of reference: EntryReference) -> UInt8 { entries[reference].session }

    @inline(__always)
    func setSession(_ session: UInt8, of reference: EntryReference) {
        entries[reference].session = session
    }

    /// When the value was known to be current, in ticks of 8 ms of the loop's clock. They wrap
    /// after 397 days: compare them by wrapping subtraction.
    @inline(__always)
    func basisTicks(of reference: EntryReference) -> UInt32 { entries[reference].basisTicks }

    @inline(__always)
    func setBasisTicks(_ ticks: UInt32, of reference: EntryReference) {
        entries[reference].basisTicks = ticks
    }

    @inline(__always)
    func userFlags(of reference: EntryReference) -> UInt8 { entries[reference].userFlags }

    @inline(__always)
    func setUserFlags(_ flags: UInt8, of reference: EntryReference) {
        entries[reference].userFlags = flags
    }
}
