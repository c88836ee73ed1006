import Simulation
import Testing
import UVHTTP
import ZooKeeper

/// A session and what befalls it, in virtual time.
@Suite struct SimSessionTests {
    @Test func aSessionMovesToAnotherServerWithItsWatches() throws {
        let setting = SimSetting(serverCount: 3)
        let recorder = try setting.client()
        let other = try setting.client()
        let first = try setting.connect(recorder)
        try setting.connect(other)
        let zk = recorder.client
        _ = try setting.value { zk.create("/e", mode: .ephemeral, completion: $0) }
        #expect(try setting.value { zk.exists("/x", watch: true, completion: $0) } == nil)
        _ = try setting.value { zk.get("/e", watch: true, completion: $0) }
        _ = try setting.value { zk.children("/", watch: true, completion: $0) }
        try setting.value { zk.addWatch("/deep", mode: .persistentRecursive, completion: $0) }
        let server = try #require(setting.zooKeeper.server(of: first.sessionID))
        setting.zooKeeper.stop(server)
        try setting.wait(for: "the loss") { !recorder.isConnected }
        try setting.wait(for: "another server") { recorder.isConnected }
        let second = try #require(recorder.connections.last)
        #expect(second.sessionID == first.sessionID && !second.isNew)
        #expect(setting.zooKeeper.server(of: first.sessionID) != server)
        try setting.wait(for: "the other") { other.isConnected }
        let writer = other.client
        _ = try setting.value { writer.create("/x", completion: $0) }
        _ = try setting.value { writer.set("/e", data: [1], completion: $0) }
        _ = try setting.value { writer.create("/deep", completion: $0) }
        _ = try setting.value { writer.create("/deep/er", completion: $0) }
        _ = try setting.value { zk.exists("/deep/er", completion: $0) }
        #expect(
            recorder.events.map { "\($0.kind) \($0.path)" } == [
                "created /x", "childrenChanged /", "dataChanged /e", "created /deep",
                "created /deep/er",
            ])
    }

    @Test func aSilentServerIsLeftAfterTwoThirdsAndTheSessionGivenUpInTime() throws {
        let setting = SimSetting()
        let recorder = try setting.client()
        try setting.connect(recorder)
        setting.world.run(forMilliseconds: 5000)
        #expect(recorder.states.count == 1)
        setting.zooKeeper.freeze(0)
        let begin = setting.world.nowMilliseconds
        try setting.wait(for: "the loss") { !recorder.isConnected }
        // The last answer may have come two thirds of the timeout less a third ago.
        #expect((660...1340).contains(setting.world.nowMilliseconds - begin))
        try setting.wait(for: "our own clock") { recorder.client.state == .lost }
        #expect((1330...2010).contains(setting.world.nowMilliseconds - begin))
        setting.zooKeeper.thaw(0)
        try setting.wait(for: "a connection") { recorder.isConnected }
    }

    @Test(arguments: 1...60 as ClosedRange<UInt64>)
    func aSessionIsGivenUpBeforeAServerEndsIt(_ seed: UInt64) throws {
        let setting = SimSetting(seed: seed, serverCount: 3)
        let recorder = try setting.client()
        let session = try setting.connect(recorder).sessionID
        setting.world.run(forMilliseconds: UInt64(setting.world.random.below(3000)))
        setting.world.network.isolate(setting.hosts[0])
        try setting.wait(for: "the server's end of the session") {
            !setting.zooKeeper.sessionIDs.contains(session)
        }
        #expect(recorder.client.state == .lost)
        setting.world.network.healAll()
        try setting.wait(for: "a new session") { recorder.isConnected }
        #expect(recorder.states.suffix(3).first == .lost)
        #expect(recorder.states.suffix(2).first == .expired)
        #expect(recorder.connections.last?.isNew == true)
    }

    @Test func anEnsembleThatForgotEverythingIsUsedAnew() throws {
        let setting = SimSetting()
        let recorder = try setting.client()
        try setting.connect(recorder)
        for index in 0..<5 {
            _ = try setting.value { recorder.client.create("/\(index)", completion: $0) }
        }
        setting.zooKeeper.stop(0)
        setting.zooKeeper.wipe()
        setting.zooKeeper.start(0)
        try setting.wait(for: "a new session") { recorder.connections.count == 2 }
        #expect(recorder.connections.last?.isNew == true)
        #expect(recorder.states.contains(.expired))
        #expect(try setting.value { recorder.client.exists("/1", completion: $0) } == nil)
    }

    @Test func aNameIsLookedUpUntilItIsThere() throws {
        let setting = SimSetting()
        let recorder = try setting.client("zoo:2181")
        recorder.client.start()
        setting.world.run(forMilliseconds: 20_000)
        #expect(recorder.failures.count > 10)
        let isUnresolved = recorder.failures.allSatisfy { $0 == .unresolved(.nameNotFound) }
        #expect(isUnresolved)
        let useless = ["10.9.9.9", setting.hosts[0].addresses[0]]
        setting.world.network.names["zoo"] = .addresses(useless)
        setting.world.run(forMilliseconds: 3000)
        #expect(!recorder.isConnected)
        setting.world.network.names["zoo"] = .addresses(setting.zooKeeper.hosts[0].addresses)
        try setting.wait(for: "a connection", milliseconds: 3000) { recorder.isConnected }
    }

    @Test func aLookUpThatHangsHoldsNobodyUp() throws {
        let setting = SimSetting()
        setting.world.network.lookUpMicroseconds = 30_000_000...30_000_000
        let address = setting.zooKeeper.hosts[0].addresses[0]
        var timeouts = 0
        for _ in 0..<8 {
            let recorder = try setting.client("nobody:2181,\(address):2181")
            recorder.client.start()
            try setting.wait(for: "a connection", milliseconds: 700) { recorder.isConnected }
            timeouts += recorder.failures.count { $0 == .unresolved(.timedOut) }
        }
        #expect(timeouts > 0)
    }

    @Test func aSlowLookUpIsUsedWhenItComes() throws {
        let setting = SimSetting()
        setting.world.network.lookUpMicroseconds = 5_000_000...5_000_000
        let recorder = try setting.client()
        recorder.client.start()
        try setting.wait(for: "a connection", milliseconds: 8000) { recorder.isConnected }
        #expect(recorder.failures.count > 2)
    }

    @Test func theSeedDecidesWhichServerIsFirst() throws {
        var counts = [0, 0, 0]
        for seed in 1...60 as ClosedRange<UInt64> {
            let setting = SimSetting(seed: seed, serverCount: 3)
            let session = try setting.connect(setting.client()).sessionID
            counts[try #require(setting.zooKeeper.server(of: session))] += 1
        }
        #expect(counts.allSatisfy { $0 > 5 }, "\(counts)")
    }

    @Test func aHungServerCostsAThirdOfTheTimeoutOverTheServers() throws {
        let setting = SimSetting(serverCount: 3)
        setting.zooKeeper.freeze(0)
        for _ in 0..<20 {
            let recorder = try setting.client()
            let begin = setting.world.nowMilliseconds
            try setting.connect(recorder)
            #expect(setting.world.nowMilliseconds - begin < 222 + 20)
            #expect(recorder.failures.allSatisfy { $0 == .connectTimeout(milliseconds: 222) })
        }
    }

    @Test func withoutServersAttemptsGetRare() throws {
        let setting = SimSetting(serverCount: 3)
        for server in 0..<3 { setting.zooKeeper.stop(server) }
        let recorder = try setting.client { $0.sessionTimeoutMilliseconds = 30_000 }
        recorder.client.start()
        setting.world.run(forMilliseconds: 60_000)
        // Rounds of three attempts, 1 to 2 s apart in the end.
        #expect((90...200).contains(recorder.failures.count), "\(recorder.failures.count)")
        #expect(recorder.states.isEmpty)
    }

    @Test func aServerThatEndsEveryConnectionIsNotStormed() throws {
        let setting = SimSetting()
        let recorder = try setting.client { $0.sessionTimeoutMilliseconds = 30_000 }
        var attempts = 0
        recorder.client.onState = { [unowned setting] state in
            guard state.isConnected else { return }
            attempts += 1
            setting.zooKeeper.closeConnections(0)
        }
        recorder.client.onConnectFailed = { _, _ in attempts += 1 }
        recorder.client.start()
        setting.world.run(forMilliseconds: 60_000)
        // The session has 2000 ms here, so pauses are at most 333.
        #expect((100...400).contains(attempts), "\(attempts)")
    }

    @Test func requestsThatWaitAreBounded() throws {
        let setting = SimSetting()
        let recorder = try setting.client {
            $0.pendingRequestsMax = 10
            $0.pendingBytesMax = 1000
        }
        try setting.connect(recorder)
        var results: [ZooKeeperError?] = []
        for _ in 0..<12 { recorder.client.get("/") { results.append($0.failure) } }
        try setting.wait(for: "all") { results.count == 12 }
        #expect(results.count { $0 == nil } == 10)
        #expect(results.count { $0 == .tooManyRequests } == 2)
        results = []
        let data = [UInt8](repeating: 0, count: 400)
        for _ in 0..<4 { recorder.client.set("/", data: data) { results.append($0.failure) } }
        try setting.wait(for: "all") { results.count == 4 }
        #expect(results.count { $0 == .tooManyRequests } == 2)
        #expect(recorder.client.pendingRequests == 0)
    }

    @Test func closingWithoutAConnectionWaitsForOne() throws {
        let setting = SimSetting()
        let recorder = try setting.client()
        let session = try setting.connect(recorder).sessionID
        setting.zooKeeper.stop(0)
        try setting.wait(for: "the loss") { !recorder.isConnected }
        var confirmations: [Bool] = []
        recorder.client.close(deadlineMilliseconds: 5000) { confirmations.append($0) }
        setting.world.run(forMilliseconds: 300)
        #expect(confirmations.isEmpty && setting.zooKeeper.sessionIDs == [session])
        setting.zooKeeper.start(0)
        try setting.wait(for: "the end") { !confirmations.isEmpty }
        #expect(confirmations == [true] && setting.zooKeeper.sessionIDs.isEmpty)
        #expect(recorder.client.state == .closed)
        #expect(recorder.states.count { $0 == .closed } == 1)
    }

    @Test func closingBeforeStartAndWithoutASessionIsQuick() throws {
        let setting = SimSetting()
        setting.zooKeeper.stop(0)
        for isStarted in [false, true] {
            let recorder = try setting.client()
            if isStarted { recorder.client.start() }
            var confirmations: [Bool] = []
            recorder.client.close(deadlineMilliseconds: 5000) { confirmations.append($0) }
            #expect(confirmations.isEmpty)
            try setting.wait(for: "the end", milliseconds: 10) { !confirmations.isEmpty }
            #expect(confirmations == [false] && recorder.client.state == .closed)
            recorder.client.close(deadlineMilliseconds: 5000) { confirmations.append($0) }
            try setting.wait(for: "the end", milliseconds: 10) { confirmations.count == 2 }
            let failure = try setting.result { recorder.client.sync(completion: $0) }.failure
            #expect(failure == .closed)
        }
    }

    /// Even with a request under way whose completion holds it.
    @Test func aClosedClientIsNotLeftWhenItsLoopEnds() throws {
        weak var left: ZooKeeperClient?
        do {
            let setting = SimSetting()
            let recorder = try setting.client()
            try setting.connect(recorder)
            let client = recorder.client
            left = client
            client.get("/") { [client] _ in Issue.record("told of a reply, \(client.state)") }
            client.close(deadlineMilliseconds: 0)
        }
        #expect(left == nil)
    }

    @Test func authenticationIsSentOnEveryConnection() throws {
        let setting = SimSetting()
        let recorder = try setting.client {
            $0.authentications = [.digest(user: "a", password: "1")]
        }
        try setting.connect(recorder)
        let zk = recorder.client
        _ = try setting.value { zk.create("/a", acl: ACL.creator, completion: $0) }
        try setting.value {
            zk.addAuthentication(.digest(user: "b", password: "2"), completion: $0)
        }
        _ = try setting.value { zk.create("/b", acl: ACL.creator, completion: $0) }
        setting.zooKeeper.closeConnections(0)
        try setting.wait(for: "the connection") { recorder.connections.count == 2 }
        _ = try setting.value { zk.set("/a", data: [1], completion: $0) }
        _ = try setting.value { zk.set("/b", data: [1], completion: $0) }
        #expect(setting.zooKeeper.nodes["/b"]?.rules.count == 2)
        let stranger = try setting.client()
        try setting.connect(stranger)
        let failure = try setting.result { stranger.client.get("/a", completion: $0) }.failure
        #expect(failure == .noAuth)
    }

    @Test func anAuthenticationWaitsForAConnection() throws {
        let setting = SimSetting()
        let recorder = try setting.client()
        var results: [ZooKeeperError?] = []
        recorder.client.addAuthentication(.digest(user: "a", password: "1")) {
            results.append($0.failure)
        }
        setting.world.run(forMilliseconds: 100)
        #expect(results.isEmpty)
        try setting.connect(recorder)
        try setting.wait(for: "the answer") { results == [nil] }
    }

    @Test func theQuorumDecidesWhoServes() throws {
        let setting = SimSetting(serverCount: 3)
        let recorder = try setting.client()
        let session = try setting.connect(recorder).sessionID
        setting.zooKeeper.stop(0)
        setting.zooKeeper.stop(1)
        setting.world.run(forMilliseconds: 10_000)
        #expect(recorder.client.state == .lost)
        setting.zooKeeper.start(0)
        try setting.wait(for: "the session") { recorder.isConnected }
        #expect(recorder.connections.last?.sessionID == session)
        let network = setting.world.network
        network.partition([setting.zooKeeper.hosts[2]])
        try setting.wait(for: "nothing") { !recorder.isConnected || setting.world.eventCount > 0 }
        setting.world.run(forMilliseconds: 10_000)
        #expect(!recorder.isConnected)
        network.healAll()
        try setting.wait(for: "a session") { recorder.isConnected }
    }
}
