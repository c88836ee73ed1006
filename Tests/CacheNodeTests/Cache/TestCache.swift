import Glibc

@testable import CacheNode

/// A cache behind a pointer, as in a node, spoken to in arrays.
final class TestCache {
    let cache: UnsafeMutablePointer<Cache>

    init(bytesMax: Int = 64 << 20, seed: (UInt64, UInt64) = (1, 2)) throws {
        cache = .allocate(capacity: 1)
        do {
            cache.initialize(to: try Cache(bytesMax: bytesMax, seed: seed))
        } catch {
            cache.deallocate()
            throw error
        }
    }

    deinit {
        cache.deinitialize(count: 1)
        cache.deallocate()
    }

    var count: Int { cache.pointee.count }
    var bytesUsed: Int { cache.pointee.bytesUsed }

    /// What the cache holds but for the pool of free pages.
    var bytesHeld: Int {
        cache.pointee.memory.trim()
        return bytesUsed
    }

    func find(_ key: [UInt8]) -> EntryReference {
        key.withUnsafeBytes { cache.pointee.find($0) }
    }

    func read(_ key: [UInt8]) -> EntryReference {
        key.withUnsafeBytes { cache.pointee.read($0) }
    }

    func value(_ key: [UInt8]) -> [UInt8]? {
        let reference = find(key)
        return reference.isNone ? nil : Array(cache.pointee.value(of: reference))
    }

    func key(of reference: EntryReference) -> [UInt8] { Array(cache.pointee.key(of: reference)) }

    /// A detached entry with its value filled in.
    func make(
        _ key: [UInt8], _ value: [UInt8], mediaType: UInt16 = 0, absent: Bool = false
    ) -> EntryReference {
        let reference = key.withUnsafeBytes {
            cache.pointee.make(
                key: $0, valueCount: value.count, mediaType: mediaType, absent: absent)
        }
        if !reference.isNone { cache.pointee.valueBytes(of: reference).copyBytes(from: value) }
        return reference
    }

    /// Makes and publishes; false when there was no room.
    @discardableResult
    func put(
        _ key: [UInt8], _ value: [UInt8] = [], mediaType: UInt16 = 0, absent: Bool = false,
        uncommitted: UInt32 = 0
    ) -> Bool {
        let reference = make(key, value, mediaType: mediaType, absent: absent)
        if reference.isNone { return false }
        cache.pointee.setUncommitted(uncommitted, of: reference)
        cache.pointee.publish(reference)
        return true
    }

    /// The same, evicting as long as it takes; false when nothing is left to evict.
    func putEvicting(_ key: [UInt8], _ value: [UInt8]) -> Bool {
        while !put(key, value) {
            let victim = cache.pointee.evictionCandidate()
            if victim.isNone { return false }
            cache.pointee.remove(victim)
        }
        return true
    }

    @discardableResult
    func remove(_ key: [UInt8]) -> Bool {
        let reference = find(key)
        if reference.isNone { return false }
        cache.pointee.remove(reference)
        return true
    }

    func publish(_ reference: EntryReference) { cache.pointee.publish(reference) }

    func candidate() -> EntryReference { cache.pointee.evictionCandidate() }

    func isAbsent(_ key: [UInt8]) -> Bool { cache.pointee.isAbsent(find(key)) }

    func uncommitted(_ key: [UInt8]) -> UInt32 { cache.pointee.uncommitted(of: find(key)) }

    func setUncommitted(_ sequence: UInt32, _ key: [UInt8]) {
        cache.pointee.setUncommitted(sequence, of: find(key))
    }

    func fits(_ keyCount: Int, _ valueCount: Int) -> Bool {
        cache.pointee.fits(keyCount: keyCount, valueCount: valueCount)
    }

    func removeAll() {
        var cursor: UInt32? = 0
        while let position = cursor {
            cursor = cache.pointee.removeSome(from: position, entriesMax: 1000)
        }
    }

    func mediaType(_ text: String) -> UInt16? {
        Array(text.utf8).withUnsafeBytes { cache.pointee.mediaTypeIndex(for: $0) }
    }

    func references(_ mediaType: UInt16) -> Int {
        cache.pointee.mediaTypes.references(mediaType)
    }

    func mediaTypeText(_ index: UInt16) -> String {
        String(decoding: cache.pointee.mediaTypeBytes(index), as: UTF8.self)
    }
}

/// Pages behind a pointer, without a cache.
final class TestMemory {
    let memory: UnsafeMutablePointer<CacheMemory>

    init(bytesMax: Int) throws {
        memory = .allocate(capacity: 1)
        memory.initialize(to: try CacheMemory(bytesMax: bytesMax))
    }

    deinit {
        memory.deinitialize(count: 1)
        memory.deallocate()
    }

    var bytesUsed: Int { memory.pointee.bytesUsed }

    func take() -> UInt32? { memory.pointee.takePage() }

    func give(_ page: UInt32) { memory.pointee.givePage(page) }

    func charge(_ bytes: Int) -> Bool { memory.pointee.charge(bytes) }

    func firstWord(_ page: UInt32) -> UnsafeMutablePointer<Int> {
        memory.pointee.address(ofPage: page).assumingMemoryBound(to: Int.self)
    }
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// 16 bytes for a number.
func key(_ number: Int) -> [UInt8] {
    withUnsafeBytes(of: (number.bigEndian, number)) { Array($0) }
}

/// How much the costly tests do: a debug build is some 20 times slower.
func scaled(debug: Int, release: Int) -> Int {
    #if DEBUG
        debug
    #else
        release
    #endif
}

/// Set by `make sanitize`: there an exit test's process never counts as ended.
let isUnderSanitizer = getenv("CANOPY_SANITIZER") != nil
