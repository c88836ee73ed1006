/// A write on its way up.
struct UpwardWrite {
    enum Change {
        case put(value: [UInt8], mediaType: [UInt8])
        case delete
    }

    /// The node where the write was made, in its present incarnation.
    var origin: UInt64
    /// Its number there.
    var sequence: UInt64
    var condition: WriteCondition = .none
    let key: [UInt8]
    let change: Change
    /// The children it came from, to which its commit goes back; none when it was made here. More
    /// than one has it when its writer moved from one to another: each waits for the commit.
    var routes: [ChildID] = []
    /// It may have been sent before, in another session.
    var isAgain = false
    /// It lies over an entry of this node, unless a later write does.
    var isOverlay = false
    /// When it was queued, on the loop's clock.
    var queuedMilliseconds: Int64 = 0

    /// Bytes that this write takes in the queue, its own bookkeeping included.
    var byteCount: Int {
        switch change {
        case .put(let value, let mediaType): key.count + value.count + mediaType.count + 160
        case .delete: key.count + 160
        }
    }
}

/// The writes on their way to the parent, in order. It decides what is sent when.
///
/// To a parent that is linked a write is sent once per session, and stays until the root's commit
/// comes back (rule 8); everything is sent again, in order, on a new session. To a parent in plain
/// HTTP writes go out a window at a time; when one fails, all behind it are sent again after it
/// ("go back N"): a write is idempotent, so repeating is harmless, while skipping or reordering is
/// not. A pause before each new try doubles from `retryMillisecondsMin` to `retryMillisecondsMax`.
final class UpwardQueue {
    static let retryMillisecondsMin: UInt64 = 50
    static let retryMillisecondsMax: UInt64 = 2_000
    /// Vacant places kept at the front before the array is compacted.
    private static let compactionCount = 1024

    /// A write that is to be sent now.
    struct Sending {
        let number: UInt64
        let write: UpwardWrite
        /// Which try this is; an answer to an earlier try no longer counts.
        let generation: UInt64
    }

    private struct Name: Hashable {
        let origin: UInt64
        let sequence: UInt64
    }

    private let countMax: Int
    private let bytesMax: Int
    /// Nil where a write has left from behind the front.
    private var writes: [UpwardWrite?] = []
    private var head = 0
    private var headNumber: UInt64 = 1
    private var numbers: [Name: UInt64] = [:]
    private var sentCount = 0
    private var generation: UInt64 = 0
    /// Writes that wait.
    private(set) var count = 0
    /// Bytes of the writes that wait.
    private(set) var byteCount = 0
    /// Failed tries since the last success.
    private(set) var failureCount = 0

    init(countMax: Int, bytesMax: Int) {
        self.countMax = countMax
        self.bytesMax = bytesMax
    }

    var isEmpty: Bool { count == 0 }
    /// The number that the next write will have: 1, 2, …
    var nextNumber: UInt64 { headNumber + UInt64(writes.count - head) }

    /// Whether one more write may be queued; into an empty queue any may, or it would never leave
    /// the node below.
    func hasRoom(byteCount: Int) -> Bool {
        count == 0 || (count < countMax && self.byteCount + byteCount <= bytesMax)
    }

    /// Queues a write; returns its number.
    @discardableResult
    func append(_ write: UpwardWrite) -> UInt64 {
        let number = nextNumber
        numbers[Name(origin: write.origin, sequence: write.sequence)] = number
        writes.append(write)
        count += 1
        byteCount += write.byteCount
        return number
    }

    /// The number of a write that waits.
    func number(origin: UInt64, sequence: UInt64) -> UInt64? {
        numbers[Name(origin: origin, sequence: sequence)]
    }

    /// The commit of this write goes back to `route` too; of the other ways those that still exist
    /// stay.
    func addRoute(_ route: ChildID, to number: UInt64, keeping exists: (ChildID) -> Bool) {
        let index = index(of: number)
        writes[index]?.routes.removeAll { $0 == route || !exists($0) }
        writes[index]?.routes.append(route)
    }

    /// The writes that depend on something, oldest first.
    var conditional: [(number: UInt64, write: UpwardWrite)] {
        (head..<writes.count).compactMap { index in
            guard let write = writes[index], write.condition != .none else { return nil }
            return (headNumber + UInt64(index - head), write)
        }
    }

    /// The newest write of `key` that waits and is older than the one with this number: there is
    /// none but when commits come in another order than that of this queue, because a writer went
    /// over to another way.
    func newest(of key: UnsafeRawBufferPointer, before number: UInt64) -> (UInt64, UpwardWrite)? {
        var older = number
        while older > headNumber {
            older -= 1
            if let write = writes[index(of: older)], write.isOverlay,
                write.key.withUnsafeBytes({ $0.elementsEqual(key) })
            {
                return (older, write)
            }
        }
        return nil
    }

    /// The next write to send when at most `window` may be unanswered; after a failure only one, as
    /// a probe.
    func next(window: Int) -> Sending? {
        let allowed = failureCount == 0 ? window : 1
        while sentCount < min(allowed, writes.count - head) {
            let index = sentCount
            sentCount += 1
            guard let write = writes[head + index] else { continue }
            return Sending(
                number: headNumber + UInt64(index), write: write, generation: generation)
        }
        return nil
    }

    /// Whether an answer to this try still counts.
    func isCurrent(_ sending: Sending) -> Bool {
        sending.generation == generation && sending.number == headNumber
    }

    /// The parent has the oldest write, or will never take it: it leaves the queue. `isCurrent`
    /// must have said yes.
    func removeFirst() {
        precondition(sentCount > 0, "a write was answered that had not been sent")
        remove(headNumber)
        failureCount = 0
    }

    /// The write with this number leaves the queue.
    @discardableResult
    func remove(_ number: UInt64) -> UpwardWrite? {
        let index = index(of: number)
        guard let write = writes[index] else { return nil }
        writes[index] = nil
        numbers[Name(origin: write.origin, sequence: write.sequence)] = nil
        count -= 1
        byteCount -= write.byteCount
        while head < writes.count, writes[head] == nil {
            head += 1
            headNumber += 1
            sentCount = max(0, sentCount - 1)
        }
        if head >= Self.compactionCount, head * 2 >= writes.count {
            writes.removeFirst(head)
            head = 0
        }
        return write
    }

    /// A try failed: everything not accepted will be sent again. Returns the pause before that in
    /// milliseconds.
    func onFailure() -> UInt64 {
        recall()
        failureCount += 1
        let doublings = min(failureCount - 1, 16)
        return min(Self.retryMillisecondsMin << UInt64(doublings), Self.retryMillisecondsMax)
    }

    /// The parent is another one now, or a new session began: everything goes to it from the start.
    func restart() {
        recall()
        failureCount = 0
    }

    /// What was sent may have arrived, and goes out again.
    private func recall() {
        for index in head..<(head + sentCount) { writes[index]?.isAgain = true }
        generation += 1
        sentCount = 0
    }

    private func index(of number: UInt64) -> Int { head + Int(number - headNumber) }
}
