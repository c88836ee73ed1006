import CLibUV

/// What a loop does at the ends of its turn: scheduled bodies, and telling those who gathered
/// output.
///
/// libuv's turn is: timers, idle, prepare, poll (all I/O), check, close callbacks.
/// 1. Prepare tells who has asked for it (in a timer or a close callback), and makes the bodies
///    scheduled so far due. An idle handle that is active keeps poll from waiting.
/// 2. Poll: I/O has its chance.
/// 3. Check runs the due bodies in order, then tells who has asked. What they schedule is for the
///    next turn.
final class UVTurn {
    private let prepare = UnsafeMutablePointer<uv_prepare_t>.allocate(capacity: 1)
    private let check = UnsafeMutablePointer<uv_check_t>.allocate(capacity: 1)
    private let idle = UnsafeMutablePointer<uv_idle_t>.allocate(capacity: 1)
    private var scheduled: [() -> Void] = []
    private var due: [() -> Void] = []
    private var enders: [any TurnEndHandler] = []
    private var isIdleActive = false

    deinit {
        prepare.deallocate()
        check.deallocate()
        idle.deallocate()
    }

    /// Attaches to `loop`, which must close this before it ends. These calls cannot fail.
    func open(on loop: UnsafeMutablePointer<uv_loop_t>) {
        // The loop owns this object and closes the handles first, so they hold no reference.
        let data = Unmanaged.passUnretained(self).toOpaque()
        uv_prepare_init(loop, prepare)
        uv_check_init(loop, check)
        uv_idle_init(loop, idle)
        prepare.pointee.data = data
        check.pointee.data = data
        uv_prepare_start(prepare) { handle in
            UVTurn.lend(handle.unsafelyUnwrapped.pointee.data) { $0.onPrepare() }
        }
        uv_check_start(check) { handle in
            UVTurn.lend(handle.unsafelyUnwrapped.pointee.data) { $0.onCheck() }
        }
        uv_unref(Self.handle(prepare))
        uv_unref(Self.handle(check))
    }

    /// Drops all bodies and handlers; the memory must stay until the loop has run out.
    func close() {
        scheduled = []
        enders = []
        uv_close(Self.handle(prepare), nil)
        uv_close(Self.handle(check), nil)
        uv_close(Self.handle(idle), nil)
    }

    func schedule(_ body: @escaping () -> Void) {
        scheduled.append(body)
        guard !isIdleActive else { return }
        isIdleActive = true
        // Its mere presence is the point: poll does not wait, and the loop has a reason to run.
        uv_idle_start(idle) { _ in }
    }

    func atEnd(_ handler: any TurnEndHandler) {
        enders.append(handler)
    }

    /// Tells everybody who has asked for the turn's end, also those who ask meanwhile.
    func finish() {
        if !enders.isEmpty { tellEnders() }
    }

    private func onPrepare() {
        finish()
        if !scheduled.isEmpty { swap(&due, &scheduled) }
    }

    private func onCheck() {
        if isIdleActive { runDueBodies() }
        finish()
    }

    private func runDueBodies() {
        // By index: bodies append to `scheduled` only, so nothing is copied.
        var index = 0
        while index < due.count {
            due[index]()
            index += 1
        }
        due.removeAll(keepingCapacity: true)
        guard scheduled.isEmpty else { return }
        isIdleActive = false
        uv_idle_stop(idle)
    }

    private func tellEnders() {
        var index = 0
        while index < enders.count {
            enders[index].onTurnEnd()
            index += 1
        }
        enders.removeAll(keepingCapacity: true)
    }

    /// Lends the object whose handle has `data`; the loop keeps it while they are open.
    @inline(__always)
    private static func lend(_ data: UnsafeMutableRawPointer?, to body: (UVTurn) -> Void) {
        Unmanaged<UVTurn>.fromOpaque(data.unsafelyUnwrapped)._withUnsafeGuaranteedRef(body)
    }

    private static func handle<Raw>(
        _ raw: UnsafeMutablePointer<Raw>
    ) -> UnsafeMutablePointer<uv_handle_t> {
        UnsafeMutableRawPointer(raw).assumingMemoryBound(to: uv_handle_t.self)
    }
}
