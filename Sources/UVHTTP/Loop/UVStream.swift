import CLibUV
import Glibc

/// A TCP connection on the loop, accepted or made by `connect`.
final class UVStream: UVHandle, ByteStream {
    /// It has the handler until `onClosed`; a handler that holds its stream is no lasting cycle.
    private let slot = UnsafeMutablePointer<HandlerSlot>.allocate(capacity: 1)
    let peer: SocketAddress?

    /// The socket, while the stream is open and connected.
    private var descriptor: Int32 = -1
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

    /// At most one `uv_write` is under way and owns `written`; what is written meanwhile gathers
    /// in `gathered` and goes with the next.
    private var isWriting = false
    private var gathered = ByteQueue()
    private var written = ByteQueue()
    private var writeRequest: UnsafeMutablePointer<uv_write_t>?

    /// What the handler must hear before anything new is read, since `handOver`.
    private var unread = ByteQueue()
    private var isHandingOver = false
    private var afterClosed: (() -> Void)?

    init(on loop: UVLoop, peer: SocketAddress?) {
        self.peer = peer
        slot.initialize(to: HandlerSlot(handler: nil))
        super.init(of: uv_tcp_t.self, on: loop)
    }

    deinit {
        writeRequest?.deallocate()
        slot.deinitialize(count: 1)
        slot.deallocate()
    }

    private var handler: (any StreamHandler)? { slot.pointee.handler }

    /// Takes over the connected socket `descriptor`; closes it when it throws.
    func open(accepted descriptor: Int32) throws(UVError) {
        do throws(UVError) {
            try didInitialize(uv_tcp_init(loop.raw, tcp))
            try UVError.check(uv_tcp_open(tcp, descriptor))
        } catch {
            Glibc.close(descriptor)
            closeHandle()
            throw error
        }
        // Not fatal if refused: it costs latency only.
        uv_tcp_nodelay(tcp, 1)
        self.descriptor = descriptor
        isConnected = true
        isAnnounced = true
    }

    /// Starts connecting; a failure is told by `onClosed`, in a later turn.
    func connect(to address: SocketAddress) {
        do throws(UVError) {
            try didInitialize(uv_tcp_init(loop.raw, tcp))
        } catch {
            preconditionFailure("libuv refuses a handle that has no socket yet: \(error)")
        }
        uv_tcp_nodelay(tcp, 1)
        let request = UnsafeMutablePointer<uv_connect_t>.allocate(capacity: 1)
        let code = address.withSocketAddress { address, _ in
            uv_tcp_connect(request, tcp, address) { request, status in
                let request = request.unsafelyUnwrapped
                let stream = request.pointee.handle.unsafelyUnwrapped
                request.deallocate()
                Unmanaged<UVStream>.fromOpaque(stream.pointee.data).takeUnretainedValue()
                    .onConnected(status)
            }
        }
        guard code < 0 else { return }
        request.deallocate()
        fail(code)
    }

    var queuedBytes: Int {
        isOpen ? stream.pointee.write_queue_size + gathered.count : 0
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
        if isConnected, !isWriting, gathered.isEmpty {
            // What `uv_try_write` would do while nothing of the stream waits.
            taken = Glibc.write(descriptor, bytes.baseAddress, bytes.count)
            if taken == bytes.count { return 0 }
            if taken < 0 {
                let error = UVError.lastSystemError
                guard error.isTemporary else {
                    fail(error.code)
                    return 0
                }
                taken = 0
            }
        }
        gathered.append(bytes.dropping(taken))
        flush()
        return queuedBytes
    }

    func shutdown() {
        guard isOpen, !isOutputEnding else { return }
        isOutputEnding = true
        flush()
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
        written.removeAll(keepingBytes: 0)
        unread.removeAll(keepingBytes: 0)
        let handler = handler
        let afterClosed = afterClosed
        slot.pointee = HandlerSlot(handler: nil)
        self.afterClosed = nil
        handler?.onClosed(closeError)
        afterClosed?()
    }

    /// Closes the stream for `code`; the handler hears of it from the close callback.
    private func fail(_ code: Int32) {
        guard isOpen else { return }
        closeError = UVError(code: code)
        closeHandle()
    }

