/// One entry in the arena, read and written in place:
///
/// | offset | bytes | |
/// | --- | --- | --- |
/// | 0 | 4 | value count |
/// | 4 | 2 | key count |
/// | 6 | 2 | media type index |
/// | 8 | 4 | the next older entry of the eviction queue; while detached, the key's hash |
/// | 12 | 4 | the next newer entry of the eviction queue |
/// | 16 | 4 | when the value was known to be current, in ticks of 8 ms |
/// | 20 | 1 | flags |
/// | 21 | 1 | the upstream session in which the entry was last verified |
/// | 22 | 1 | children that hold the key, a bit for each |
/// | 23 | 1 | flags of the layer above |
/// | 24 | 6 | version; while a write lies over the entry, the number of that write |
/// | 30 | | key, then the value, or the address of a value that lies outside the arena |
///
/// In a free piece of a page the flags are 0; a published entry has its flag set. So the entries of
/// a page can be told from its holes.
struct Entry {
    /// Bytes before the key.
    static var headerBytes: Int { 30 }
    /// Bytes that stand for a value outside the arena.
    static var externalBytes: Int { 8 }

    let base: UnsafeMutableRawPointer

    @inline(__always)
    private func load<T: BitwiseCopyable>(_ offset: Int) -> T {
        base.load(fromByteOffset: offset, as: T.self)
    }

    @inline(__always)
    private func store<T: BitwiseCopyable>(_ value: T, _ offset: Int) {
        base.storeBytes(of: value, toByteOffset: offset, as: T.self)
    }

    var valueCount: UInt32 {
        @inline(__always) get { load(0) }
        @inline(__always) nonmutating set { store(newValue, 0) }
    }

    var keyCount: UInt16 {
        @inline(__always) get { load(4) }
        @inline(__always) nonmutating set { store(newValue, 4) }
    }

    var mediaType: UInt16 {
        @inline(__always) get { load(6) }
        @inline(__always) nonmutating set { store(newValue, 6) }
    }

    var older: EntryReference {
        @inline(__always) get { EntryReference(unit: load(8)) }
        @inline(__always) nonmutating set { store(newValue.unit, 8) }
    }

    /// The 32 stored bits of the key's hash; only while the entry is detached.
    var detachedHash: UInt32 {
        @inline(__always) get { load(8) }
        @inline(__always) nonmutating set { store(newValue, 8) }
    }

    var newer: EntryReference {
        @inline(__always) get { EntryReference(unit: load(12)) }
        @inline(__always) nonmutating set { store(newValue.unit, 12) }
    }

    var basisTicks: UInt32 {
        @inline(__always) get { load(16) }
        @inline(__always) nonmutating set { store(newValue, 16) }
    }

    var state: EntryState {
        @inline(__always) get { EntryState(bits: load(20)) }
    }

    private var flags: UInt8 {
        @inline(__always) get { load(20) }
        @inline(__always) nonmutating set { store(newValue, 20) }
    }

    var session: UInt8 {
        @inline(__always) get { load(21) }
        @inline(__always) nonmutating set { store(newValue, 21) }
    }

    var children: UInt8 {
        @inline(__always) get { load(22) }
        @inline(__always) nonmutating set { store(newValue, 22) }
    }

    var userFlags: UInt8 {
        @inline(__always) get { load(23) }
        @inline(__always) nonmutating set { store(newValue, 23) }
    }

    /// 48 bits; what is higher is dropped.
    var version: UInt64 {
        @inline(__always) get { base.loadUnaligned(fromByteOffset: 22, as: UInt64.self) &>> 16 }
        @inline(__always) nonmutating set {
            store(UInt32(truncatingIfNeeded: newValue), 24)
            store(UInt16(truncatingIfNeeded: newValue &>> 32), 28)
        }
    }

    /// Read since the eviction hand last passed.
    var isVisited: Bool {
        @inline(__always) get { hasFlag(EntryState.visited) }
        @inline(__always) nonmutating set { setFlag(EntryState.visited, newValue) }
    }

    /// The value lies outside the arena.
    var isExternal: Bool {
        @inline(__always) get { hasFlag(EntryState.external) }
        @inline(__always) nonmutating set { setFlag(EntryState.external, newValue) }
    }

    /// In the table, not detached.
    var isPublished: Bool {
        @inline(__always) get { hasFlag(EntryState.published) }
        @inline(__always) nonmutating set { setFlag(EntryState.published, newValue) }
    }

    /// Sets the visited flag; an entry that has it is only read, so that hits on a hot key leave
    /// its cache line clean.
    @inline(__always)
    func visit() {
        let flags = self.flags
        let visited = UInt8(truncatingIfNeeded: EntryState.visited)
        if flags & visited == 0 { self.flags = flags | visited }
    }

    @inline(__always)
    private func hasFlag(_ flag: UInt32) -> Bool {
        flags & UInt8(truncatingIfNeeded: flag) != 0
    }

    /// Sets or clears flags of `EntryState`.
    @inline(__always)
    func setFlag(_ flag: UInt32, _ isSet: Bool) {
        let flag = UInt8(truncatingIfNeeded: flag)
        flags = isSet ? flags | flag : flags & ~flag
    }

    /// Clears the header but for the links.
    @inline(__always)
    func reset(keyCount: Int, valueCount: Int, mediaType: UInt16) {
        self.valueCount = UInt32(truncatingIfNeeded: valueCount)
        self.keyCount = UInt16(truncatingIfNeeded: keyCount)
        self.mediaType = mediaType
        basisTicks = 0
        clearState()
        version = 0
    }

    /// Drops the value of a published entry, whose block and media type the caller has released.
    func becomeTag() {
        valueCount = 0
        mediaType = MediaTypes.octetStream
        userFlags = 0
        setFlag(EntryState.visited | EntryState.absent | EntryState.external, false)
        setFlag(EntryState.tag, true)
    }

    @inline(__always)
    func clearState() { store(0 as UInt32, 20) }

    var key: UnsafeRawBufferPointer {
        @inline(__always) get {
            UnsafeRawBufferPointer(
                start: base + Self.headerBytes, count: Int(truncatingIfNeeded: keyCount))
        }
    }

    private var afterKey: UnsafeMutableRawPointer {
        @inline(__always) get { base + (Self.headerBytes &+ Int(truncatingIfNeeded: keyCount)) }
    }

    /// The address of a value outside the arena; only with `isExternal`.
    var externalValue: UnsafeMutableRawPointer {
        @inline(__always) get { afterKey.loadUnaligned(as: UnsafeMutableRawPointer.self) }
        @inline(__always) nonmutating set {
            afterKey.storeBytes(of: newValue, as: UnsafeMutableRawPointer.self)
        }
    }

    var value: UnsafeMutableRawBufferPointer {
        @inline(__always) get {
            UnsafeMutableRawBufferPointer(
                start: isExternal ? externalValue : afterKey,
                count: Int(truncatingIfNeeded: valueCount))
        }
    }
}
