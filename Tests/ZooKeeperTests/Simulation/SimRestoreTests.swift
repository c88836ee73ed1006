import Simulation
import Testing
import UVHTTP
import ZooKeeper

/// Watches that need more than one `setWatches2`.
@Suite struct SimRestoreTests {
    private static let nodeCount = 2000
    private static let handshakeBytes = 41
    private static let replyBytes = 20

    private static func path(_ index: Int) -> String {
        "/n/a-name-that-is-long-enough-for-several-chunks-of-paths-\(index)"
    }

    /// After so many bytes the first connection of the reconnecting client breaks off: within the
    /// handshake, after it, after the first chunk's reply, within the second's.
    @Test(arguments: [20, 41, 50, 61, 70, 81, 90, 1000])
    func aChangeIsHeardOfWhereverRestoringBreaksOff(_ cut: Int) throws {
        let setting = SimSetting()
        let recorder = try setting.client()
        let other = try setting.client()
        try setting.connect(other)
        _ = try setting.value { other.client.create("/n", completion: $0) }
        try watchAll(setting, recorder, other)
        setting.world.network.isolate(setting.hosts[0])
        try setting.wait(for: "the loss") { !recorder.isConnected }
        let changed = [0, 1, Self.nodeCount / 2, Self.nodeCount - 1]
        for index in changed {
            _ = try setting.value { other.client.set(Self.path(index), data: [1], completion: $0) }
        }
        setting.zooKeeper.cutNextConnection(afterWriting: cut)
        setting.world.network.healAll()
        try setting.wait(for: "the session") { recorder.isConnected }
        #expect(recorder.connections.last?.isNew == false)
        _ = try setting.value { recorder.client.exists("/n", completion: $0) }
        let heard = recorder.events.map { "\($0.kind) \($0.path)" }
        #expect(Set(heard) == Set(changed.map { "dataChanged \(Self.path($0))" }))
        #expect(setting.zooKeeper.watchCount == Self.nodeCount - changed.count)
    }

    @Test func eventsWhileWatchesAreSetComeAfterTheConnection() throws {
        let setting = SimSetting()
        let recorder = try setting.client()
        let other = try setting.client()
        var story: [String] = []
        recorder.client.onState = { [old = recorder.client.onState] in
            old?($0)
            story.append($0.isConnected ? "connected" : "away")
        }
        recorder.client.onEvent = { _ in story.append("event") }
        try setting.connect(other)
        _ = try setting.value { other.client.create("/n", completion: $0) }
        try watchAll(setting, recorder, other)
        setting.world.network.isolate(setting.hosts[0])
        try setting.wait(for: "the loss") { !recorder.isConnected }
        _ = try setting.value { other.client.set(Self.path(7), data: [1], completion: $0) }
        setting.world.network.healAll()
        try setting.wait(for: "the event") { story.last == "event" }
        #expect(story.suffix(2) == ["connected", "event"])
    }

    /// Creates all nodes and has the first client watch them.
    private func watchAll(
        _ setting: SimSetting, _ recorder: Recorder, _ other: Recorder
    ) throws {
        try setting.connect(recorder)
        for index in 0..<Self.nodeCount {
            other.client.create(Self.path(index)) { _ in }
        }
        _ = try setting.value { other.client.sync(completion: $0) }
        for index in 0..<Self.nodeCount {
            recorder.client.get(Self.path(index), watch: true) { _ in }
        }
        _ = try setting.value { recorder.client.exists("/n", completion: $0) }
        #expect(setting.zooKeeper.watchCount == Self.nodeCount)
    }
}
