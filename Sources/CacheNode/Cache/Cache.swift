/// The keys and values of a node: bytes to bytes, bounded, with eviction by SIEVE.
///
/// It is pure: it knows no clock and no socket, and its randomness is the seed. It belongs to one
/// thread, and lies behind a pointer that its node holds. References to entries, and the bytes got
/// by them, hold until the next mutating call.
///
/// A write goes in two steps. `make` gives a detached entry of the right size, whose value is
/// filled in as it arrives; `publish` puts it in the place of what the key had. When `make` gives
/// none, there is no room within the bound: the caller evicts (`evictionCandidate`, then `remove`)
/// and asks again, or refuses.
struct Cache: ~Copyable {
    /// Bytes of a key, at most.
    static var keyBytesMax: Int { 511 }
    /// The smallest bound.
    static var bytesMin: Int { CacheMemory.bytesMin }

    let keyHash: KeyHash
    let entries: EntrySpace
    var memory: CacheMemory
    var table: HashTable
    var slabs = EntrySlabs()
    var largeValues = LargeValues()
    var queue = EvictionQueue()
    var mediaTypes = MediaTypes()
    /// Entries made, and neither published nor discarded yet.
    var detachedCount = 0
    /// Published entries that say that their key does not exist.
    var absentCount = 0
    /// Published entries whose value is not held.
    var tagCount = 0
    /// The sum of what `readAhead` read: without a use it would not be read.
    var wordsReadAhead: UInt64 = 0
    /// False at a root: there only absent entries and tags are evicted.
    let evictsValues: Bool

    /// A cache of at most `bytesMax` bytes (at least `bytesMin`). `seed` must be secret and random,
    /// or peers can choose colliding keys. Its `bytesMax` is less than asked for if the kernel
    /// refuses that much address space; it throws if it refuses `bytesMin`.
    ///
    /// Without `evictsValues` no value is ever an eviction candidate. With it, one page of 32 is
    /// kept for the tags that evicted values leave behind.
    init(
        bytesMax: Int, seed: (UInt64, UInt64), evictsValues: Bool = true
    ) throws(CacheError) {
        var memory = try CacheMemory(bytesMax: bytesMax, keepsTagPages: evictsValues)
        self.evictsValues = evictsValues
        keyHash = KeyHash(seed: seed)
        entries = EntrySpace(base: memory.base)
        table = HashTable(&memory)
        self.memory = memory
    }

    /// Published entries that have a value.
    var count: Int { table.count - absentCount - tagCount }

    /// Bytes held now, at most `bytesMax`: pages, table, values outside pages, media types.
    var bytesUsed: Int { memory.bytesUsed }

    var bytesMax: Int { memory.bytesMax }

    /// Whether a key and value of these sizes would fit, were the cache otherwise empty.
    func fits(keyCount: Int, valueCount: Int) -> Bool {
        guard 1...Self.keyBytesMax ~= keyCount, 0...Int(UInt32.max) ~= valueCount else {
            return false
        }
        return CacheMemory.pageBytes + Self.externalBytes(keyCount, valueCount)
            <= memory.bytesLeftWhenEmpty
    }

    /// Bytes that can be taken without evicting anything.
    var bytesFree: Int { memory.bytesFree }

    /// Bytes that a value takes outside the arena: 0 if it lies within.
    static func externalBytes(_ keyCount: Int, _ valueCount: Int) -> Int {
        isExternal(keyCount, valueCount) ? LargeValues.cost(valueCount) : 0
    }

    static func isExternal(_ keyCount: Int, _ valueCount: Int) -> Bool {
        Entry.headerBytes + keyCount + valueCount > EntrySlabs.entryBytesMax
    }
}

// MARK: - Reading

extension Cache {
    @inline(__always)
    func hash(_ key: UnsafeRawBufferPointer) -> UInt64 { keyHash.hash(key) }

    /// The entry of `key`, or none. Not a read: SIEVE doesn't hear of it.
    @inline(__always)
    func find(_ key: UnsafeRawBufferPointer) -> EntryReference {
        guard let start = key.baseAddress else { return .none }
        guard KeyHash.isMidsize(key.count) else {
            return table.lookup.find(key, keyHash.hash(key), entries)
        }
        return findMidsize(start, key.count, keyHash.midsizeHash(start, key.count))
    }

    @inline(__always)
    func find(_ key: UnsafeRawBufferPointer, hash: UInt64) -> EntryReference {
        guard let start = key.baseAddress else { return .none }
        guard KeyHash.isMidsize(key.count) else { return table.lookup.find(key, hash, entries) }
        return findMidsize(start, key.count, hash)
    }

    /// The entry of `key`, or none; SIEVE takes note.
    @inline(__always)
    func read(_ key: UnsafeRawBufferPointer) -> EntryReference {
        let reference = find(key)
        if !reference.isNone { visit(reference) }
        return reference
    }

    /// SIEVE takes note that an entry was read.
    @inline(__always)
    func visit(_ reference: EntryReference) { entries[reference].visit() }

    @inline(__always)
    private func findMidsize(
        _ start: UnsafeRawPointer, _ count: Int, _ hash: UInt64
    ) -> EntryReference {
        table.lookup.find(hash, entries) { entry in
            Int(truncatingIfNeeded: entry.keyCount) == count
                && start.equalsMidsize(entry.base + Entry.headerBytes, count: count)
        }
    }

    /// The entry with this hash, which is almost surely the one with the key of this hash, or none;
    /// no entry is touched to say so. For keys that come together: find all their candidates, then
    /// look at them with `isKey`; the waits of each step overlap, which halves the time of a batch
    /// among a million keys.
    @inline(__always)
    func candidate(_ hash: UInt64) -> EntryReference { table.lookup.candidate(hash) }

    /// Whether the entry is that of the key, which is not empty.
    @inline(__always)
    func isKey(_ key: UnsafeRawBufferPointer, of reference: EntryReference) -> Bool {
        let entry = entries[reference]
        guard let start = key.baseAddress,
            Int(truncatingIfNeeded: entry.keyCount) == key.count
        else { return false }
        let other = UnsafeRawPointer(entry.base + Entry.headerBytes)
        return KeyHash.isMidsize(key.count)
            ? start.equalsMidsize(other, count: key.count)
            : start.equals(other, count: key.count)
    }
}
