import Simulation
import Testing
import UVHTTP
import ZooKeeper

/// Clients and servers to which anything may happen, and what must hold all the same.
///
/// One after the other: they would keep every processor from the tests with real servers.
@Suite(.serialized) struct SimChaosTests {
    /// So many seeds in each of the parts.
    private static let seedsPerPart = isUnderSanitizer ? 10 : 100

    @Test(arguments: 0..<10) func whateverHappensPromisesAreKept(_ part: Int) throws {
        for index in 0..<Self.seedsPerPart {
            let seed = UInt64(part * Self.seedsPerPart + index + 1)
            try Chaos(seed: seed).run()
        }
    }

    @Test func theSameSeedHasTheSameHistory() throws {
        let fingerprints = try (0..<2).map { _ in try Chaos(seed: 77).run() }
        #expect(fingerprints[0] == fingerprints[1])
    }
}

/// A world in which servers stop, stand still and lose each other, connections end, and sessions
/// are ended, while clients write, watch and hold ephemeral nodes.
private final class Chaos {
    private let setting: SimSetting
    private var workers: [ChaosWorker] = []
    private let seed: UInt64
    private let endsSessions: Bool
    private var isOver = false

    init(seed: UInt64) throws {
        self.seed = seed
        setting = SimSetting(seed: seed, serverCount: seed % 3 == 0 ? 1 : 3)
        endsSessions = seed % 2 == 0
        for index in 0..<2 { workers.append(ChaosWorker(index, try setting.client(), setting)) }
        setting.zooKeeper.onWrite = { [unowned self] _, _, path, data in
            for worker in workers { worker.didWrite(path, data) }
        }
    }

    /// Runs it all; gives the world's fingerprint.
    @discardableResult
    func run() throws -> UInt64 {
        let world = setting.world
        for worker in workers { worker.start() }
        scheduleFault()
        scheduleCheck()
        world.run(forMilliseconds: 3000)
        heal()
        for worker in workers { worker.stopWorking() }
        // Twice: what the last write leads to may still be on its way.
        for _ in 0..<2 {
            world.run(forMilliseconds: 20)
            try setting.wait(for: "peace after seed \(seed)", milliseconds: 20_000) { [workers] in
                workers.allSatisfy(\.isAtRest)
            }
        }
        for worker in workers { worker.checkAtTheEnd(seed) }
        return world.fingerprint
    }

    private var random: SimRandom {
        get { setting.world.random }
        set { setting.world.random = newValue }
    }

    private func scheduleFault() {
        setting.world.after(milliseconds: UInt64(20 + random.below(300))) { [weak self] in
            guard let self, !isOver else { return }
            causeFault()
            scheduleFault()
        }
    }

    private func causeFault() {
        let zooKeeper = setting.zooKeeper
        let server = random.below(zooKeeper.hosts.count)
        let client = random.pick(setting.hosts)
        let network = setting.world.network
        switch random.below(12) {
        case 0: zooKeeper.stop(server, random.pick([.closing, .resetting, .silent]))
        case 1, 2: zooKeeper.start(server)
        case 3: zooKeeper.freeze(server)
        case 4: zooKeeper.thaw(server)
        case 5: network.cut(client, zooKeeper.hosts[server])
        case 6: network.cut(from: zooKeeper.hosts[server], to: client)
        case 7: network.isolate(random.pick([client, zooKeeper.hosts[server]]))
        case 8: network.healAll()
        case 9: zooKeeper.closeConnections(server)
        case 10: zooKeeper.cutNextConnection(afterWriting: random.below(400))
        default: endSession()
        }
    }

    private func endSession() {
        guard endsSessions, let session = setting.zooKeeper.sessionIDs.min() else { return }
        setting.zooKeeper.expire(session)
    }

    private func heal() {
        setting.world.network.healAll()
        for server in setting.zooKeeper.hosts.indices {
            setting.zooKeeper.thaw(server)
            if !setting.zooKeeper.hosts[server].isUp { setting.zooKeeper.start(server) }
        }
        // Nothing more happens.
        isOver = true
        setting.zooKeeper.cutNextConnection()
    }

    /// As long as a client holds its session for alive, what it created with it is there.
    private func scheduleCheck() {
        setting.world.after(milliseconds: 37) { [weak self] in
            guard let self, !isOver else { return }
            if !endsSessions {
                for worker in workers { worker.checkEphemerals(seed) }
            }
            scheduleCheck()
        }
    }
}
