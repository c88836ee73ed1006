/// Writes by their numbers, which follow each other: the newest comes last, and any may leave.
///
/// It is a ring: a write lies at its number modulo the capacity, which is a power of two.
struct NumberedWrites: ~Copyable {
    private static var capacityMin: Int { 16 }
    /// Places that are kept when nothing is here any more.
    private static var keptCapacity: Int { 4096 }

    /// Nil where a write has left, and where there is none yet.
    private var places: UnsafeMutablePointer<UpwardWrite?>
    private var capacity: Int
    /// The oldest write's number; `end`, if there is none.
    private(set) var start: UInt64 = 1
    /// The number that the next write will have: 1, 2, …
    private(set) var end: UInt64 = 1

    init() {
        capacity = Self.capacityMin
        places = Self.allocate(capacity)
    }

    deinit {
        places.deinitialize(count: capacity)
        places.deallocate()
    }

    /// Numbers from the oldest write's to the newest one's, those that have left between them
    /// included.
    @inline(__always)
    var span: Int { Int(truncatingIfNeeded: end &- start) }

    @inline(__always)
    mutating func append(_ write: consuming UpwardWrite) {
        if span == capacity { resize(capacity * 2) }
        place(end).initialize(to: write)
        end &+= 1
    }

    /// The write with this number, unless it has left.
    subscript(number: UInt64) -> UpwardWrite? { isWithin(number) ? place(number).pointee : nil }

    /// Takes out the write with this number; nil if it has left already.
    mutating func take(_ number: UInt64) -> UpwardWrite? {
        guard isWithin(number) else { return nil }
        let write = place(number).pointee.take()
        while start < end, place(start).pointee == nil { start &+= 1 }
        if start == end, capacity > Self.keptCapacity { resize(Self.capacityMin) }
        return write
    }

    @inline(__always)
    private func isWithin(_ number: UInt64) -> Bool { start <= number && number < end }

    @inline(__always)
    private func place(_ number: UInt64) -> UnsafeMutablePointer<UpwardWrite?> {
        places + (Int(truncatingIfNeeded: number) & (capacity &- 1))
    }

    /// To a capacity of `span` at least.
    @inline(never)
    private mutating func resize(_ newCapacity: Int) {
        let resized = Self.allocate(newCapacity)
        for number in start..<end {
            resized[Int(truncatingIfNeeded: number) & (newCapacity - 1)] = place(number).pointee
        }
        places.deinitialize(count: capacity)
        places.deallocate()
        places = resized
        capacity = newCapacity
    }

    private static func allocate(_ capacity: Int) -> UnsafeMutablePointer<UpwardWrite?> {
        let places = UnsafeMutablePointer<UpwardWrite?>.allocate(capacity: capacity)
        places.initialize(repeating: nil, count: capacity)
        return places
    }
}
