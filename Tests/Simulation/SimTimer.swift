import UVHTTP

/// A timer of a simulated loop.
final class SimTimer: LoopTimer {
    private weak var timers: SimTimers?
    fileprivate var body: (() -> Void)?
    fileprivate let repeatMilliseconds: UInt64

    fileprivate init(
        in timers: SimTimers?, repeatMilliseconds: UInt64, _ body: (() -> Void)?
    ) {
        self.timers = timers
        self.repeatMilliseconds = repeatMilliseconds
        self.body = body
    }

    func cancel() {
        guard body != nil else { return }
        body = nil
        timers?.didCancel()
    }
}

/// The timers of a loop, by the milliseconds of its clock at which they are due.
final class SimTimers {
    /// Cancelled timers that are borne among those that wait.
    private static let cancelledMax = 256

    @exclusivity(unchecked) private var heap = SimHeap<SimTimer>()
    @exclusivity(unchecked) private var cancelledCount = 0

    /// Starts a timer; a delay of 0 is one of 1, as `UVTimer` has it.
    func start(
        now: UInt64, afterMilliseconds milliseconds: UInt64, repeatMilliseconds: UInt64,
        _ body: @escaping () -> Void
    ) -> SimTimer {
        let timer = SimTimer(in: self, repeatMilliseconds: repeatMilliseconds, body)
        heap.push(timer, at: Self.sum(now, max(1, milliseconds)))
        return timer
    }

    /// A timer that never fires.
    static func deadTimer() -> SimTimer {
        SimTimer(in: nil, repeatMilliseconds: 0, nil)
    }

    /// When the next timer is due; nil if none waits.
    var nextDue: UInt64? {
        while !heap.isEmpty, heap.first.body == nil {
            _ = heap.popFirst()
            cancelledCount -= 1
        }
        return heap.isEmpty ? nil : heap.firstTime
    }

    /// Takes out the next timer that is due at `now`, starts it anew if it repeats, and gives its
    /// body.
    func nextBody(now: UInt64) -> (() -> Void)? {
        guard let due = nextDue, due <= now else { return nil }
        let timer = heap.popFirst()
        let body = timer.body
        if timer.repeatMilliseconds > 0 {
            heap.push(timer, at: Self.sum(now, timer.repeatMilliseconds))
        } else {
            timer.body = nil
        }
        return body
    }

    func removeAll() {
        heap.removeAll { timer in
            timer.body = nil
            return false
        }
        cancelledCount = 0
    }

    fileprivate func didCancel() {
        cancelledCount += 1
        guard cancelledCount > Self.cancelledMax, cancelledCount > heap.count / 2 else { return }
        heap.removeAll { $0.body != nil }
        cancelledCount = 0
    }

    /// Centuries are long enough; the clock that counts microseconds must not overflow.
    private static func sum(_ now: UInt64, _ milliseconds: UInt64) -> UInt64 {
        now + min(milliseconds, 1 << 50)
    }
}
