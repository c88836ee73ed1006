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
    /// Writes that are kept for their memory.
    private static let sparesMax = 1024

    /// A write that is to be sent now.
    struct Sending {
        let number: UInt64
        let write: UpwardWrite
        /// Which try this is; an answer to an earlier try no longer counts.
        let generation: UInt64
    }

    private let countMax: Int
    private let bytesMax: Int
    private var writes = NumberedWrites()
    /// The number of each write that waits, by its origin and its number there.
    private var numbers = WordTable()
    /// Reusable writes that nobody has any more.
    private var spares: [UpwardWrite] = []
    /// The number of the first write that this try hasn't sent yet.
    private var unsentNumber: UInt64 = 1
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
    @inline(__always)
    var nextNumber: UInt64 { writes.end }

    /// Whether one more write may be queued; into an empty queue any may, or it would never leave
    /// the node below.
    @inline(__always)
    func hasRoom(byteCount: Int) -> Bool {
        count == 0 || (count < countMax && self.byteCount + byteCount <= bytesMax)
    }

    /// Queues a write, which was sent already if `isSent` (`isAllSent` must have said yes); returns
    /// its number.
    @discardableResult
    @inline(__always)
    func append(_ write: consuming UpwardWrite, isSent: Bool = false) -> UInt64 {
        let number = nextNumber
        numbers[write.origin, write.sequence] = number
        count += 1
        byteCount += write.byteCount
        if isSent { unsentNumber &+= 1 }
        writes.append(write)
        return number
    }

    /// The number of a write that waits.
    @inline(__always)
    func number(origin: UInt64, sequence: UInt64) -> UInt64? {
        let number = numbers[origin, sequence]
        return number == 0 ? nil : number
    }

    /// The commit of this write goes back to `route` too; of the other ways those that still exist
    /// stay.
    func addRoute(_ route: ChildID, to number: UInt64, keeping exists: (ChildID) -> Bool) {
        writes[number]?.routes.add(route, keeping: exists)
    }

    /// The writes that depend on something, oldest first.
    var conditional: [(number: UInt64, write: UpwardWrite)] {
        (writes.start..<writes.end).compactMap { number in
            guard let write = writes[number], !write.condition.isNone else { return nil }
            return (number, write)
        }
    }

    /// The newest write of `key` that waits and is older than the one with this number: there is
    /// none but when commits come in another order than that of this queue, because a writer went
    /// over to another way.
    func newest(of key: UnsafeRawBufferPointer, before number: UInt64) -> (UInt64, UpwardWrite)? {
        var older = number
        while older > writes.start {
            older -= 1
            if let write = writes[older], write.isOverlay,
                write.withBorrowed({ other, _ in other.elementsEqual(key) })
            {
                return (older, write)
            }
        }
        return nil
    }

    /// Whether there is a write that this try hasn't sent yet.
    var hasUnsent: Bool { unsentNumber < writes.end }

    /// The next write to send when at most `window` may be unanswered; after a failure only one, as
    /// a probe.
    func next(window: Int) -> Sending? {
        let allowed = failureCount == 0 ? window : 1
        while hasUnsent, sentCount < allowed {
            let number = unsentNumber
            unsentNumber += 1
            guard let write = writes[number] else { continue }
            return Sending(number: number, write: write, generation: generation)
        }
        return nil
    }

    /// Whether the next write may be sent before it is queued: nothing waits to be sent before it.
    @inline(__always)
    var isAllSent: Bool { unsentNumber == writes.end && failureCount == 0 }

    /// Whether an answer to this try still counts.
    func isCurrent(_ sending: Sending) -> Bool {
        sending.generation == generation && sending.number == writes.start
    }

    /// The parent has the oldest write, or will never take it: it leaves the queue. `isCurrent`
    /// must have said yes.
    func removeFirst() {
        precondition(sentCount > 0, "a write was answered that had not been sent")
        remove(writes.start)
        failureCount = 0
    }

    /// The write with this number leaves the queue.
    @discardableResult
    func remove(_ number: UInt64) -> UpwardWrite? {
        guard let write = vacate(number) else { return nil }
        numbers[write.origin, write.sequence] = 0
        return write
    }

    /// The same for the write that has this origin and this number there, if it waits.
    func take(origin: UInt64, sequence: UInt64) -> (number: UInt64, write: UpwardWrite)? {
        let number = numbers.take(origin, sequence)
        guard number != 0, let write = vacate(number) else { return nil }
        return (number, write)
    }

    private func vacate(_ number: UInt64) -> UpwardWrite? {
        guard let write = writes.take(number) else { return nil }
        count -= 1
        byteCount -= write.byteCount
        unsentNumber = max(unsentNumber, writes.start)
        return write
    }

    /// A write that has left is kept for its memory, if that is reusable and nobody else has it.
    @inline(__always)
    func keepSpare(_ write: consuming UpwardWrite) {
        guard spares.count < Self.sparesMax, write.isReusable, isKnownUniquelyReferenced(&write)
        else { return }
        spares.append(write)
    }

    /// A write whose memory may be used anew.
    @inline(__always)
    func takeSpare() -> UpwardWrite? { spares.popLast() }

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
        for number in writes.start..<unsentNumber { writes[number]?.isAgain = true }
        generation += 1
        unsentNumber = writes.start
    }

    /// Writes that this try has sent, those that have left from between them included.
    private var sentCount: Int { Int(unsentNumber - writes.start) }
}