    private func onConnected(_ status: Int32) {
        guard isOpen else { return }
        guard status >= 0 else { return fail(status) }
        uv_fileno(handle, &descriptor)
        isConnected = true
        flush()
        if hasStarted { announce() }
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
        let shouldRead =
            isAnnounced && hasStarted && !isPaused && !hasInputEnded && !isHandingOver
        guard shouldRead != isReading else { return }
        isReading = shouldRead
        guard shouldRead else {
            uv_read_stop(stream)
            return
        }
        let code = uv_read_start(
            stream,
            { handle, _, buffer in
                let loop = handle.unsafelyUnwrapped.pointee.loop.unsafelyUnwrapped.pointee.data
                let memory = Unmanaged<UVLoop>.fromOpaque(loop.unsafelyUnwrapped)
                    ._withUnsafeGuaranteedRef { $0.readBuffer }
                buffer.unsafelyUnwrapped.pointee.base = memory.assumingMemoryBound(to: CChar.self)
                buffer.unsafelyUnwrapped.pointee.len = UVLoop.readBufferBytes
            },
            { stream, count, buffer in
                let data = stream.unsafelyUnwrapped.pointee.data.unsafelyUnwrapped
                // An open handle retains the stream, and none closes before this returns.
                Unmanaged<UVStream>.fromOpaque(data)._withUnsafeGuaranteedRef {
                    $0.onRead(count, buffer.unsafelyUnwrapped.pointee.base)
                }
            })
        if code < 0 { fail(code) }
    }

    @inline(__always)
    private func onRead(_ count: Int, _ base: UnsafeMutablePointer<CChar>?) {
        if count > 0 {
            // What was sent after the turn had begun must not be dated before that.
            loop.updateTime()
            slot.pointee.onRead(UnsafeMutableRawBufferPointer(start: base, count: count))
        } else if count < 0 {
            onReadEnded(Int32(truncatingIfNeeded: count))
        }
    }

    @inline(never)
    private func onReadEnded(_ code: Int32) {
        guard code == UV_EOF.rawValue else { return fail(code) }
        hasInputEnded = true
        updateReading()
        handler?.onEndOfInput()
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

    /// Hands what has gathered to libuv, unless it has something already; when nothing is left and
    /// `shutdown` was called, ends our direction.
    private func flush() {
        guard isConnected, !isWriting else { return }
        if !gathered.isEmpty {
            submitGathered()
        } else if isOutputEnding {
            sendEnd()
        }
    }

    private func submitGathered() {
        let request = writeRequest ?? .allocate(capacity: 1)
        writeRequest = request
        swap(&written, &gathered)
        var buffer = Self.buffer(written.readable)
        let code = uv_write(request, stream, &buffer, 1) { request, status in
            let stream = request.unsafelyUnwrapped.pointee.handle.unsafelyUnwrapped
            Unmanaged<UVStream>.fromOpaque(stream.pointee.data).takeUnretainedValue()
                .onWritten(status)
        }
        guard code >= 0 else { return fail(code) }
        isWriting = true
    }

    private func onWritten(_ status: Int32) {
        isWriting = false
        guard isOpen else { return }
        guard status >= 0 else { return fail(status) }
        written.removeAll(keepingBytes: 0)
        let isDrained = gathered.isEmpty
        flush()
        if isDrained, isOpen, isAnnounced { handler?.onDrained() }
    }

    /// The FIN, at once; `uv_shutdown` would send it a turn later.
    private func sendEnd() {
        if Glibc.shutdown(descriptor, Int32(SHUT_WR)) != 0 {
            fail(UVError.lastSystemError.code)
        }
    }

    /// Lends `bytes` to a C call that only reads them.
    private static func buffer(_ bytes: UnsafeRawBufferPointer) -> uv_buf_t {
        let start = UnsafeMutableRawPointer(mutating: bytes.baseAddress)
        return uv_buf_t(base: start?.assumingMemoryBound(to: CChar.self), len: bytes.count)
    }

    private var tcp: UnsafeMutablePointer<uv_tcp_t> {
        memory.assumingMemoryBound(to: uv_tcp_t.self)
    }

    private var stream: UnsafeMutablePointer<uv_stream_t> {
        memory.assumingMemoryBound(to: uv_stream_t.self)
    }
}
