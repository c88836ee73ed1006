import Glibc

/// Media types of values, each kept once and named by a 16-bit index. Entries count as references;
/// a type without any goes, and its index is used again.
struct MediaTypes: ~Copyable {
    /// `application/octet-stream` and `application/json`; always there.
    static var octetStream: UInt16 { 0 }
    static var json: UInt16 { 1 }
    /// Bytes of a media type, at most.
    static var bytesMax: Int { 255 }
    /// Types at one time, the two fixed ones included.
    static var typesMax: Int { 65_535 }

    private static var octetStreamName: StaticString { "application/octet-stream" }
    private static var jsonName: StaticString { "application/json" }
    private static var firstFree: UInt16 { 2 }

    private struct Record {
        /// nil while the index is free.
        var bytes: UnsafeMutableRawPointer?
        var references: UInt32
        /// Of the bytes; of a free record the next free index, 0 none.
        var hash: UInt32
        var count: UInt8
    }

    private var records: UnsafeMutablePointer<Record>?
    private var recordCapacity = 0
    private var recordsTouched = Int(MediaTypes.firstFree)
    private var freeIndex: UInt16 = 0
    /// Open addressing by hash; 0 is an empty slot. Twice as many slots as records.
    private var slots: UnsafeMutablePointer<UInt16>?
    private var inUse = Int(MediaTypes.firstFree)
    /// The index given out last, while it may have no reference yet.
    private var pending: UInt16 = 0

    init() {}

    deinit {
        for index in Int(Self.firstFree)..<recordsTouched { free(records?[index].bytes) }
        free(records)
        free(slots)
    }

    /// The index of the type written as `bytes`, compared byte for byte. It holds until the next
    /// call unless it is retained. Nil when `bytes` are not 1…255, when 65,535 types are in use, or
    /// when the bound has no room for one more.
    mutating func index(
        for bytes: UnsafeRawBufferPointer, _ keyHash: KeyHash, _ memory: inout CacheMemory
    ) -> UInt16? {
        guard let start = bytes.baseAddress, 1...Self.bytesMax ~= bytes.count else { return nil }
        if Self.equals(Self.octetStreamName, start, bytes.count) { return Self.octetStream }
        if Self.equals(Self.jsonName, start, bytes.count) { return Self.json }
        let hash = UInt32(truncatingIfNeeded: keyHash.hash(bytes) &>> 32)
        if let index = find(start, bytes.count, hash) { return index }
        if pending != 0, let record = record(pending), record.pointee.references == 0 {
            remove(pending, &memory)
        }
        guard let index = insert(start, bytes.count, hash, &memory) else { return nil }
        pending = index
        return index
    }

    /// The bytes of the type `index`, which is in use; borrowed until the next mutation.
    @inline(__always)
    func bytes(_ index: UInt16) -> UnsafeRawBufferPointer {
        switch index {
        case Self.octetStream: return Self.bytes(Self.octetStreamName)
        case Self.json: return Self.bytes(Self.jsonName)
        default:
            guard let record = record(index) else { return Self.bytes(Self.octetStreamName) }
            return UnsafeRawBufferPointer(
                start: record.pointee.bytes, count: Int(record.pointee.count))
        }
    }

    @inline(__always)
    mutating func retain(_ index: UInt16) {
        if index >= Self.firstFree { record(index)?.pointee.references += 1 }
    }

    @inline(__always)
    mutating func release(_ index: UInt16, _ memory: inout CacheMemory) {
        if index >= Self.firstFree { releaseRecord(index, &memory) }
    }

    /// How many entries refer to `index`; 0 for the fixed types.
    func references(_ index: UInt16) -> Int {
        Int(record(index)?.pointee.references ?? 0)
    }

    @inline(never)
    private mutating func releaseRecord(_ index: UInt16, _ memory: inout CacheMemory) {
        guard let record = record(index) else { return }
        record.pointee.references -= 1
        if record.pointee.references == 0 { remove(index, &memory) }
    }

    @inline(__always)
    private func record(_ index: UInt16) -> UnsafeMutablePointer<Record>? {
        guard let records, index >= Self.firstFree, Int(index) < recordsTouched else { return nil }
        return records + Int(index)
    }

