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

    /// Ends all servers and clients, and tells `NeverStandsStill` how long the loop stood still.
    func end() {
        for server in servers { server.end() }
        for client in clients { client.close(deadlineMilliseconds: 0) }
        loop.close()
        NeverStandsStill.gaps?.note(meter.largestMilliseconds)
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
