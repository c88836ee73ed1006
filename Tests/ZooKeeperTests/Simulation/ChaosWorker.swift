import Simulation
import Testing
import UVHTTP
import ZooKeeper

/// A client that works as the owner of nodes does: it registers itself, keeps a view of a subtree
/// by a watch, and writes; and that keeps account of everything.
final class ChaosWorker {
    private let index: Int
    private let recorder: Recorder
    private let setting: SimSetting
    private var zk: ZooKeeperClient { recorder.client }

    private var completions: [Int] = []
    /// By what makes each write unlike any other: how often it was done, and what was said of it.
    private var doneCounts: [String: Int] = [:]
    private var outcomes: [String: ZooKeeperError?] = [:]
    private var nextToken = 0
    private var isWorking = true

    /// Ephemeral nodes that this session has been told to have.
    private var ephemerals: Set<String> = []
    /// The data of `/shared` and all below, by the events; nil until it was read.
    private var view: [String: [UInt8]]?
    /// What events have led to since the reading of the view began: newer than what is in it.
    private var updates: [String: [UInt8]?] = [:]
    private var reads = 0
    /// The data of `/once`, by one-shot watches.
    private var once: [UInt8]??

    init(_ index: Int, _ recorder: Recorder, _ setting: SimSetting) {
        self.index = index
        self.recorder = recorder
        self.setting = setting
        recorder.client.onState = { [weak self] in self?.onState($0) }
        recorder.client.onEvent = { [weak self] in self?.onEvent($0) }
    }

    func start() {
        zk.start()
        work()
    }

    func stopWorking() { isWorking = false }

    var isAtRest: Bool {
        zk.state.isConnected && reads == 0 && zk.pendingRequests == 0 && view != nil && once != nil
    }

    // MARK: Following

    private func onState(_ state: ZooKeeperState) {
        switch state {
        case .connected(let connection):
            if connection.isNew {
                ephemerals = []
                write("/e/\(index)", mode: .ephemeral)
            }
            follow()
        case .disconnected:
            view = nil
            updates = [:]
        case .lost, .expired: ephemerals = []
        default: break
        }
    }

    /// Has the watch first, and then reads; so nothing is missed.
    private func follow() {
        request { self.zk.addWatch("/shared", mode: .persistentRecursive, completion: $0) }
        view = nil
        updates = [:]
        reads += 1
        zk.readSubtree("/shared", windowRequests: 4) { [self] result in
            reads -= 1
            switch result {
            case .success(let nodes):
                view = Dictionary(uniqueKeysWithValues: nodes.map { ($0.path, $0.data) })
                for (path, data) in updates { view?[path] = data }
            case .failure(.noNode): view = updates.compactMapValues { $0 }
            case .failure(let error):
                if error != .connectionLoss, error != .notConnected { Issue.record("\(error)") }
            }
        }
        readOnce()
    }

    private func readOnce() {
        reads += 1
        zk.get("/once", watch: true) { [self] result in
            reads -= 1
            switch result {
            case .success(let node): once = .some(node.data)
            case .failure(.noNode):
                once = .some(nil)
                awaitOnce()
            case .failure: break
            }
        }
    }

    /// Leaves a watch on what isn't there, unless it is by now.
    private func awaitOnce() {
        reads += 1
        zk.exists("/once", watch: true) { [self] result in
            reads -= 1
            if case .success(.some) = result { readOnce() }
        }
    }

    private func onEvent(_ event: ZooKeeperEvent) {
        if event.path == "/once" { return readOnce() }
        guard event.path.hasPrefix("/shared") else { return }
        reads += 1
        // Whatever it was, the node is now as it is read.
        zk.get(event.path) { [self] result in
            reads -= 1
            switch result {
            case .success(let node): update(event.path, node.data)
            case .failure(.noNode): update(event.path, nil)
            case .failure: break
            }
        }
    }

    private func update(_ path: String, _ data: [UInt8]?) {
        if view == nil { updates[path] = .some(data) } else { view?[path] = data }
    }

    // MARK: Working

