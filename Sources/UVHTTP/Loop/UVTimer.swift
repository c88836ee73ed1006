import CLibUV

/// A timer of the loop; its handle is closed when it is cancelled or, firing once, has fired.
final class UVTimer: UVHandle, LoopTimer {
    private var body: (() -> Void)?
    private var repeats = false

    init(on loop: UVLoop) {
        super.init(of: uv_timer_t.self, on: loop)
    }

    /// Starts the timer; `repeatMilliseconds` 0 means once.
    func start(
        afterMilliseconds milliseconds: UInt64, repeatMilliseconds: UInt64,
        _ body: @escaping () -> Void
    ) throws(UVError) {
        self.body = body
        repeats = repeatMilliseconds != 0
        let timer = memory.assumingMemoryBound(to: uv_timer_t.self)
        try didInitialize(uv_timer_init(loop.raw, timer))
        // At least 1: libuv 1.44 runs a timer of 0 ms that a timer started in the same pass, so
        // one that starts itself anew would never let I/O happen.
        uv_timer_start(
            timer,
            {
                Unmanaged<UVTimer>.fromOpaque($0.unsafelyUnwrapped.pointee.data)
                    .takeUnretainedValue().onFired()
            }, max(1, milliseconds), repeatMilliseconds)
    }

    func cancel() {
        close()
    }

    override func close() {
        body = nil
        closeHandle()
    }

    private func onFired() {
        guard let body else { return }
        if !repeats { close() }
        body()
    }
}
