/// Requests that were sent and not answered yet, in their order.
struct PendingRequests {
    struct Entry {
        var xid: Int32
        var opcode: Opcode
        var id: Int
        var watchChange: WatchChange
        var sentAt: UInt64
        var byteCount: Int
    }

    private var entries: [Entry] = []
    private var head = 0
    private(set) var byteCount = 0

    var count: Int { entries.count - head }

    var first: Entry? { head < entries.count ? entries[head] : nil }

    mutating func append(_ entry: Entry) {
        entries.append(entry)
        byteCount += entry.byteCount
    }

    /// Takes out the oldest; there must be one.
    mutating func removeFirst() {
        byteCount -= entries[head].byteCount
        head += 1
        if head == entries.count {
            entries.removeAll(keepingCapacity: head <= 1024)
            head = 0
        } else if head >= 1024, head * 2 >= entries.count {
            entries.removeFirst(head)
            head = 0
        }
    }

    /// Takes out all, oldest first.
    mutating func removeAll() -> ArraySlice<Entry> {
        let all = entries[head...]
        self = PendingRequests()
        return all
    }
}
