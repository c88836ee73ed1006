import Simulation
import Testing
import UVHTTP
import ZooKeeper

/// A simulated ensemble and clients on hosts of their own.
final class SimSetting {
    let world: SimWorld
    let zooKeeper: SimZooKeeper
    private(set) var hosts: [SimHost] = []
    private var recorders: [Recorder] = []

    init(seed: UInt64 = 1, serverCount: Int = 1, tickMilliseconds: UInt64 = 100) {
        world = SimWorld(seed: seed)
        zooKeeper = SimZooKeeper(
            in: world, serverCount: serverCount, tickMilliseconds: tickMilliseconds)
    }

    deinit { world.close() }

    /// A client on a host of its own; it asks for a session timeout of 2000 ms.
    func client(
        _ connectString: String? = nil, configure: (inout ZooKeeperOptions) -> Void = { _ in }
    ) throws -> Recorder {
        let host = world.addHost("client\(hosts.count + 1)")
        hosts.append(host)
        var options = ZooKeeperOptions()
        options.sessionTimeoutMilliseconds = 2000
        configure(&options)
        let recorder = Recorder(
            ZooKeeperClient(
                loop: host.loop,
                connectString: try ConnectString(connectString ?? zooKeeper.connectString),
                options: options, seed: world.random.next()))
        recorders.append(recorder)
        return recorder
    }

    /// Starts a client and waits for its connection.
    @discardableResult
    func connect(
        _ recorder: Recorder, sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> ZooKeeperConnection {
        recorder.client.start()
        try wait(for: "a connection", sourceLocation: sourceLocation) { recorder.isConnected }
        return try #require(recorder.connections.last)
    }

    func wait(
        for what: String, milliseconds: UInt64 = 60_000,
        sourceLocation: SourceLocation = #_sourceLocation, until condition: () -> Bool
    ) throws {
        let isMet = world.run(withinMilliseconds: milliseconds, until: condition)
        try #require(isMet, "waited in vain for \(what)", sourceLocation: sourceLocation)
    }

    func result<Value>(
        sourceLocation: SourceLocation = #_sourceLocation,
        of request: (@escaping ZooKeeperClient.Completion<Value>) -> Void
    ) throws -> Result<Value, ZooKeeperError> {
        var results: [Result<Value, ZooKeeperError>] = []
        request { results.append($0) }
        #expect(results.isEmpty, "a completion from inside", sourceLocation: sourceLocation)
        try wait(for: "a reply", sourceLocation: sourceLocation) { !results.isEmpty }
        return results[0]
    }

    func value<Value>(
        sourceLocation: SourceLocation = #_sourceLocation,
        of request: (@escaping ZooKeeperClient.Completion<Value>) -> Void
    ) throws -> Value {
        try result(sourceLocation: sourceLocation, of: request).get()
    }
}
