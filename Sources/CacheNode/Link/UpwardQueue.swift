/// The writes on their way to the parent, in order. It decides what is sent when; `ParentLink`
/// sends.
///
/// Writes go out in order, a window of them before the first answer. When one fails, all behind it
/// are sent again after it, whatever became of them ("go back N"): a write is idempotent, so
/// repeating is harmless, while skipping or reordering is not. A pause before each new try doubles
/// from `retryMillisecondsMin` to `retryMillisecondsMax`.
struct UpwardQueue {
    static let retryMillisecondsMin: UInt64 = 50
    static let retryMillisecondsMax: UInt64 = 2_000
    /// Popped writes kept at the front before the array is compacted.
    private static let compactionCount = 1024

    /// A write that is to be sent now.
    struct Sending {
        let sequence: UInt64
        let write: UpwardWrite
        /// Which try this is; an answer to an earlier try no longer counts.
        let generation: UInt64
    }

    private let countMax: Int
    private let bytesMax: Int
    private var writes: [UpwardWrite] = []
    private var head = 0
    private var headSequence: UInt64 = 1
    private var sentCount = 0
    private var generation: UInt64 = 0
    /// Bytes of the writes that wait.
    private(set) var byteCount = 0
    /// Failed tries since the last success.
    private(set) var failureCount = 0

    init(countMax: Int, bytesMax: Int) {
        self.countMax = countMax
        self.bytesMax = bytesMax
    }

    /// Writes not yet accepted by the parent.
    var count: Int { writes.count - head }
    var isEmpty: Bool { count == 0 }

    func hasRoom(for write: UpwardWrite) -> Bool {
        count < countMax && byteCount + write.byteCount <= bytesMax
    }

    /// Queues a write; returns its number.
    mutating func append(_ write: UpwardWrite) -> UInt64 {
        writes.append(write)
        byteCount += write.byteCount
        return headSequence + UInt64(count - 1)
    }

    /// The next write to send when at most `window` may be unanswered; after a failure only one, as
    /// a probe.
    mutating func next(window: Int) -> Sending? {
        let allowed = failureCount == 0 ? window : 1
        guard sentCount < min(allowed, count) else { return nil }
        let index = sentCount
        sentCount += 1
        return Sending(
            sequence: headSequence + UInt64(index), write: writes[head + index],
            generation: generation)
    }

    /// Whether an answer to this try still counts.
    func isCurrent(_ sending: Sending) -> Bool {
        sending.generation == generation && sending.sequence == headSequence
    }

    /// The parent has the oldest write, or will never take it: it leaves the queue. `isCurrent`
    /// must have said yes.
    mutating func removeFirst() {
        precondition(sentCount > 0, "a write was answered that had not been sent")
        byteCount -= writes[head].byteCount
        writes[head] = UpwardWrite(key: [], change: .delete)
        head += 1
        headSequence += 1
        sentCount -= 1
        failureCount = 0
        if head >= Self.compactionCount, head * 2 >= writes.count {
            writes.removeFirst(head)
            head = 0
        }
    }

    /// A try failed: everything not accepted will be sent again. Returns the pause before that in
    /// milliseconds.
    mutating func onFailure() -> UInt64 {
        generation += 1
        sentCount = 0
        failureCount += 1
        let doublings = min(failureCount - 1, 16)
        return min(Self.retryMillisecondsMin << UInt64(doublings), Self.retryMillisecondsMax)
    }

    /// The parent is another one now: everything goes to it from the start.
    mutating func restart() {
        generation += 1
        sentCount = 0
        failureCount = 0
    }
}
