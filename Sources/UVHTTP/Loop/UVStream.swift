import CLibUV
import Glibc

/// A TCP connection on the loop, accepted or made by `connect`.
///
/// libuv says when the socket is ready; the reading and writing is our own. A `uv_tcp_t` would read
/// through more of libuv and with `read(2)`, which takes the kernel longer than `recv(2)`.
final class UVStream: UVHandle, ByteStream {
    /// It has the handler until `onClosed`; a handler that holds its stream is no lasting cycle.
    private let slot = UnsafeMutablePointer<HandlerSlot>.allocate(capacity: 1)
    /// The socket, while the stream is open.
    private var descriptor: Int32 = -1
    /// What libuv waits for: `Self.readable`, `Self.writable`, both, or 0.
    private var watched: Int32 = 0
    private var isConnected = false
    /// The handler knows that the stream is connected; only then is there reading.
    private var isAnnounced = false
    private var isReading = false
    private var isPaused = false
    private var hasInputEnded = false
    private var hasStarted = false
    /// `shutdown` was called: nothing more is written.
    private var isOutputEnding = false
    private var closeError: UVError?

    /// Written, and not yet taken by the kernel.
    private var gathered = ByteQueue()

    let peer: SocketAddress?
    /// What the handler must hear before anything new is read, since `handOver`.
    private var unread = ByteQueue()
    private var isHandingOver = false
    private var afterClosed: (() -> Void)?

    init(on loop: UVLoop, peer: SocketAddress?) {
        self.peer = peer
        slot.initialize(to: HandlerSlot(handler: nil))
        super.init(of: uv_poll_t.self, on: loop)
    }

    deinit {
        slot.deinitialize(count: 1)
        slot.deallocate()
    }

    private var handler: (any StreamHandler)? { slot.pointee.handler }

    /// Takes over the connected socket `descriptor`; closes it when it throws.
    func open(accepted descriptor: Int32) throws(UVError) {
        try open(descriptor)
        isConnected = true
        isAnnounced = true
    }

    /// Starts connecting; a failure is told by `onClosed`, in a later turn.
    func connect(to address: SocketAddress) {
        let type = SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue
        do throws(UVError) {
            let descriptor = socket(address.family, Int32(type), 0)
            try UVError.checkSystemCall(descriptor)
            try open(descriptor)
        } catch {
            closeError = error
            closeUnopened()
            return
        }
        let result = address.withSocketAddress { Glibc.connect(descriptor, $0, $1) }
        if result == 0 || errno == EINPROGRESS || errno == EINTR {
            watch()
        } else {
            fail(UVError.lastSystemError.code)
        }
    }

    private func open(_ descriptor: Int32) throws(UVError) {
        do throws(UVError) {
            try didInitialize(uv_poll_init(loop.raw, poll, descriptor))
        } catch {
            Glibc.close(descriptor)
            throw error
        }
        self.descriptor = descriptor
        // Not fatal if refused: it costs latency only.
        var isOn: Int32 = 1
        setsockopt(
            descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &isOn,
            socklen_t(MemoryLayout<Int32>.size))
    }

    var queuedBytes: Int {
        isOpen ? gathered.count : 0
    }

    func start(_ handler: any StreamHandler) {
        precondition(!hasStarted, "a stream is started once")
        hasStarted = true
        guard !loop.isClosing else { return }
        if hasClosed {
            // The object must not hold the handler: nothing would come to let go of it.
            loop.schedule { [closeError] in handler.onClosed(closeError) }
            return
        }
        slot.pointee = HandlerSlot(handler: handler)
        if isAnnounced {
            updateReading()
        } else if isConnected {
            loop.schedule { [self] in announce() }
        }
    }

    func handOver(
        to handler: any StreamHandler, unread bytes: UnsafeRawBufferPointer,
        onClosed: (() -> Void)?
    ) {
        precondition(isAnnounced && !hasClosed, "only a stream that is open is handed over")
        // This may be a call from inside the one before, which must outlive it.
        if let earlier = self.handler { loop.schedule { withExtendedLifetime(earlier) {} } }
        slot.pointee = HandlerSlot(handler: handler)
        afterClosed = onClosed
        var remaining = ByteQueue()
        remaining.append(bytes)
        remaining.append(unread.readable)
        swap(&unread, &remaining)
        guard !unread.isEmpty || hasInputEnded else { return }
        isHandingOver = true
        updateReading()
        loop.schedule { [self] in deliverUnread() }
    }

    @discardableResult
    func write(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard isOpen, !isOutputEnding, bytes.count > 0 else { return queuedBytes }
        var taken = 0
        if isConnected, gathered.isEmpty {
            taken = send(descriptor, bytes.baseAddress, bytes.count, Self.sendFlags)
            loop.onTransfer(bytes.count)
            if taken == bytes.count { return 0 }
            if taken < 0 {
                failUnlessTemporary()
                guard isOpen else { return 0 }
                taken = 0
            }
        }
        gathered.append(bytes.dropping(taken))
        watch()
        return gathered.count
    }

    func shutdown() {
        guard isOpen, !isOutputEnding else { return }
        isOutputEnding = true
        if isConnected, gathered.isEmpty { sendEnd() }
    }

    func pauseReading() {
        isPaused = true
        updateReading()
    }

    func resumeReading() {
        isPaused = false
        updateReading()
        if isHandingOver { loop.schedule { [self] in deliverUnread() } }
    }

    override func onHandleClosed() {
        gathered.removeAll(keepingBytes: 0)
        unread.removeAll(keepingBytes: 0)
        let handler = handler
        let afterClosed = afterClosed
        slot.pointee = HandlerSlot(handler: nil)
        self.afterClosed = nil
        handler?.onClosed(closeError)
        afterClosed?()
    }

