import Foundation
import Testing
import UVHTTP

/// Lends a real loop to `body`, which runs it; a loop that does not stop in time fails the test.
func withUVLoop(
    seconds: UInt64 = 20, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: (UVLoop) throws -> Void
) throws {
    let loop = try UVLoop()
    defer { loop.close() }
    loop.startTimer(afterMilliseconds: seconds * 1000, repeatMilliseconds: 0) {
        Issue.record("the loop did not stop in time", sourceLocation: sourceLocation)
        loop.stop()
    }
    try body(loop)
}

func loopbackAddress(port: UInt16 = 0) throws -> SocketAddress {
    try #require(SocketAddress(numericHost: "127.0.0.1", port: port))
}

/// A stream handler that keeps what it hears and then does what the test asks for.
final class Probe: StreamHandler {
    enum Event: Equatable { case connected, read, endOfInput, drained, closed(UVError?) }

    /// Reads in a row count as one.
    private(set) var events: [Event] = []
    private(set) var received: [UInt8] = []
    /// Set while the probe calls the stream; no event may come meanwhile.
    private(set) var wasCalledFromInside = false
    private var isCalling = false
    var stream: (any ByteStream)?
    var keepsReceived = true
    /// What to do after an event is noted.
    var reaction: (Probe, Event) -> Void = { _, _ in }

    init(_ reaction: @escaping (Probe, Event) -> Void = { _, _ in }) {
        self.reaction = reaction
    }

    func start(on stream: any ByteStream) {
        self.stream = stream
        call { $0.start(self) }
    }

    func write(_ text: String) { write(Array(text.utf8)) }

    func write(_ bytes: [UInt8]) {
        call { stream in _ = bytes.withUnsafeBytes { stream.write($0) } }
    }

    func call(_ body: (any ByteStream) -> Void) {
        guard let stream else { return }
        let before = isCalling
        isCalling = true
        body(stream)
        isCalling = before
    }

    var text: String { String(decoding: received, as: UTF8.self) }
    var isClosed: Bool {
        if case .closed = events.last { true } else { false }
    }

    func onConnected() { note(.connected) }
    func onRead(_ bytes: UnsafeMutableRawBufferPointer) {
        if keepsReceived { received.append(contentsOf: bytes) }
        // The slack of the contract; the sanitizer or the allocator would object if it lacked.
        if let base = bytes.baseAddress { memset(base + bytes.count, 0xFF, 64) }
        lastReadBytes = UnsafeRawBufferPointer(bytes)
        note(.read)
    }
    func onEndOfInput() { note(.endOfInput) }
    func onDrained() { note(.drained) }
    func onClosed(_ error: UVError?) { note(.closed(error)) }

    /// What the current `onRead` got; for use inside the reaction only.
    private(set) var lastReadBytes = UnsafeRawBufferPointer(start: nil, count: 0)

    private func note(_ event: Event) {
        if isCalling { wasCalledFromInside = true }
        if event != .read || events.last != .read { events.append(event) }
        reaction(self, event)
    }
}

/// A weak reference, to see whether an object is gone.
struct WeakReference {
    weak var object: AnyObject?
}

extension UVLoop {
    /// Listens on a free loopback port; `onStream` gets what is accepted.
    func listenOnLoopback(
        _ onStream: @escaping (any ByteStream) -> Void
    ) throws -> any StreamListener {
        try listen(on: loopbackAddress(), backlog: 512, onStream: onStream)
    }

    /// Connects `client` with `server` over loopback; both are started.
    @discardableResult
    func connect(_ client: Probe, _ server: Probe) throws -> any StreamListener {
        let listener = try listenOnLoopback { server.start(on: $0) }
        client.start(on: connect(to: listener.address))
        return listener
    }

    /// Stops once `condition` holds; it is looked at every millisecond.
    func stop(when condition: @escaping () -> Bool) {
        startTimer(afterMilliseconds: 1, repeatMilliseconds: 1) { [unowned self] in
            if condition() { stop() }
        }
    }
}

/// Does what a test wants at the end of a turn.
final class TurnEnd: TurnEndHandler {
    private let body: (TurnEnd) -> Void

    init(_ body: @escaping (TurnEnd) -> Void) { self.body = body }

    func onTurnEnd() { body(self) }
}

/// What the processor has done for this thread so far: a loop that waits takes none of it.
func threadMilliseconds() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
}

/// A blocking socket of the C library: the other side of tests that need what a loop never does.
struct PlainSocket {
    let descriptor: Int32

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        try #require(descriptor >= 0)
    }

    /// A socket connected to `port` on loopback.
    init(connectedTo port: UInt16) throws {
        try self.init()
        try #require(Self.withLoopback(port) { Glibc.connect(descriptor, $0, $1) } == 0)
    }

    /// Binds to a free loopback port and gives it.
    func bind() throws -> UInt16 {
        try #require(Self.withLoopback(0) { Glibc.bind(descriptor, $0, $1) } == 0)
        var name = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(descriptor, $0, &length)
            }
        }
        try #require(result == 0)
        return UInt16(bigEndian: name.sin_port)
    }

    func send(_ text: String) {
        _ = Glibc.send(descriptor, text, text.utf8.count, 0)
    }

    func close() {
        _ = Glibc.close(descriptor)
    }

    /// Closes with a TCP RST instead of a FIN.
    func reset() {
        var immediately = linger(l_onoff: 1, l_linger: 0)
        let size = socklen_t(MemoryLayout<linger>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &immediately, size)
        close()
    }

    private static func withLoopback(
        _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