    /// The bytes of a literal, which last as long as the process.
    private static func bytes(_ text: StaticString) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    }

    @inline(__always)
    private static func equals(
        _ text: StaticString, _ start: UnsafeRawPointer, _ count: Int
    ) -> Bool {
        count == text.utf8CodeUnitCount && start.equals(text.utf8Start, count: count)
    }

    // MARK: The table

    private var slotMask: Int { recordCapacity * 2 - 1 }

    private func find(_ start: UnsafeRawPointer, _ count: Int, _ hash: UInt32) -> UInt16? {
        guard let records, let slots else { return nil }
        var slot = Int(hash) & slotMask
        while slots[slot] != 0 {
            let record = records[Int(slots[slot])]
            if record.hash == hash, Int(record.count) == count,
                let bytes = record.bytes, start.equals(bytes, count: count)
            {
                return slots[slot]
            }
            slot = (slot + 1) & slotMask
        }
        return nil
    }

    private mutating func insert(
        _ start: UnsafeRawPointer, _ count: Int, _ hash: UInt32, _ memory: inout CacheMemory
    ) -> UInt16? {
        guard inUse < Self.typesMax, reserveRecord(&memory), let records, let slots,
            memory.charge(Self.cost(count))
        else { return nil }
        guard let copy = malloc(count) else {
            memory.refund(Self.cost(count))
            return nil
        }
        memcpy(copy, start, count)
        let index: UInt16
        if freeIndex != 0 {
            index = freeIndex
            freeIndex = UInt16(truncatingIfNeeded: records[Int(index)].hash)
        } else {
            index = UInt16(recordsTouched)
            recordsTouched += 1
        }
        (records + Int(index)).initialize(
            to: Record(bytes: copy, references: 0, hash: hash, count: UInt8(count)))
        inUse += 1
        var slot = Int(hash) & slotMask
        while slots[slot] != 0 { slot = (slot + 1) & slotMask }
        slots[slot] = index
        return index
    }

    private mutating func remove(_ index: UInt16, _ memory: inout CacheMemory) {
        guard let records, let slots else { return }
        if pending == index { pending = 0 }
        let record = records[Int(index)]
        var hole = Int(record.hash) & slotMask
        while slots[hole] != index { hole = (hole + 1) & slotMask }
        var slot = hole
        while true {
            slot = (slot + 1) & slotMask
            if slots[slot] == 0 { break }
            let home = Int(records[Int(slots[slot])].hash)
            if (slot - home) & slotMask >= (slot - hole) & slotMask {
                slots[hole] = slots[slot]
                hole = slot
            }
        }
        slots[hole] = 0
        free(record.bytes)
        memory.refund(Self.cost(Int(record.count)))
        records[Int(index)] = Record(
            bytes: nil, references: 0, hash: UInt32(freeIndex), count: 0)
        freeIndex = index
        inUse -= 1
        if inUse == Int(Self.firstFree) { releaseStorage(&memory) }
    }

    // MARK: Storage

    /// What malloc makes of `count` bytes.
    private static func cost(_ count: Int) -> Int { max(32, (count + 8 + 15) / 16 * 16) }

    private static func storageCost(_ capacity: Int) -> Int {
        capacity * (MemoryLayout<Record>.stride + 2 * MemoryLayout<UInt16>.stride)
    }

    /// Makes sure that there is a record to use.
    private mutating func reserveRecord(_ memory: inout CacheMemory) -> Bool {
        if freeIndex != 0 || recordsTouched < recordCapacity { return true }
        let capacity = max(16, recordCapacity * 2)
        let growth = Self.storageCost(capacity) - Self.storageCost(recordCapacity)
        guard memory.charge(growth) else { return false }
        guard let grown = calloc(capacity * 2, MemoryLayout<UInt16>.stride) else {
            memory.refund(growth)
            return false
        }
        guard let moved = realloc(records, capacity * MemoryLayout<Record>.stride) else {
            free(grown)
            memory.refund(growth)
            return false
        }
        let newRecords = moved.bindMemory(to: Record.self, capacity: capacity)
        let newSlots = grown.bindMemory(to: UInt16.self, capacity: capacity * 2)
        free(slots)
        records = newRecords
        slots = newSlots
        recordCapacity = capacity
        for index in Int(Self.firstFree)..<recordsTouched {
            var slot = Int(newRecords[index].hash) & slotMask
            while newSlots[slot] != 0 { slot = (slot + 1) & slotMask }
            newSlots[slot] = UInt16(index)
        }
        return true
    }

    private mutating func releaseStorage(_ memory: inout CacheMemory) {
        memory.refund(Self.storageCost(recordCapacity))
        free(records)
        free(slots)
        records = nil
        slots = nil
        recordCapacity = 0
        recordsTouched = Int(Self.firstFree)
        freeIndex = 0
    }
}
