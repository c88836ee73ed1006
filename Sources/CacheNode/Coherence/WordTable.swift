/// A hash table from two words to a third, which isn't 0: for what every write looks up.
///
/// Open addressing, linear probing, no tombstones. Its seed is this process's own, so that nobody
/// can choose words that collide.
struct WordTable: ~Copyable {
    private struct Slot {
        var first: UInt64 = 0
        var second: UInt64 = 0
        /// 0: the slot is free.
        var value: UInt64 = 0
    }

    private static var capacityMin: Int { 16 }
    /// Slots that are kept when nothing is in the table any more.
    private static var keptCapacity: Int { 4096 }

    private var slots: UnsafeMutablePointer<Slot>
    private var mask: Int
    private let seed: UInt64
    private(set) var count = 0

    init() {
        seed = UInt64(truncatingIfNeeded: "WordTable".hashValue) | 1
        slots = Self.allocate(Self.capacityMin)
        mask = Self.capacityMin - 1
    }

    deinit { slots.deallocate() }

    var isEmpty: Bool { count == 0 }

    /// 0 stands for none, both ways.
    subscript(_ first: UInt64, _ second: UInt64 = 0) -> UInt64 {
        @inline(__always) get { slots[place(first, second)].value }
        @inline(__always) set {
            if newValue == 0 { remove(first, second) } else { set(first, second, newValue) }
        }
    }

    /// Takes a value out; 0 if there is none.
    mutating func take(_ first: UInt64, _ second: UInt64 = 0) -> UInt64 {
        remove(first, second)
    }

    mutating func removeAll() {
        count = 0
        resize(Self.capacityMin)
    }

    // MARK: Helpers

    @inline(__always)
    private func home(_ first: UInt64, _ second: UInt64) -> Int {
        let sum = (first ^ seed).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        let product = (sum.high ^ sum.low ^ second).multipliedFullWidth(by: seed)
        // Numbers that follow each other must not lie side by side: a run is walked at a removal.
        let mixed = (product.high ^ product.low) &* 0x9E37_79B9_7F4A_7C15
        return Int(truncatingIfNeeded: mixed &>> 32) & mask
    }

    /// The slot of these words, or the free one where they would go.
    @inline(__always)
    private func place(_ first: UInt64, _ second: UInt64) -> Int {
        var index = home(first, second)
        while slots[index].value != 0,
            slots[index].first != first || slots[index].second != second
        {
            index = (index &+ 1) & mask
        }
        return index
    }

    private mutating func set(_ first: UInt64, _ second: UInt64, _ value: UInt64) {
        let index = place(first, second)
        if slots[index].value == 0 {
            count &+= 1
            guard count &* 2 <= mask else {
                count &-= 1
                resize((mask + 1) * 2)
                return set(first, second, value)
            }
        }
        slots[index] = Slot(first: first, second: second, value: value)
    }

    /// Gives what the value was. Later slots of the run move up.
    @discardableResult
    private mutating func remove(_ first: UInt64, _ second: UInt64) -> UInt64 {
        var hole = place(first, second)
        let value = slots[hole].value
        guard value != 0 else { return 0 }
        var index = hole
        while true {
            index = (index &+ 1) & mask
            let slot = slots[index]
            if slot.value == 0 { break }
            let distance = (index &- home(slot.first, slot.second)) & mask
            if distance >= (index &- hole) & mask {
                slots[hole] = slot
                hole = index
            }
        }
        slots[hole].value = 0
        count &-= 1
        if count == 0, mask >= Self.keptCapacity { resize(Self.capacityMin) }
        return value
    }

    private mutating func resize(_ capacity: Int) {
        let old = slots
        let oldCapacity = mask + 1
        let isKept = count > 0
        slots = Self.allocate(capacity)
        mask = capacity - 1
        for index in 0..<oldCapacity where isKept && old[index].value != 0 {
            slots[place(old[index].first, old[index].second)] = old[index]
        }
        old.deallocate()
    }

    private static func allocate(_ capacity: Int) -> UnsafeMutablePointer<Slot> {
        let slots = UnsafeMutablePointer<Slot>.allocate(capacity: capacity)
        slots.initialize(repeating: Slot(), count: capacity)
        return slots
    }
}