    private func work() {
        let pause = UInt64(1 + setting.world.random.below(80))
        setting.world.after(milliseconds: pause) { [weak self] in
            guard let self, isWorking else { return }
            doSomething()
            work()
        }
    }

    private func doSomething() {
        let node = "/shared/\(setting.world.random.below(4))"
        switch setting.world.random.below(10) {
        case 0: write("/shared")
        case 1, 2: write(node)
        case 3: write("/once")
        case 4: set(node)
        case 5: set("/once")
        case 6: request { self.zk.delete(node, completion: $0) }
        case 7: write("/e", mode: .persistent)
        case 8: request { self.zk.delete("/once", completion: $0) }
        default:
            let token = newToken()
            let operations: [MultiOperation] = [
                .set(path: "/shared", data: token), .create(path: node + "/m", data: token),
            ]
            account(for: token) { self.zk.multi(operations, completion: $0) }
        }
    }

    private func newToken() -> [UInt8] {
        nextToken += 1
        return Array("\(index)-\(nextToken)".utf8)
    }

    private func write(_ path: String, mode: CreateMode = .persistent) {
        let token = newToken()
        account(for: token) { [self] completion in
            zk.create(path, data: token, mode: mode) { [self] result in
                if mode.isEphemeral, case .success(let node) = result {
                    ephemerals.insert(node.path)
                }
                completion(result)
            }
        }
    }

    private func set(_ path: String) {
        let token = newToken()
        account(for: token) { self.zk.set(path, data: token, completion: $0) }
    }

    private func account<Value>(
        for token: [UInt8], _ body: (@escaping ZooKeeperClient.Completion<Value>) -> Void
    ) {
        request { completion in
            body { [self] result in
                outcomes[String(decoding: token, as: UTF8.self)] = .some(result.failure)
                completion(result)
            }
        }
    }

    /// Counts how often a request is completed.
    private func request<Value>(_ body: (@escaping ZooKeeperClient.Completion<Value>) -> Void) {
        let number = completions.count
        completions.append(0)
        var isInside = true
        body { [self] _ in
            completions[number] += 1
            if isInside { Issue.record("a completion from inside") }
        }
        isInside = false
    }

    func didWrite(_ path: String, _ data: [UInt8]) {
        let token = String(decoding: data, as: UTF8.self)
        guard token.hasPrefix("\(index)-") else { return }
        doneCounts[token + path, default: 0] += 1
    }

    // MARK: Checks

    func checkEphemerals(_ seed: UInt64) {
        for path in ephemerals where setting.zooKeeper.nodes[path] == nil {
            Issue.record("\(path) is gone while its client holds it, seed \(seed)")
        }
    }

    func checkAtTheEnd(_ seed: UInt64) {
        if completions.contains(where: { $0 != 1 }) {
            Issue.record("a request was not completed once, seed \(seed)")
        }
        if doneCounts.values.contains(where: { $0 != 1 }) {
            Issue.record("a write was done twice, seed \(seed)")
        }
        let done = Set(doneCounts.keys.map { $0.prefix { $0 != "/" } }.map(String.init))
        for (token, error) in outcomes {
            if let error, error.isAmbiguous { continue }
            if done.contains(token) != (error == nil) {
                Issue.record("\(token) ended as \(String(describing: error)), seed \(seed)")
            }
        }
        checkEphemerals(seed)
        checkOwners(seed)
        checkViews(seed)
    }

    private func checkOwners(_ seed: UInt64) {
        let living = Set(setting.zooKeeper.sessionIDs)
        for (path, node) in setting.zooKeeper.nodes
        where node.owner != 0 && !living.contains(node.owner) {
            Issue.record("\(path) outlives its session, seed \(seed)")
        }
    }

    private func checkViews(_ seed: UInt64) {
        let nodes = setting.zooKeeper.nodes
        let shared = nodes.filter { $0.key.hasPrefix("/shared") }.mapValues(\.data)
        if view != shared {
            Issue.record("the view \(view ?? [:]) is not \(shared), seed \(seed)")
        }
        if once != .some(nodes["/once"]?.data) {
            Issue.record("a one-shot watch was lost, seed \(seed)")
        }
    }
}
