/// The seam between what the server decides and the world it acts on: `UVLoop` in production, a
/// simulated loop with virtual time in tests. Everything behind these protocols runs on one thread;
/// nothing here may block.
public protocol EventLoop: AnyObject {
    /// Monotonic milliseconds, read once per turn of the loop, and again before an `onRead` when
    /// the turn has lasted for some tenths of one.
    var nowMilliseconds: UInt64 { get }

    /// Seconds since 1970-01-01T00:00:00Z, read once per turn of the loop.
    var unixSeconds: Int { get }

    /// Milliseconds since 1970-01-01T00:00:00Z, read at each call.
    var unixMilliseconds: Int { get }

    /// Calls `body` once after `milliseconds`, then every `repeatMilliseconds` if that is not 0,
    /// until the timer is cancelled. The loop keeps the timer; dropping the returned value does not
    /// stop it.
    @discardableResult
    func startTimer(
        afterMilliseconds milliseconds: UInt64, repeatMilliseconds: UInt64,
        _ body: @escaping () -> Void
    ) -> any LoopTimer

    /// Calls `body` in the next turn of the loop, after pending I/O had its chance.
    func schedule(_ body: @escaping () -> Void)

    /// Tells `handler` once of the end of this turn: after its I/O and scheduled bodies, before the
    /// loop waits again. For who gathers output during the turn, to send it in one piece; who asks
    /// twice is told twice, and who asks while being told is told again before the wait. The loop
    /// holds `handler` until then.
    func atTurnEnd(_ handler: any TurnEndHandler)

    /// Listens on `address`; `onStream` gets each accepted stream, which reads nothing before its
    /// `start`.
    func listen(
        on address: SocketAddress, backlog: Int, onStream: @escaping (any ByteStream) -> Void
    ) throws(UVError) -> any StreamListener

    /// How often a listener had to leave a connection waiting because the process had no descriptor
    /// or memory for it.
    var acceptFailures: Int { get }

    /// Starts connecting; the handler given to the stream's `start` hears `onConnected` or
    /// `onClosed`. Refusals by the kernel at this very call come as `onClosed` too, in a later
    /// turn.
    func connect(to address: SocketAddress) -> any ByteStream

    /// Resolves a host name (or numeric address) to stream-socket addresses, in the resolver's
    /// order; never empty on success.
    func resolve(
        host: String, port: UInt16, completion: @escaping (Result<[SocketAddress], UVError>) -> Void
    )

    /// Calls `body` each time the process receives `signal`, as a task of the loop.
    func onSignal(_ signal: Int32, _ body: @escaping () -> Void)

    /// Runs until `stop`, or until nothing is left that could happen.
    func run()

    /// Ends `run` after the current turn.
    func stop()
}

/// Has something to do at the end of a turn in which it asked for that.
public protocol TurnEndHandler: AnyObject {
    func onTurnEnd()
}

public protocol LoopTimer: AnyObject {
    /// After this the body is not called again. May be called twice.
    func cancel()
}

public protocol StreamListener: AnyObject {
    /// The address listened on; with the real port when port 0 was asked for.
    var address: SocketAddress { get }

    /// Closes the socket. Streams already accepted live on. May be called twice.
    func close()
}

/// What a stream tells. One call is under way at a time; a stream may be closed from inside any of
/// them.
public protocol StreamHandler: AnyObject {
    /// A stream that was opened by `connect` is connected. Accepted streams don't call this.
    func onConnected()

    /// Bytes arrived. They lie in memory that all streams of the loop share: gone when the call
    /// returns. At least 64 bytes behind them are writable, for a sentinel.
    func onRead(_ bytes: UnsafeMutableRawBufferPointer)

    /// The peer will send nothing more (it may still read).
    func onEndOfInput()

    /// Everything that `write` had to queue has been taken by the kernel.
    func onDrained()

    /// The last call, exactly once, after `close()` (error nil) or when the connection failed.
    func onClosed(_ error: UVError?)
}

/// An ordered stream of bytes in both directions.
public protocol ByteStream: AnyObject {
    /// Bytes accepted by `write` and not yet taken by the kernel.
    var queuedBytes: Int { get }

    /// The other end; nil when it is not known (any more).
    var peer: SocketAddress? { get }

    /// Begins reading (after connecting, for an outgoing stream). The stream holds `handler`
    /// strongly until `onClosed`.
    func start(_ handler: any StreamHandler)

    /// From now on the stream tells `handler`, and the one before hears nothing more, not even
    /// `onClosed`. For a stream that is connected and whose `onClosed` is still to come; from
    /// inside an event too.
    ///
    /// The first that `handler` hears, in a later turn, is `unread`: what the one before was given
    /// and leaves. Then the end of input, if that has come already. It is not told `onConnected`,
    /// but may be told `onDrained` for what was written before. `onClosed` is called after its own.
    func handOver(
        to handler: any StreamHandler, unread: UnsafeRawBufferPointer, onClosed: (() -> Void)?)

    /// Writes now what the kernel takes and queues a copy of the rest; gives the `queuedBytes`
    /// after that. Never calls the handler from inside. After `close` or `shutdown` it does
    /// nothing.
    @discardableResult
    func write(_ bytes: UnsafeRawBufferPointer) -> Int

    /// Stops and resumes `onRead`: back-pressure on the peer. A paused stream doesn't notice the
    /// peer's leaving.
    func pauseReading()
    func resumeReading()

    /// Ends our direction once what is queued is written (TCP FIN).
    func shutdown()

    /// Closes at once, dropping what is queued; `onClosed(nil)` follows in a later turn. May be
    /// called twice.
    func close()
}
