import Simulation
import Testing
import UVHTTP
import ZooKeeper

@testable import CacheNode

/// A record beside a store that does at once, or later, what it is told.
private final class RecordHarness {
    var record: TreeRecord
    var tree: Tree
    var store: [String: [UInt8]] = [:]
    var now: UInt64 = 1_000
    private(set) var reports: [TreeRecord.Report] = []
    private(set) var actions: [TreeRecord.Action] = []
    /// Sent and not answered.
    private(set) var pending: [TreeRecord.Action] = []

    init(depth: Int = 4, layout: TreeLayout = .named) {
        record = TreeRecord(layout: layout)
        tree = Tree(
            depth: depth,
            root: TreeMember(
                name: "NODE-1", endpoint: Endpoint(host: "h1", port: 5000), api: .canopy,
                nowMilliseconds: 0))
        record.onRegistered(slot: 1, in: tree, now: now)
    }

    func register(_ number: Int, slot: Int? = nil, host: String? = nil, api: NodeAPI = .canopy) {
        let result = tree.register(
            name: "NODE-\(number)", endpoint: Endpoint(host: host ?? "h\(number)", port: 5000),
            api: api, preferredSlot: slot, nowMilliseconds: now)
        guard case .success(let registration) = result else {
            Issue.record("NODE-\(number) has no slot")
            return
        }
        record.onRegistered(slot: registration.slot, in: tree, now: now)
    }

    func read() { record.onRead(store.map { ($0.key, $0.value) }.sorted { $0.0 < $1.0 }) }

    func send() {
        while let action = record.next(now: now) {
            actions.append(action)
            pending.append(action)
        }
        #expect(pending.count <= TreeRecord.windowRequests)
        reports += record.takeReports()
    }

    /// Does the oldest of what is pending.
    func answer() {
        let action = pending.removeFirst()
        record.onDone(action, perform(action))
        reports += record.takeReports()
    }

    func settle() {
        send()
        while !pending.isEmpty {
            answer()
            send()
        }
    }

    private func perform(_ action: TreeRecord.Action) -> TreeRecord.Outcome {
        let path = action.path
        switch action {
        case .create(_, let data):
            if store[path] != nil { return .nodeExists }
            guard let parent = NodePath.parent(of: path), parent == "/" || store[parent] != nil
            else { return .noNode }
            store[path] = data
            return .done
        case .set(_, let data):
            if store[path] == nil { return .noNode }
            store[path] = data
            return .done
        case .delete:
            if store[path] == nil { return .noNode }
            if store.keys.contains(where: { $0.hasPrefix(path + "/") }) { return .notEmpty }
            store[path] = nil
            return .done
        case .read: return store[path].map { .found($0) } ?? .noNode
        }
    }

    /// Somebody else's doing, of which a watch tells.
    func delete(_ path: String) {
        for below in store.keys.filter({ $0 == path || $0.hasPrefix(path + "/") }).sorted()
            .reversed()
        {
            store[below] = nil
            record.onEvent(below)
        }
    }

    func set(_ path: String, _ text: String) {
        store[path] = bytes(text)
        record.onEvent(path)
    }

    /// The tree's znodes as they should be.
    var wanted: [String: [UInt8]] {
        var wanted: [String: [UInt8]] = [:]
        for member in tree.members {
            guard let path = tree.zkPath(forSlot: member.slot, layout: .named) else { continue }
            wanted[path] = RegistryRecord(member).data
        }
        return wanted
    }
}

@Suite struct TreeRecordTests {
    @Test func nothingIsWrittenBeforeAllWasRead() {
        let test = RecordHarness()
        test.register(2)
        test.send()
        #expect(test.actions.isEmpty)
        test.read()
        test.settle()
        #expect(test.actions.map(\.path) == ["/NODE-1", "/NODE-1/NODE-2"])
        #expect(test.store == test.wanted)
        #expect(test.record.isSettled)
    }

    @Test func whatIsThereIsLeftAsItIs() {
        let test = RecordHarness()
        test.register(2)
        test.store = test.wanted
        test.read()
        test.settle()
        #expect(test.actions.isEmpty)
        test.register(2)
        test.settle()
        #expect(test.actions.isEmpty)
        test.register(2, host: "elsewhere")
        test.settle()
        #expect(test.actions.count == 1)
        #expect(test.store == test.wanted)
        #expect(test.reports.isEmpty)
    }

