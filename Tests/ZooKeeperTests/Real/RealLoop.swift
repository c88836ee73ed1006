import Foundation
import Testing
import UVHTTP
import ZooKeeper

/// A real loop that a test runs until something holds, and that measures the largest gap between
/// two of its turns.
final class RealLoop {
    let loop: UVLoop
    private let meter: GapMeter
    private var servers: [ServerProcess] = []
    private var clients: [ZooKeeperClient] = []
    private var seed: UInt64 = 1

    init() throws {
        loop = try UVLoop()
        meter = GapMeter(on: loop)
    }

    /// A single server that serves.
    func server() throws -> ServerProcess {
        let server = try ServerProcess(port: FreePort.next())
        servers.append(server)
        try server.start()
        return server
    }

    /// A server that tests share; for those that do it no harm.
    func sharedServer() throws -> ServerProcess {
        try Self.shared.get()
    }

    nonisolated(unsafe) private static let shared = Result {
        let server = try ServerProcess(port: FreePort.next())
        try server.start()
        return server
    }

    /// A connect string of the shared server with a chroot for this test alone.
    func emptyChroot() throws -> String {
        Self.chrootCount += 1
        let connectString = "\(try sharedServer().address)/test-\(Self.chrootCount)"
        let recorder = try client(connectString)
        try recorder.connect(in: self)
        try value { recorder.client.createChroot(completion: $0) }
        return connectString
    }

    nonisolated(unsafe) private static var chrootCount = 0

    /// Three servers that serve together.
    func ensemble() throws -> Ensemble {
        let ensemble = try Ensemble()
        servers += ensemble.servers
        try ensemble.start()
        return ensemble
    }

    func client(
        _ connectString: String, timeoutMilliseconds: Int = 4000,
        configure: (inout ZooKeeperOptions) -> Void = { _ in }
    ) throws -> Recorder {
        var options = ZooKeeperOptions()
        options.sessionTimeoutMilliseconds = timeoutMilliseconds
        configure(&options)
        seed += 1
        let client = ZooKeeperClient(
            loop: loop, connectString: try ConnectString(connectString), options: options,
            seed: seed)
        clients.append(client)
        return Recorder(client)
    }

    /// Runs the loop until `condition` holds at the end of a turn.
    func wait(
        for what: String, seconds: UInt64 = 15, sourceLocation: SourceLocation = #_sourceLocation,
        until condition: @escaping () -> Bool
    ) throws {
        var isOver = false
        var isMet = false
        let timeout = loop.startTimer(afterMilliseconds: seconds * 1000, repeatMilliseconds: 0) {
            [loop] in loop.stop()
        }
        let poll = loop.startTimer(afterMilliseconds: 1, repeatMilliseconds: 5) { [loop] in
            guard !isOver, condition() else { return }
            isMet = true
            loop.stop()
        }
        meter.start()
        loop.run()
        meter.stop()
        isOver = true
        timeout.cancel()
        poll.cancel()
        try #require(isMet, "waited in vain for \(what)", sourceLocation: sourceLocation)
    }

    static func clockMilliseconds() -> Double { GapMeter.milliseconds() }

    /// Makes a request and runs the loop until it completes.
    func result<Value>(
        sourceLocation: SourceLocation = #_sourceLocation,
        of request: (@escaping ZooKeeperClient.Completion<Value>) -> Void
    ) throws -> Result<Value, ZooKeeperError> {
        var results: [Result<Value, ZooKeeperError>] = []
        request { results.append($0) }
        #expect(results.isEmpty, "a completion from inside", sourceLocation: sourceLocation)
        try wait(for: "a reply", sourceLocation: sourceLocation) { !results.isEmpty }
        #expect(results.count == 1, sourceLocation: sourceLocation)
        return results[0]
    }

    func value<Value>(
        sourceLocation: SourceLocation = #_sourceLocation,
        of request: (@escaping ZooKeeperClient.Completion<Value>) -> Void
    ) throws -> Value {
        try result(sourceLocation: sourceLocation, of: request).get()
    }

    /// Requires that a request fails with `error`.
    func expect<Value>(
        _ error: ZooKeeperError, sourceLocation: SourceLocation = #_sourceLocation,
        of request: (@escaping ZooKeeperClient.Completion<Value>) -> Void
    ) throws {
        switch try result(sourceLocation: sourceLocation, of: request) {
        case .success(let value):
            Issue.record("\(value) instead of \(error)", sourceLocation: sourceLocation)
        case .failure(let failure):
            #expect(failure == error, sourceLocation: sourceLocation)
        }
    }

    /// Ends all servers and clients, and requires that the loop never stood still for 20 ms.
    func end(sourceLocation: SourceLocation = #_sourceLocation) {
        for server in servers { server.end() }
        for client in clients { client.close(deadlineMilliseconds: 0) }
        loop.close()
        let gap = meter.largestMilliseconds
        if getenv("CANOPY_SHOW_GAPS") != nil {
            print("largest gap \(gap) ms in \(meter.ticks) ticks, \(sourceLocation)")
        }
        #expect(gap < 20, "the loop stood still for \(gap) ms", sourceLocation: sourceLocation)
    }
}

/// The largest time between two firings of a timer of 2 ms, which is at most that more than the
/// longest turn. Time in which this thread was ready to run and another had the processor is not
/// the loop's: `schedstat` says how much that was.
final class GapMeter {
    private let loop: UVLoop
    private let statistics: Int32
    private var timer: (any LoopTimer)?
    private var last: (now: Double, waited: Double)?
    private(set) var largestMilliseconds = 0.0
    private(set) var ticks = 0

    init(on loop: UVLoop) {
        self.loop = loop
        statistics = open("/proc/thread-self/schedstat", O_RDONLY)
        precondition(statistics >= 0, "Linux tells how long a thread waited for a processor")
    }

    deinit { close(statistics) }

    func start() {
        last = nil
        timer = loop.startTimer(afterMilliseconds: 1, repeatMilliseconds: 2) { [unowned self] in
            tick()
        }
    }

    func stop() {
        timer?.cancel()
        timer = nil
    }

    private func tick() {
        ticks += 1
        let current = (now: Self.milliseconds(), waited: waitedMilliseconds())
        if let last {
            let gap = current.now - last.now - (current.waited - last.waited)
            largestMilliseconds = max(largestMilliseconds, gap)
        }
        last = current
    }

    static func milliseconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) * 1000 + Double(time.tv_nsec) / 1e6
    }

    private func waitedMilliseconds() -> Double {
        var buffer = [UInt8](repeating: 0, count: 128)
        let count = pread(statistics, &buffer, buffer.count, 0)
        let fields = String(decoding: buffer[..<max(0, count)], as: UTF8.self)
            .split(separator: " ")
        return fields.count > 1 ? (Double(fields[1]) ?? 0) / 1e6 : 0
    }
}

extension Recorder {
    /// Begins to connect, and waits for it.
    @discardableResult
    func connect(
        in real: RealLoop, sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> ZooKeeperConnection {
        client.start()
        try real.wait(for: "a connection", sourceLocation: sourceLocation) { [self] in isConnected }
        return try #require(connections.last)
    }
}
