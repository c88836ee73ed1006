/// One entry in the arena, read and written in place:
///
/// | offset | bytes | |
/// | --- | --- | --- |
/// | 0 | 4 | value count |
/// | 4 | 2 | key count |
/// | 6 | 2 | media type index |
/// | 8 | 4 | the next older entry of the eviction queue; while detached, the key's hash |
/// | 12 | 4 | the next newer entry of the eviction queue |
/// | 16 | 4 | sequence of the last write that isn't accepted upstream yet; 0 none |
/// | 20 | 4 | when the value was stored, in seconds of the layer above |
/// | 24 | 1 | flags |
/// | 25 | 1 | flags of the layer above |
/// | 26 | | key, then the value, or the address of a value that lies outside the arena |
///
/// In a free piece of a page the flags are 0; a published entry has its flag set. So the entries of
/// a page can be told from its holes.
struct Entry {
    /// Bytes before the key.
    static var headerBytes: Int { 26 }
    /// Bytes that stand for a value outside the arena.
    static var externalBytes: Int { 8 }

    private static var visitedFlag: UInt8 { 1 }
    private static var absentFlag: UInt8 { 2 }
    private static var externalFlag: UInt8 { 4 }
    private static var publishedFlag: UInt8 { 8 }

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

    var uncommitted: UInt32 {
        @inline(__always) get { load(16) }
        @inline(__always) nonmutating set { store(newValue, 16) }
    }

    var storedSeconds: UInt32 {
        @inline(__always) get { load(20) }
        @inline(__always) nonmutating set { store(newValue, 20) }
    }

    private var flags: UInt8 {
        @inline(__always) get { load(24) }
        @inline(__always) nonmutating set { store(newValue, 24) }
    }

    var userFlags: UInt8 {
        @inline(__always) get { load(25) }
        @inline(__always) nonmutating set { store(newValue, 25) }
    }

    /// Read since the eviction hand last passed.
    var isVisited: Bool {
        @inline(__always) get { flags & Self.visitedFlag != 0 }
        @inline(__always) nonmutating set { setFlag(Self.visitedFlag, newValue) }
    }

    /// The key is known not to exist.
    var isAbsent: Bool {
        @inline(__always) get { flags & Self.absentFlag != 0 }
        @inline(__always) nonmutating set { setFlag(Self.absentFlag, newValue) }
    }

    /// The value lies outside the arena.
    var isExternal: Bool {
        @inline(__always) get { flags & Self.externalFlag != 0 }
        @inline(__always) nonmutating set { setFlag(Self.externalFlag, newValue) }
    }

    /// In the table, not detached.
    var isPublished: Bool {
        @inline(__always) get { flags & Self.publishedFlag != 0 }
        @inline(__always) nonmutating set { setFlag(Self.publishedFlag, newValue) }
    }

    /// Sets the visited flag; an entry that has it is only read, so that hits on a hot key leave
    /// its cache line clean.
    @inline(__always)
    func visit() {
        let flags = self.flags
        if flags & Self.visitedFlag == 0 { self.flags = flags | Self.visitedFlag }
    }

    @inline(__always)
    private func setFlag(_ flag: UInt8, _ isSet: Bool) {
        flags = isSet ? flags | flag : flags & ~flag
    }

    /// Clears the header but for the links.
    @inline(__always)
    func reset(keyCount: Int, valueCount: Int, mediaType: UInt16) {
        self.valueCount = UInt32(truncatingIfNeeded: valueCount)
        self.keyCount = UInt16(truncatingIfNeeded: keyCount)
        self.mediaType = mediaType
        uncommitted = 0
        storedSeconds = 0
        clearFlags()
    }

    @inline(__always)
    func clearFlags() {
        flags = 0
        userFlags = 0
    }

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
