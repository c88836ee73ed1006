import CLibUV

/// A process signal as a task of the loop. It does not keep the loop running, and lasts until the
/// loop closes.
final class UVSignal: UVHandle {
    private let body: () -> Void

    init(on loop: UVLoop, _ body: @escaping () -> Void) {
        self.body = body
        super.init(of: uv_signal_t.self, on: loop)
    }

    /// Throws when `signal` cannot be caught.
    func start(_ signal: Int32) throws(UVError) {
        let raw = memory.assumingMemoryBound(to: uv_signal_t.self)
        try didInitialize(uv_signal_init(loop.raw, raw))
        let code = uv_signal_start(
            raw,
            { raw, _ in
                Unmanaged<UVSignal>.fromOpaque(raw.unsafelyUnwrapped.pointee.data)
                    .takeUnretainedValue().body()
            }, signal)
        if code < 0 { closeHandle() }
        try UVError.check(code)
        uv_unref(handle)
    }
}
