import Glibc
import Simulation

@testable import CacheNode

/// A cache behind a pointer, as in a node, spoken to in arrays.
final class TestCache {
    let cache: UnsafeMutablePointer<Cache>

    init(
        bytesMax: Int = 64 << 20, seed: (UInt64, UInt64) = (1, 2), evictsValues: Bool = true
    ) throws {
        cache = .allocate(capacity: 1)
        do {
            cache.initialize(
                to: try Cache(bytesMax: bytesMax, seed: seed, evictsValues: evictsValues))
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
    var absentCount: Int { cache.pointee.absentCount }
    var tagCount: Int { cache.pointee.tagCount }
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
        _ key: [UInt8], _ value: [UInt8], mediaType: UInt16 = 0, kind: EntryKind = .value
    ) -> EntryReference {
        let reference = key.withUnsafeBytes {
            cache.pointee.make(
                key: $0, valueCount: value.count, mediaType: mediaType, kind: kind)
        }
        if !reference.isNone { cache.pointee.valueBytes(of: reference).copyBytes(from: value) }
        return reference
    }

    /// Makes and publishes; false when there was no room.
    @discardableResult
    func put(
        _ key: [UInt8], _ value: [UInt8] = [], mediaType: UInt16 = 0, kind: EntryKind = .value,
        uncommitted: UInt64 = 0
    ) -> Bool {
        let reference = make(key, value, mediaType: mediaType, kind: kind)
        if reference.isNone { return false }
        setUncommitted(uncommitted, reference)
        cache.pointee.publish(reference)
        return true
    }

    /// The same, evicting as long as it takes; false when nothing is left to evict. With
    /// `leavesTags` values become tags where that makes room.
    func putEvicting(_ key: [UInt8], _ value: [UInt8], leavesTags: Bool = false) -> Bool {
        while !put(key, value) {
            let victim = cache.pointee.evictionCandidate()
            if victim.isNone { return false }
            if leavesTags, cache.pointee.shrinkFreesMemory(victim) {
                _ = cache.pointee.shrinkToTag(victim)
            } else {
                cache.pointee.remove(victim)
            }
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

    /// The write that lies over the entry; 0 none.
    func uncommitted(_ key: [UInt8]) -> UInt64 {
        let reference = find(key)
        return cache.pointee.isUncommitted(reference) ? cache.pointee.version(of: reference) : 0
    }

    func setUncommitted(_ sequence: UInt64, _ key: [UInt8]) { setUncommitted(sequence, find(key)) }

    private func setUncommitted(_ sequence: UInt64, _ reference: EntryReference) {
        cache.pointee.setVersion(sequence, of: reference)
        cache.pointee.setUncommitted(sequence != 0, of: reference)
    }

    func fits(_ keyCount: Int, _ valueCount: Int) -> Bool {
        cache.pointee.fits(keyCount: keyCount, valueCount: valueCount)
    }

    func removeAll() { sweep { _ in true } }

    /// Removes what `body` says, some at a time.
    func sweep(stepsMax: Int = 1000, _ body: (EntryReference) -> Bool) {
        var cursor: UInt32? = 0
        while let position = cursor {
            cursor = cache.pointee.sweep(from: position, stepsMax: stepsMax) { body($1) }
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

    init(bytesMax: Int, keepsTagPages: Bool = false) throws {
        memory = .allocate(capacity: 1)
        memory.initialize(
            to: try CacheMemory(bytesMax: bytesMax, keepsTagPages: keepsTagPages))
    }

    deinit {
        memory.deinitialize(count: 1)
        memory.deallocate()
    }

    var bytesUsed: Int { memory.pointee.bytesUsed }

    func take() -> UInt32? { memory.pointee.takePage() }

    func takeForTag() -> UInt32? { memory.pointee.takePageForTag() }

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

/// Set by `make sanitize`.
let isUnderSanitizer = getenv("CANOPY_SANITIZER") != nil

/// Mostly small values, some near the limits of pages, some outside them.
func randomValue(_ random: inout SimRandom) -> [UInt8] {
    let count =
        switch Int.random(in: 0..<200, using: &random) {
        case 0: Int.random(in: 100_000..<300_000, using: &random)
        case 1...3: Int.random(in: 15_000..<20_000, using: &random)
        case 4...20: Int.random(in: 200..<5000, using: &random)
        default: Int.random(in: 0..<100, using: &random)
        }
    var value = [UInt8](repeating: UInt8(truncatingIfNeeded: count), count: count)
    if count > 0 {
        value[0] = UInt8.random(in: 0...255, using: &random)
        value[count - 1] = UInt8.random(in: 0...255, using: &random)
    }
    return value
}

/// Keys of 1…40 bytes, a few thousand in all.
func randomKey(_ random: inout SimRandom, _ keys: Int) -> [UInt8] {
    let number = Int.random(in: 0..<keys, using: &random)
    return [UInt8](repeating: 0x6B, count: number % 37) + bytes(String(number))
}
