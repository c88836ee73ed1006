import ZooKeeper

/// The tree as ZooKeeper is to have it, beside what ZooKeeper has: what is to be created, set and
/// deleted so that they become the same. It decides and does no I/O.
///
/// Znodes that somebody else deletes or changes are made again, and reported. Znodes below the
/// root's that are no node's of this tree are left alone.
struct TreeRecord {
    /// Requests that may be under way at once. They are done in the order in which they were sent,
    /// so that a parent is there before its children.
    static let windowRequests = 64
    /// How long a node of an earlier system has to create its znode itself, as those do.
    static let patienceMilliseconds: UInt64 = 10_000
    /// Names in a report that would be too long with all of them.
    private static let reportedMax = 8

    enum Action: Equatable {
        case create(String, [UInt8])
        case set(String, [UInt8])
        case delete(String)
        case read(String)

        var path: String {
            switch self {
            case .create(let path, _), .set(let path, _), .delete(let path), .read(let path): path
            }
        }
    }

    /// What an action has brought.
    enum Outcome: Equatable {
        case done
        /// What was read.
        case found([UInt8])
        case noNode
        case nodeExists
        case notEmpty
        /// The connection is gone, or the server refused: for this reason.
        case failed(ZooKeeperError)
    }

    /// What a person should know.
    enum Report: Equatable {
        case madeAgain(String)
        case changedByHand(String)
        case foreign([String])
        case failed(String, ZooKeeperError)
    }

    private struct Wanted {
        var data: [UInt8]
        /// A node of an earlier system creates its own znode, until then.
        var notBefore: UInt64
        var isEarlier: Bool
    }

    private let layout: TreeLayout
    private var wanted: [String: Wanted] = [:]
    private var pathOfSlot: [Int: String] = [:]
    /// What ZooKeeper has, as far as is known.
    private var known: [String: [UInt8]] = [:]
    /// Places that nodes of this tree don't have any more: their znodes go.
    private var doomed: Set<String> = []
    /// Paths that were as they should be: who changes them now is somebody else.
    private var settled: Set<String> = []
    /// Paths to look at, from `queueHead` on; those in `unread` are to be read first.
    private var queue: [String] = []
    private var queueHead = 0
    private var queued: Set<String> = []
    private var unread: Set<String> = []
    private var underWay: [String: Action] = [:]
    /// Paths to look at once what is under way there is done.
    private var again: Set<String> = []
    /// Znodes that their nodes are expected to create themselves, and until when.
    private var patient: [String: UInt64] = [:]
    private var reports: [Report] = []
    private var reportedForeign: Set<String> = []
    /// All was read on this connection.
    private(set) var isCurrent = false

    init(layout: TreeLayout) { self.layout = layout }

    /// Nothing is left to do.
    var isSettled: Bool { isCurrent && underWay.isEmpty && queueHead == queue.count }

    /// When `onTimer` is to be called; nil for never.
    var deadline: UInt64? { isCurrent ? patient.values.min() : nil }

    mutating func takeReports() -> [Report] {
        defer { reports.removeAll() }
        return reports
    }

    // MARK: What should be

    /// The node in this slot has registered, or has another address.
    mutating func onRegistered(slot: Int, in tree: Tree, now: UInt64) {
        guard tree.hasMembers(belowSlot: slot) else { return want(slot, tree, now) }
        // It may have filled a vacancy, and then the paths of those below have changed.
        for member in tree.members { want(member.slot, tree, now) }
    }

    private mutating func want(_ slot: Int, _ tree: Tree, _ now: UInt64) {
        guard let member = tree.member(inSlot: slot),
            let path = tree.zkPath(forSlot: slot, layout: layout)
        else { return }
        if let old = pathOfSlot[slot], old != path {
            wanted[old] = nil
            settled.remove(old)
            doomed.insert(old)
            enqueue(old)
        }
        pathOfSlot[slot] = path
        let isEarlier = member.api != .canopy
        let data = RegistryRecord(member).data
        if wanted[path]?.data == data { return }
        let notBefore = isEarlier && wanted[path] == nil ? now + Self.patienceMilliseconds : now
        wanted[path] = Wanted(data: data, notBefore: notBefore, isEarlier: isEarlier)
        settled.remove(path)
        doomed.remove(path)
        enqueue(path)
    }

    // MARK: What is

    /// The whole subtree was read, after a watch was left on it.
    mutating func onRead(_ nodes: [(path: String, data: [UInt8])]) {
        isCurrent = true
        known = Dictionary(nodes.map { ($0.path, $0.data) }) { first, _ in first }
        for path in wanted.keys.sorted(by: Self.isAbove) {
            if known[path] == nil, settled.remove(path) != nil { reports.append(.madeAgain(path)) }
            enqueue(path)
        }
        let names = Set(wanted.keys.map { NodePath.name(of: $0) })
        let others = known.keys.filter { wanted[$0] == nil }
        let stale = others.filter { names.contains(NodePath.name(of: $0)) }
        doomed = Set(stale)
        for path in stale.sorted(by: { Self.isAbove($1, $0) }) { enqueue(path) }
        let foreign = others.filter {
            !names.contains(NodePath.name(of: $0)) && reportedForeign.insert($0).inserted
        }
        if !foreign.isEmpty {
            reports.append(.foreign(Array(foreign.sorted().prefix(Self.reportedMax))))
        }
    }

