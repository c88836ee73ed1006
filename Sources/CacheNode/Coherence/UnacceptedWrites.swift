/// The writes that were sent in this session and not accepted yet, oldest first.
struct UnacceptedWrites {
    struct Write {
        let number: UInt64
        let byteCount: Int
    }

    /// Vacant places kept at the front before the array is compacted.
    private static let compactionCount = 1024

    private var writes: [Write] = []
    private var head = 0
    private(set) var byteCount = 0

    var count: Int { writes.count - head }
    var isEmpty: Bool { count == 0 }

    mutating func append(_ write: Write) {
        writes.append(write)
        byteCount += write.byteCount
    }

    /// Takes out the oldest; there must be one.
    mutating func removeFirst() -> Write {
        let write = writes[head]
        byteCount -= write.byteCount
        head += 1
        if head == writes.count {
            writes.removeAll(keepingCapacity: head <= Self.compactionCount)
            head = 0
        } else if head >= Self.compactionCount, head * 2 >= writes.count {
            writes.removeFirst(head)
            head = 0
        }
        return write
    }

    mutating func removeAll() { self = UnacceptedWrites() }
}
