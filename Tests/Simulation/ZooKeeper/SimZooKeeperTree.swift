/// An access rule of a simulated znode.
public struct SimZooKeeperRule: Hashable {
    public var permissions: Int32
    public var scheme: String
    public var id: String
}

/// A simulated znode, with the names that ZooKeeper's `Stat` has.
public struct SimZooKeeperNode {
    public internal(set) var data: [UInt8]
    public internal(set) var rules: [SimZooKeeperRule]
    public internal(set) var czxid: Int64
    public internal(set) var mzxid: Int64
    public internal(set) var pzxid: Int64
    public internal(set) var ctime: Int64
    public internal(set) var mtime: Int64
    public internal(set) var version: Int32 = 0
    public internal(set) var cversion: Int32 = 0
    public internal(set) var aversion: Int32 = 0
    /// The session of an ephemeral node; else 0.
    public internal(set) var owner: Int64
    /// In the order of their creation.
    public internal(set) var children: [String] = []
    /// The next sequential child's number.
    var nextSequence: Int32 = 0
}

/// What a request can fail with, as the protocol's codes.
enum SimZooKeeperCode: Int32, Error {
    /// No request at all: the connection ends without an answer.
    case malformed = 0
    case unimplemented = -6, badArguments = -8
    case noNode = -101, noAuth = -102, badVersion = -103, noChildrenForEphemerals = -108
    case nodeExists = -110, notEmpty = -111, invalidACL = -114, noWatcher = -121
}

/// What happens to a node, as the protocol's event types.
enum SimZooKeeperEvent: Int32 {
    case created = 1, deleted = 2, dataChanged = 3, childrenChanged = 4
}

/// Who asks.
struct SimZooKeeperCaller {
    var sessionID: Int64
    var identities: [SimZooKeeperRule]
}

/// The data of a simulated ensemble: what its servers agree on.
struct SimZooKeeperTree {
    private(set) var nodes: [String: SimZooKeeperNode] = [:]
    private(set) var zxid: Int64 = 0
    /// What has happened and was not told yet, in order.
    var events: [(event: SimZooKeeperEvent, path: String)] = []

    init() {
        nodes["/"] = SimZooKeeperNode(
            data: [], rules: [SimZooKeeperRule(permissions: 31, scheme: "world", id: "anyone")],
            czxid: 0, mzxid: 0, pzxid: 0, ctime: 0, mtime: 0, owner: 0)
    }

    /// Every change, also of sessions, is a transaction.
    mutating func nextTransaction() { zxid += 1 }

    func node(_ path: String) throws(SimZooKeeperCode) -> SimZooKeeperNode {
        guard let node = nodes[path] else { throw .noNode }
        return node
    }

    /// The node, if the caller may read it.
    func read(_ path: String, _ caller: SimZooKeeperCaller) throws(SimZooKeeperCode)
        -> SimZooKeeperNode
    {
        let found = try node(path)
        try check(found, 1, caller)
        return found
    }

    /// Creates a node; gives the path that it really has.
    mutating func create(
        _ path: String, _ data: [UInt8], _ rules: [SimZooKeeperRule], flags: Int32, now: Int64,
        _ caller: SimZooKeeperCaller
    ) throws(SimZooKeeperCode) -> String {
        guard (0...3).contains(flags) else { throw .unimplemented }
        let rules = try resolve(rules, caller)
        let parentPath = Self.parent(of: path)
        var parent = try node(parentPath)
        try check(parent, 4, caller)
        guard parent.owner == 0 else { throw .noChildrenForEphemerals }
        var path = path
        if flags & 2 != 0 {
            let digits = String(parent.nextSequence)
            path += String(repeating: "0", count: max(0, 10 - digits.count)) + digits
        }
        guard nodes[path] == nil else { throw .nodeExists }
        parent.nextSequence += 1
        parent.cversion += 1
        parent.pzxid = zxid
        parent.children.append(Self.name(of: path))
        nodes[parentPath] = parent
        nodes[path] = SimZooKeeperNode(
            data: data, rules: rules, czxid: zxid, mzxid: zxid, pzxid: zxid, ctime: now,
            mtime: now, owner: flags & 1 != 0 ? caller.sessionID : 0)
        events.append((.created, path))
        events.append((.childrenChanged, parentPath))
        return path
    }

    mutating func delete(
        _ path: String, version: Int32, _ caller: SimZooKeeperCaller?
    ) throws(SimZooKeeperCode) {
        let found = try node(path)
        let parentPath = Self.parent(of: path)
        var parent = try node(parentPath)
        if let caller { try check(parent, 8, caller) }
        guard path != "/" else { throw .badArguments }
        guard version == -1 || version == found.version else { throw .badVersion }
        guard found.children.isEmpty else { throw .notEmpty }
        let name = Self.name(of: path)
        parent.children.removeAll { $0 == name }
        parent.cversion += 1
        parent.pzxid = zxid
        nodes[parentPath] = parent
        nodes[path] = nil
        events.append((.deleted, path))
        events.append((.childrenChanged, parentPath))
    }

    mutating func set(
        _ path: String, _ data: [UInt8], version: Int32, now: Int64, _ caller: SimZooKeeperCaller
    ) throws(SimZooKeeperCode) -> SimZooKeeperNode {
        var found = try node(path)
        try check(found, 2, caller)
        guard version == -1 || version == found.version else { throw .badVersion }
        found.data = data
        found.version += 1
        found.mzxid = zxid
        found.mtime = now
        nodes[path] = found
        events.append((.dataChanged, path))
        return found
    }

    mutating func setRules(
        _ path: String, _ rules: [SimZooKeeperRule], version: Int32, _ caller: SimZooKeeperCaller
    ) throws(SimZooKeeperCode) -> SimZooKeeperNode {
        var found = try node(path)
        try check(found, 16, caller)
        guard version == -1 || version == found.aversion else { throw .badVersion }
        found.rules = try resolve(rules, caller)
        found.aversion += 1
        nodes[path] = found
        return found
    }

    func check(
        _ path: String, version: Int32, _ caller: SimZooKeeperCaller
    ) throws(SimZooKeeperCode) {
        let found = try read(path, caller)
        guard version == -1 || version == found.version else { throw .badVersion }
    }

    /// Deletes what ends with a session.
    mutating func deleteEphemerals(of sessionID: Int64) {
        for path in nodes.keys.filter({ nodes[$0]?.owner == sessionID }).sorted() {
            // They are there and have no children.
            try? delete(path, version: -1, nil)
        }
    }

    /// The scheme `auth` stands for those as whom the caller has authenticated.
    private func resolve(
        _ rules: [SimZooKeeperRule], _ caller: SimZooKeeperCaller
    ) throws(SimZooKeeperCode) -> [SimZooKeeperRule] {
        let resolved = rules.flatMap { rule in
            guard rule.scheme == "auth" else { return [rule] }
            return caller.identities.map {
                SimZooKeeperRule(permissions: rule.permissions, scheme: $0.scheme, id: $0.id)
            }
        }
        guard !resolved.isEmpty else { throw .invalidACL }
        return resolved
    }

    private func check(
        _ node: SimZooKeeperNode, _ permission: Int32, _ caller: SimZooKeeperCaller
    ) throws(SimZooKeeperCode) {
        let isAllowed = node.rules.contains { rule in
            guard rule.permissions & permission != 0 else { return false }
            return rule.scheme == "world"
                || caller.identities.contains { $0.scheme == rule.scheme && $0.id == rule.id }
        }
        guard isAllowed else { throw .noAuth }
    }

    static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
        return String(path[..<slash])
    }

    static func name(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
    }
}
