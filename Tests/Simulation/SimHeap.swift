/// A priority queue of objects by time; objects of the same time come out as they went in.
///
/// A binary heap of plain values: an object is retained while it is in, and moving it about costs
/// no reference counting.
struct SimHeap<Object: AnyObject>: ~Copyable {
    private struct Entry {
        var time: UInt64
        var order: UInt64
        var object: Unmanaged<Object>

        @inline(__always)
        func precedes(_ other: Entry) -> Bool {
            time != other.time ? time < other.time : order < other.order
        }
    }

    private var entries = UnsafeMutablePointer<Entry>.allocate(capacity: 16)
    private var capacity = 16
    private(set) var count = 0
    private var nextOrder: UInt64 = 0

    init() {}

    deinit {
        for index in 0..<count { entries[index].object.release() }
        entries.deallocate()
    }

    var isEmpty: Bool { count == 0 }

    /// The time of the next object; the queue must not be empty.
    var firstTime: UInt64 { entries[0].time }

    /// The next object; the queue must not be empty.
    var first: Object { entries[0].object.takeUnretainedValue() }

    mutating func push(_ object: Object, at time: UInt64) {
        if count == capacity { grow() }
        let entry = Entry(time: time, order: nextOrder, object: .passRetained(object))
        nextOrder &+= 1
        var index = count
        count &+= 1
        while index > 0 {
            let parent = (index &- 1) / 2
            guard entry.precedes(entries[parent]) else { break }
            entries[index] = entries[parent]
            index = parent
        }
        entries[index] = entry
    }

    /// Takes out the next object; the queue must not be empty.
    mutating func popFirst() -> Object {
        let first = entries[0].object
        count &-= 1
        if count > 0 { settle(entries[count], from: 0) }
        return first.takeRetainedValue()
    }

    /// Takes out all objects of which `isKept` says no.
    mutating func removeAll(unless isKept: (Object) -> Bool) {
        var kept = 0
        for index in 0..<count {
            if isKept(entries[index].object.takeUnretainedValue()) {
                entries[kept] = entries[index]
                kept += 1
            } else {
                entries[index].object.release()
            }
        }
        count = kept
        for index in stride(from: count / 2 - 1, through: 0, by: -1) {
            settle(entries[index], from: index)
        }
    }

    /// Puts `entry` where it belongs at or below the free place `index`.
    private func settle(_ entry: Entry, from index: Int) {
        var index = index
        while true {
            var child = 2 &* index &+ 1
            guard child < count else { break }
            if child &+ 1 < count, entries[child &+ 1].precedes(entries[child]) { child &+= 1 }
            guard entries[child].precedes(entry) else { break }
            entries[index] = entries[child]
            index = child
        }
        entries[index] = entry
    }

    private mutating func grow() {
        let larger = UnsafeMutablePointer<Entry>.allocate(capacity: capacity * 2)
        larger.moveInitialize(from: entries, count: count)
        entries.deallocate()
        entries = larger
        capacity *= 2
    }
}
