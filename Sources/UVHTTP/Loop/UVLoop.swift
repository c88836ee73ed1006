import CLibUV
import Glibc

/// The event loop of production: libuv's. All calls, and all that it calls, belong to one thread.
///
/// Whatever is open on the loop (streams, listeners, timers, signals, look-ups) keeps the loop's
/// object alive; `close` ends it all.
public final class UVLoop: EventLoop {
    /// The size of the read buffer that all streams share, and what is writable behind it.
    static let readBufferBytes = 65536
    static let readSlackBytes = 64

    /// Bytes read and written within a turn before the clock is read anew: some 0.2 ms of work.
    private static let bytesPerClock = 16 * 1024
    /// What an event takes, though it moves but few bytes, is like so many.
    static let bytesPerEvent = 512

    let raw: UnsafeMutablePointer<uv_loop_t>
    let readBuffer: UnsafeMutableRawPointer
    private let turn = UVTurn()
    private var resolutions: [ObjectIdentifier: UVResolution] = [:]
    private var isRunning = false
    /// From `close` on: nothing new may begin.
    private(set) var isClosing = false
    private var bytesBeforeClock = 0
    private var unixSecondsReadAt = UInt64.max
    private var lastUnixSeconds = 0

    public internal(set) var acceptFailures = 0

    /// A write to a connection that the peer has closed raises SIGPIPE, which would end the
    /// process; ignored, it is an error of that write.
    private static let ignoreBrokenPipes: Void = {
        signal(SIGPIPE, SIG_IGN)
    }()

    /// Throws when the kernel has no descriptors left.
    public init() throws(UVError) {
        Self.ignoreBrokenPipes
        let memory = UnsafeMutablePointer<uv_loop_t>.allocate(capacity: 1)
        let code = uv_loop_init(memory)
        guard code == 0 else {
            memory.deallocate()
            throw UVError(code: code)
        }
        raw = memory
        readBuffer = .allocate(
            byteCount: Self.readBufferBytes + Self.readSlackBytes, alignment: 64)
        raw.pointee.data = Unmanaged.passUnretained(self).toOpaque()
        turn.open(on: raw)
    }

    deinit {
        close()
        raw.deallocate()
        readBuffer.deallocate()
    }

    public var nowMilliseconds: UInt64 { uv_now(raw) }

    public var unixSeconds: Int {
        let now = uv_now(raw)
        if now != unixSecondsReadAt {
            unixSecondsReadAt = now
            lastUnixSeconds = time(nil)
        }
        return lastUnixSeconds
    }

    /// Told of bytes that were read, or written: the work that goes with them makes the time go by.
    @inline(__always)
    func onTransfer(_ byteCount: Int) { bytesBeforeClock &-= byteCount }

    /// Reads the clock that `nowMilliseconds` shows, if enough was transferred since: what was sent
    /// after a long turn had begun must not be dated before that.
    @inline(__always)
    func updateTimeIfWorked() {
        if bytesBeforeClock <= 0 { updateTime() }
    }

    @inline(never)
    private func updateTime() {
        uv_update_time(raw)
        bytesBeforeClock = Self.bytesPerClock
    }

    public var unixMilliseconds: Int {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return now.tv_sec * 1000 + now.tv_nsec / 1_000_000
    }

    @discardableResult
    public func startTimer(
        afterMilliseconds milliseconds: UInt64, repeatMilliseconds: UInt64,
        _ body: @escaping () -> Void
    ) -> any LoopTimer {
        let timer = UVTimer(on: self)
        guard !isClosing else { return timer }
        // Outside of `run` the loop's time stands still, and the timer would be early.
        if !isRunning { uv_update_time(raw) }
        do throws(UVError) {
            try timer.start(
                afterMilliseconds: milliseconds, repeatMilliseconds: repeatMilliseconds, body)
        } catch {
            preconditionFailure("libuv refuses a timer: \(error)")
        }
        return timer
    }

    public func schedule(_ body: @escaping () -> Void) {
        if !isClosing { turn.schedule(body) }
    }

    public func atTurnEnd(_ handler: any TurnEndHandler) {
        if !isClosing { turn.atEnd(handler) }
    }

    public func listen(
        on address: SocketAddress, backlog: Int, onStream: @escaping (any ByteStream) -> Void
    ) throws(UVError) -> any StreamListener {
        guard !isClosing else { throw .canceled }
        return try UVListener(loop: self, address: address, backlog: backlog, onStream: onStream)
    }

    public func connect(to address: SocketAddress) -> any ByteStream {
        let stream = UVStream(on: self, peer: address)
        if !isClosing { stream.connect(to: address) }
        return stream
    }

    public func resolve(
        host: String, port: UInt16, completion: @escaping (Result<[SocketAddress], UVError>) -> Void
    ) {
        guard !isClosing else { return }
        if let address = SocketAddress(numericHost: host, port: port) {
            schedule { completion(.success([address])) }
            return
        }
        do throws(UVError) {
            try UVResolution(on: self, port: port, completion: completion).start(host)
        } catch {
            schedule { completion(.failure(error)) }
        }
    }

    public func onSignal(_ signal: Int32, _ body: @escaping () -> Void) {
        guard !isClosing else { return }
        do throws(UVError) {
            try UVSignal(on: self, body).start(signal)
        } catch {
            preconditionFailure("signal \(signal) can't be caught: \(error)")
        }
    }

    public func run() {
        precondition(!isRunning, "a loop runs once at a time")
        guard !isClosing else { return }
        isRunning = true
        withExtendedLifetime(self) { _ = uv_run(raw, UV_RUN_DEFAULT) }
        turn.finish()
        isRunning = false
    }

    public func stop() {
        uv_stop(raw)
    }

    /// Closes everything that is open on the loop and waits for it to be closed: handlers hear
    /// `onClosed(nil)`, look-ups end as cancelled (one that a thread is busy with is waited for).
    /// From the beginning of this nothing new happens: what bodies and handlers start is never
    /// heard of again. Not from inside `run`. May be called twice.
    public func close() {
        precondition(!isRunning, "a loop can't be closed from inside")
        guard !isClosing else { return }
        isClosing = true
        turn.close()
        for resolution in resolutions.values { resolution.cancel() }
        uv_walk(
            raw,
            { handle, _ in
                guard let handle, uv_is_closing(handle) == 0 else { return }
                Unmanaged<UVHandle>.fromOpaque(handle.pointee.data).takeUnretainedValue().close()
            }, nil)
        // Not 0 when a handler called `stop` meanwhile.
        while uv_run(raw, UV_RUN_DEFAULT) != 0 {}
        let code = uv_loop_close(raw)
        precondition(code == 0, "the loop still has something open")
    }

    func didStart(_ resolution: UVResolution) {
        resolutions[ObjectIdentifier(resolution)] = resolution
    }

    func didFinish(_ resolution: UVResolution) {
        resolutions[ObjectIdentifier(resolution)] = nil
    }
}
