import CLibUV

/// The memory of one libuv handle and the reference that libuv has to its Swift object: the one
/// place where that reference is taken and given back.
///
/// 1. `init` allocates the memory; libuv does not know it yet.
/// 2. The subclass calls `uv_…_init` and hands the result to `didInitialize`. If it succeeded, the
///    handle's `data` is the object, retained: an open handle lives even if nobody else holds it.
/// 3. `closeHandle` calls `uv_close`. Callbacks of requests under way still come, cancelled.
/// 4. The close callback, in a later phase of the turn or in the next turn, frees the memory,
///    calls `onHandleClosed` and releases the object. Nothing else releases it.
class UVHandle {
    private enum Stage { case unopened, open, closing, closed }

    final let loop: UVLoop
    /// Bound to the subclass's handle type; gone once the handle has closed.
    final let memory: UnsafeMutableRawPointer
    private final var stage = Stage.unopened

    /// Allocates the memory of a `Raw`, a libuv handle type.
    init<Raw>(of type: Raw.Type, on loop: UVLoop) {
        self.loop = loop
        memory = .allocate(
            byteCount: MemoryLayout<Raw>.size, alignment: MemoryLayout<Raw>.alignment)
    }

    deinit {
        if stage != .closed { memory.deallocate() }
    }

    /// True from `didInitialize` to `closeHandle`: the handle may be used.
    final var isOpen: Bool { stage == .open }

    /// True from the close callback on.
    final var hasClosed: Bool { stage == .closed }

    final var handle: UnsafeMutablePointer<uv_handle_t> {
        memory.assumingMemoryBound(to: uv_handle_t.self)
    }

    /// Takes what `uv_…_init` returned: throws it if negative, else lets libuv own a reference.
    final func didInitialize(_ code: Int32) throws(UVError) {
        try UVError.check(code)
        handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
        stage = .open
    }

    /// Closes the handle if it is open; a subclass with more to give back overrides this.
    func close() {
        closeHandle()
    }

    final func closeHandle() {
        guard stage == .open else { return }
        stage = .closing
        uv_close(handle) {
            Unmanaged<UVHandle>.fromOpaque($0.unsafelyUnwrapped.pointee.data).takeRetainedValue()
                .didClose()
        }
    }

    /// Ends a handle that libuv doesn't know; `onHandleClosed` follows in the next turn.
    final func closeUnopened() {
        guard stage == .unopened else { return }
        stage = .closing
        loop.schedule { self.didClose() }
    }

    /// The handle is gone; the last thing that happens to it.
    func onHandleClosed() {}

    private func didClose() {
        stage = .closed
        memory.deallocate()
        onHandleClosed()
    }
}