    @Test func whatOthersDeleteIsMadeAgainAndReported() {
        let test = RecordHarness()
        for number in 2...5 { test.register(number) }
        test.read()
        test.settle()
        test.delete("/NODE-1/NODE-2")
        test.settle()
        #expect(test.store == test.wanted)
        #expect(
            Set(test.reports.map(String.init(describing:)))
                == Set(
                    ["/NODE-1/NODE-2", "/NODE-1/NODE-2/NODE-4", "/NODE-1/NODE-2/NODE-5"].map {
                        String(describing: TreeRecord.Report.madeAgain($0))
                    }))
    }

    @Test func whatOthersDeleteWhileAwayIsMadeAgainAndReported() {
        let test = RecordHarness()
        test.register(2)
        test.read()
        test.settle()
        test.record.onDisconnected()
        test.store["/NODE-1/NODE-2"] = nil
        test.read()
        test.settle()
        #expect(test.store == test.wanted)
        #expect(test.reports == [.madeAgain("/NODE-1/NODE-2")])
    }

    @Test func whatOthersChangeIsSetAgainAndReported() {
        let test = RecordHarness()
        test.register(2)
        test.read()
        test.settle()
        test.set("/NODE-1/NODE-2", "x")
        test.settle()
        #expect(test.store == test.wanted)
        #expect(test.reports == [.changedByHand("/NODE-1/NODE-2")])
    }

    @Test func foreignZnodesAreReportedOnceAndLeftAlone() {
        let test = RecordHarness()
        test.store = ["/NODE-1": [], "/NODE-1/other": []]
        test.read()
        test.settle()
        test.record.onDisconnected()
        test.read()
        test.settle()
        #expect(test.reports == [.foreign(["/NODE-1/other"])])
        #expect(test.store["/NODE-1/other"] != nil)
    }

    /// NODE-4 outlived a root that had forgotten, and came back before its parent.
    @Test func aVacancyThatIsFilledMovesWhatIsBelow() {
        let test = RecordHarness()
        for (number, slot) in [(9, 9), (4, 4)] { test.register(number, slot: slot) }
        test.read()
        test.settle()
        #expect(test.store["/NODE-1/NODE-4/NODE-9"] != nil)
        test.register(2, slot: 2)
        test.settle()
        #expect(
            Set(test.store.keys)
                == [
                    "/NODE-1", "/NODE-1/NODE-2", "/NODE-1/NODE-2/NODE-4",
                    "/NODE-1/NODE-2/NODE-4/NODE-9",
                ])
        #expect(test.reports.isEmpty)
    }

    @Test func anEarlierNodeCreatesItsZnodeItself() {
        let test = RecordHarness()
        test.read()
        test.register(2, api: .store)
        test.register(3)
        test.register(4)
        test.settle()
        #expect(Set(test.store.keys) == ["/NODE-1", "/NODE-1/NODE-3"])
        #expect(test.record.deadline == test.now + TreeRecord.patienceMilliseconds)
        test.set("/NODE-1/NODE-2", #"{"address":"h2"}"#)
        test.settle()
        #expect(test.store == test.wanted)
        #expect(test.reports.isEmpty)
    }

    @Test func anEarlierNodeThatDoesNotIsRecordedAllTheSame() {
        let test = RecordHarness()
        test.read()
        test.register(2, api: .kv)
        test.settle()
        #expect(test.store.count == 1)
        test.now += TreeRecord.patienceMilliseconds
        test.record.onTimer(now: test.now)
        test.settle()
        #expect(test.store == test.wanted)
        #expect(test.record.deadline == nil)
    }

    @Test func manyNodesAreWrittenAWindowAtATime() {
        let test = RecordHarness(depth: 11)
        for number in 2...2047 { test.register(number) }
        test.read()
        test.send()
        #expect(test.pending.count == TreeRecord.windowRequests)
        test.settle()
        #expect(test.store == test.wanted)
        #expect(test.actions.count == 2047)
    }

    /// Nodes come, people meddle, connections end with requests under way, which may have been done
    /// or not; in the end the store has the tree.
    @Test(arguments: 0..<300) func endsWithTheTree(seed: UInt64) {
        var random = SimRandom(seed: seed)
        let test = RecordHarness()
        for _ in 0..<120 {
            switch random.below(12) {
            case 0, 1, 2:
                test.register(
                    2 + random.below(14), slot: random.oneIn(2) ? 2 + random.below(14) : nil,
                    host: random.oneIn(4) ? "h\(random.below(9))" : nil)
            case 3: test.delete(random.pick(test.store.keys.sorted() + ["/NODE-1"]))
            case 4:
                let path = random.pick(test.store.keys.sorted() + ["/none"])
                if test.store[path] != nil { test.set(path, "meddled") }
            case 5:
                // Some of what was under way is done, and nothing is heard of it.
                for _ in 0..<random.below(test.pending.count + 1) { test.doWithoutAnswer() }
                test.drop()
                test.record.onDisconnected()
                if random.oneIn(2) { test.read() }
            case 6: if !test.record.isCurrent { test.read() }
            case 7, 8: test.send()
            default: if !test.pending.isEmpty { test.answer() }
            }
        }
        if !test.record.isCurrent { test.read() }
        test.settle()
        let differences = Set(test.store.keys).symmetricDifference(test.wanted.keys).sorted()
        #expect(differences.isEmpty, "seed \(seed)")
        #expect(test.store == test.wanted, "seed \(seed)")
        #expect(test.record.isSettled, "seed \(seed)")
    }
}

extension RecordHarness {
    func doWithoutAnswer() {
        guard let action = pending.first else { return }
        pending.removeFirst()
        _ = perform(action)
    }

    func drop() { pending.removeAll() }
}