    mutating func onDisconnected() {
        isCurrent = false
        underWay.removeAll()
        again.removeAll()
    }

    /// A watch has fired for a path of the tree. What is under way there will show what happened:
    /// events come before the replies that show the same.
    mutating func onEvent(_ path: String) {
        guard isCurrent, wanted[path] != nil || doomed.contains(path), underWay[path] == nil else {
            return
        }
        unread.insert(path)
        enqueue(path)
    }

    mutating func onTimer(now: UInt64) {
        for path in patient.filter({ $0.value <= now }).keys.sorted(by: Self.isAbove) {
            patient[path] = nil
            enqueue(path)
        }
    }

    // MARK: Actions

    /// The next thing to do; nil when there is none now.
    mutating func next(now: UInt64) -> Action? {
        guard isCurrent, underWay.count < Self.windowRequests else { return nil }
        while queueHead < queue.count {
            let path = queue[queueHead]
            queueHead += 1
            queued.remove(path)
            if queueHead == queue.count {
                queue.removeAll(keepingCapacity: true)
                queueHead = 0
            }
            if underWay[path] != nil {
                again.insert(path)
            } else if unread.remove(path) != nil {
                return begin(.read(path))
            } else if let action = difference(path, now: now) {
                return begin(action)
            }
        }
        return nil
    }

    private mutating func begin(_ action: Action) -> Action {
        underWay[action.path] = action
        return action
    }

    private mutating func difference(_ path: String, now: UInt64) -> Action? {
        guard let want = wanted[path] else {
            return doomed.contains(path) && known[path] != nil ? .delete(path) : nil
        }
        guard let has = known[path] else {
            let parent = NodePath.parent(of: path) ?? "/"
            let time = max(want.notBefore, patient[parent] ?? 0)
            if time <= now { return .create(path, want.data) }
            patient[path] = time
            return nil
        }
        if has != want.data { return .set(path, want.data) }
        settled.insert(path)
        return nil
    }

    mutating func onDone(_ action: Action, _ outcome: Outcome) {
        let path = action.path
        guard underWay[path] == action else { return }
        underWay[path] = nil
        if again.remove(path) != nil { enqueue(path) }
        switch (action, outcome) {
        case (.create(_, let data), .done), (.set(_, let data), .done):
            known[path] = data
            settled.insert(path)
            onPresent(path)
        case (.delete, .done), (.delete, .noNode): onDeleted(path)
        // When the last one below is deleted, it is its turn again.
        case (.delete, .notEmpty): break
        case (.read, .found(let data)): onFound(path, data)
        case (.read, .noNode), (.set, .noNode): onMissing(path)
        case (.create, .noNode): onMissingParent(of: path)
        case (_, .failed(let error)):
            // With a new connection all is looked at again.
            if !error.isAmbiguous, error != .notConnected { reports.append(.failed(path, error)) }
        default:
            unread.insert(path)
            enqueue(path)
        }
    }

    private mutating func onDeleted(_ path: String) {
        known[path] = nil
        doomed.remove(path)
        if let parent = NodePath.parent(of: path), doomed.contains(parent) { enqueue(parent) }
    }

    /// First what is above, then this.
    private mutating func onMissingParent(of path: String) {
        if let parent = NodePath.parent(of: path), wanted[parent] != nil { onMissing(parent) }
        enqueue(path)
    }

    private mutating func onFound(_ path: String, _ data: [UInt8]) {
        known[path] = data
        onPresent(path)
        guard let want = wanted[path] else { return enqueue(path) }
        guard data != want.data else { return }
        if settled.remove(path) != nil, !want.isEarlier { reports.append(.changedByHand(path)) }
        enqueue(path)
    }

    /// What has waited for this one needn't any more.
    private mutating func onPresent(_ path: String) {
        guard patient.removeValue(forKey: path) != nil else { return }
        for child in patient.keys.sorted() where NodePath.parent(of: child) == path {
            patient[child] = nil
            enqueue(child)
        }
    }

    private mutating func onMissing(_ path: String) {
        known[path] = nil
        guard wanted[path] != nil else { return }
        if settled.remove(path) != nil { reports.append(.madeAgain(path)) }
        enqueue(path)
    }

    private mutating func enqueue(_ path: String) {
        if queued.insert(path).inserted { queue.append(path) }
    }

    // MARK: Paths

    /// A parent is before its children, and else it goes by name.
    private static func isAbove(_ left: String, _ right: String) -> Bool {
        let depths = [left, right].map { path in path.utf8.count { $0 == UInt8(ascii: "/") } }
        return depths[0] != depths[1] ? depths[0] < depths[1] : left < right
    }
}
