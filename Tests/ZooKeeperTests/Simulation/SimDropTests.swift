import Simulation
import Testing
import UVHTTP
import ZooKeeper

/// A conversation that breaks off at each of its bytes, in either direction.
@Suite struct SimDropTests {
    enum Direction: CaseIterable { case read, written }

    @Test(arguments: Direction.allCases)
    func aConversationMayBreakOffAtEveryByte(_ direction: Direction) throws {
        var byteCount = 1
        while try breaksOff(after: byteCount, direction) { byteCount += 1 }
        // Else nothing was tried: the conversation has more bytes than that in each direction.
        #expect(byteCount > 300)
    }

    /// Has the conversation with a break after so many bytes; false if it had fewer.
    private func breaksOff(after byteCount: Int, _ direction: Direction) throws -> Bool {
        let setting = SimSetting(seed: UInt64(byteCount))
        setting.world.network.splitting = .whole
        let cut = byteCount
        switch direction {
        case .read: setting.zooKeeper.cutNextConnection(afterReading: cut)
        case .written: setting.zooKeeper.cutNextConnection(afterWriting: cut)
        }
        let recorder = try setting.client {
            $0.authentications = [.digest(user: "u", password: "p")]
        }
        let conversation = Conversation(recorder.client, setting.zooKeeper)
        recorder.client.start()
        try setting.wait(for: "the end of the conversation") { conversation.isOver }
        try setting.wait(for: "a connection") { recorder.isConnected }
        conversation.check(byteCount)
        let isBroken = !recorder.failures.isEmpty || recorder.connections.count > 1
        try checkWatches(setting, recorder, byteCount)
        return isBroken
    }

    /// A watch that was left, by all the client knows, hears of a change.
    private func checkWatches(
        _ setting: SimSetting, _ recorder: Recorder, _ byteCount: Int
    ) throws {
        let zk = recorder.client
        var isLeft = false
        while !isLeft {
            let result = try setting.result { zk.exists("/later", watch: true, completion: $0) }
            isLeft = result.failure == nil
        }
        setting.zooKeeper.closeConnections(0)
        try setting.wait(for: "the loss") { !recorder.isConnected }
        let other = try setting.client()
        try setting.connect(other)
        _ = try setting.value { other.client.create("/later", completion: $0) }
        try setting.wait(for: "the event") {
            recorder.events.contains(ZooKeeperEvent(kind: .created, path: "/later"))
        }
        let events = recorder.events.count { $0.path == "/later" }
        #expect(events == 1, "\(byteCount)")
    }
}

/// Requests of every kind, each after the one before was answered or failed.
private final class Conversation {
    private let client: ZooKeeperClient
    private var outcomes: [String: [ZooKeeperError?]] = [:]
    private var writes: [String: Int] = [:]
    private var steps: [(ZooKeeperClient, @escaping (ZooKeeperError?) -> Void) -> Void] = []
    private var next = 0

    init(_ client: ZooKeeperClient, _ zooKeeper: SimZooKeeper) {
        self.client = client
        zooKeeper.onWrite = { [self] _, opcode, path, data in
            writes["\(opcode) \(path)" + String(decoding: data, as: UTF8.self), default: 0] += 1
        }
        steps = [
            { $0.create("/a", data: [0x31], completion: Self.told($1)) },
            { $0.set("/a", data: [0x32], completion: Self.told($1)) },
            { $0.get("/a", watch: true, completion: Self.told($1)) },
            { $0.addWatch("/", mode: .persistent, completion: Self.told($1)) },
            { $0.create("/a/e", mode: .ephemeral, completion: Self.told($1)) },
            { $0.children("/a", completion: Self.told($1)) },
            {
                $0.multi(
                    [.create(path: "/m", data: [0x33]), .set(path: "/m", data: [0x34])],
                    completion: Self.told($1))
            },
            { $0.delete("/a/e", completion: Self.told($1)) },
            { $0.sync(completion: Self.told($1)) },
        ]
        client.onState = { [weak self, old = client.onState] state in
            old?(state)
            if state.isConnected { self?.go() }
        }
    }

    var isOver: Bool { next == steps.count }
    private var isWaiting = false

    private static func told<Value>(
        _ done: @escaping (ZooKeeperError?) -> Void
    ) -> ZooKeeperClient.Completion<Value> {
        { done($0.failure) }
    }

    private func go() {
        guard next < steps.count, !isWaiting else { return }
        isWaiting = true
        let step = next
        steps[step](client) { [self] error in
            isWaiting = false
            outcomes["\(step)", default: []].append(error)
            next = step + 1
            if client.state.isConnected { go() }
        }
    }

    /// Each request was completed once, and each write done at most once: once if it was said to
    /// be.
    func check(_ byteCount: Int) {
        for step in steps.indices {
            let outcome = outcomes["\(step)"] ?? []
            #expect(outcome.count == 1, "request \(step), break after \(byteCount)")
        }
        let isOnce = writes.values.allSatisfy { $0 == 1 }
        #expect(isOnce, "\(writes), break after \(byteCount)")
        for (step, write) in [(0, "15 /a1"), (1, "5 /a2"), (6, "5 /m4"), (7, "2 /a/e")]
        where outcomes["\(step)"] == [nil] {
            #expect(writes[write] == 1, "request \(step), break after \(byteCount)")
        }
    }
}