    /// The socket may be closed as soon as libuv has been told to close the handle.
    override func close() {
        guard isOpen else { return }
        closeHandle()
        Glibc.close(descriptor)
    }

    /// Closes the stream for `code`; the handler hears of it from the close callback.
    private func fail(_ code: Int32) {
        guard isOpen else { return }
        closeError = UVError(code: code)
        close()
    }

    /// After a system call that failed.
    private func failUnlessTemporary() {
        let error = UVError.lastSystemError
        if !error.isTemporary { fail(error.code) }
    }

    private func announce() {
        guard isOpen, !isAnnounced else { return }
        isAnnounced = true
        handler?.onConnected()
        updateReading()
    }

    /// Begins or ends reading, whichever the state now asks for.
    private func updateReading() {
        guard isOpen else { return }
        isReading = isAnnounced && hasStarted && !isPaused && !hasInputEnded && !isHandingOver
        // Who pauses mostly resumes before anything comes: libuv is told when something has come.
        if isReading { watch() }
    }

    // MARK: Waiting for the socket

    private static let readable = Int32(UV_READABLE.rawValue)
    private static let writable = Int32(UV_WRITABLE.rawValue)
    private static let sendFlags = Int32(MSG_NOSIGNAL)

    /// Has libuv wait for what the stream can use.
    private func watch() {
        guard isOpen else { return }
        var wanted: Int32 = 0
        if isReading { wanted |= Self.readable }
        if !isConnected || !gathered.isEmpty { wanted |= Self.writable }
        guard wanted != watched else { return }
        watched = wanted
        guard wanted != 0 else {
            uv_poll_stop(poll)
            return
        }
        let code = uv_poll_start(poll, wanted) { poll, status, events in
            let data = poll.unsafelyUnwrapped.pointee.data.unsafelyUnwrapped
            // An open handle retains the stream, and none closes before this returns.
            Unmanaged<UVStream>.fromOpaque(data)._withUnsafeGuaranteedRef {
                $0.onReady(status, events)
            }
        }
        if code < 0 { fail(code) }
    }

    @inline(__always)
    private func onReady(_ status: Int32, _ events: Int32) {
        if status == 0, events == Self.readable, isReading {
            read()
        } else {
            onSomethingReady(status, events)
        }
    }

    @inline(never)
    private func onSomethingReady(_ status: Int32, _ events: Int32) {
        var events = events
        if status < 0 {
            // The socket has failed, and libuv waits no longer: the calls will tell why.
            watched = 0
            events = Self.readable | Self.writable
        }
        if !isConnected {
            finishConnecting()
        } else {
            if events & Self.writable != 0 { onWritable() }
            if isOpen, isReading, events & Self.readable != 0 { read() }
        }
        watch()
    }

    /// Reads once: what is left brings the next turn, after the other sockets.
    @inline(__always)
    private func read() {
        let buffer = loop.readBuffer
        let count = recv(descriptor, buffer, UVLoop.readBufferBytes, 0)
        if count > 0 {
            loop.updateTimeIfWorked()
            loop.onTransfer(UVLoop.bytesPerEvent &+ count)
            slot.pointee.onRead(UnsafeMutableRawBufferPointer(start: buffer, count: count))
        } else if count == 0 {
            onReadEnded()
        } else {
            failUnlessTemporary()
        }
    }

    @inline(never)
    private func onReadEnded() {
        hasInputEnded = true
        updateReading()
        watch()
        handler?.onEndOfInput()
    }

    private func finishConnecting() {
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length)
        if code == EINPROGRESS { return }
        if code != 0 { return fail(uv_translate_sys_error(code)) }
        isConnected = true
        flush()
        if hasStarted { announce() }
    }

    /// Tells the new handler what the one before has left, as if it had just been read.
    private func deliverUnread() {
        guard isHandingOver else { return }
        while isOpen, !isPaused, !unread.isEmpty {
            let count = min(unread.count, UVLoop.readBufferBytes)
            let buffer = UnsafeMutableRawBufferPointer(start: loop.readBuffer, count: count)
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: unread.readable[..<count]))
            unread.removeFirst(count)
            handler?.onRead(buffer)
        }
        guard isOpen, !isPaused else { return }
        unread.removeAll(keepingBytes: 0)
        isHandingOver = false
        if hasInputEnded { handler?.onEndOfInput() } else { updateReading() }
    }

    /// Writes what has gathered; when nothing is left and `shutdown` was called, ends our
    /// direction.
    private func flush() {
        guard isOpen else { return }
        if !gathered.isEmpty {
            let bytes = gathered.readable
            let taken = send(descriptor, bytes.baseAddress, bytes.count, Self.sendFlags)
            guard taken >= 0 else { return failUnlessTemporary() }
            gathered.removeFirst(taken)
            guard gathered.isEmpty else { return }
            gathered.removeAll(keepingBytes: 0)
        }
        if isOutputEnding { sendEnd() }
    }

    private func onWritable() {
        guard !gathered.isEmpty else { return }
        flush()
        if gathered.isEmpty, isOpen, isAnnounced { handler?.onDrained() }
    }

    /// The FIN.
    private func sendEnd() {
        if Glibc.shutdown(descriptor, Int32(SHUT_WR)) != 0 {
            fail(UVError.lastSystemError.code)
        }
    }

    private var poll: UnsafeMutablePointer<uv_poll_t> {
        memory.assumingMemoryBound(to: uv_poll_t.self)
    }
}
