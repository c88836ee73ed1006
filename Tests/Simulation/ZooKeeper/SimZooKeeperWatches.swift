/// Who waits for news of which path; watches belong to a connection and go with it.
struct SimZooKeeperWatches {
    /// `setWatches2` lists them in this order.
    enum Kind: Int, CaseIterable { case data, exists, children, persistent, recursive }

    private var watchers: [[String: [SimZooKeeperConnection]]] = Array(
        repeating: [:], count: Kind.allCases.count)

    /// How many there are, of all connections.
    var count: Int {
        watchers.reduce(0) { $0 + $1.values.reduce(0) { $0 + $1.count } }
    }

    mutating func add(_ kind: Kind, _ path: String, _ connection: SimZooKeeperConnection) {
        var known = watchers[kind.rawValue][path] ?? []
        guard !known.contains(where: { $0 === connection }) else { return }
        known.append(connection)
        watchers[kind.rawValue][path] = known
    }

    /// Whether there was such a watch.
    mutating func remove(
        _ kind: Kind, _ path: String, _ connection: SimZooKeeperConnection
    ) -> Bool {
        guard var known = watchers[kind.rawValue][path],
            let index = known.firstIndex(where: { $0 === connection })
        else { return false }
        known.remove(at: index)
        watchers[kind.rawValue][path] = known.isEmpty ? nil : known
        return true
    }

    mutating func removeAll(of connection: SimZooKeeperConnection) {
        for kind in watchers.indices {
            watchers[kind] = watchers[kind].compactMapValues { known in
                let rest = known.filter { $0 !== connection }
                return rest.isEmpty ? nil : rest
            }
        }
    }

    /// Who is to hear of an event, each once; watches that are for one event are used up.
    mutating func fire(_ event: SimZooKeeperEvent, _ path: String) -> [SimZooKeeperConnection] {
        var heard: [SimZooKeeperConnection] = []
        func tell(_ connections: [SimZooKeeperConnection]?) {
            for connection in connections ?? [] where !heard.contains(where: { $0 === connection })
            {
                heard.append(connection)
            }
        }
        if event == .childrenChanged {
            tell(watchers[Kind.children.rawValue].removeValue(forKey: path))
            tell(watchers[Kind.persistent.rawValue][path])
            return heard
        }
        tell(watchers[Kind.data.rawValue].removeValue(forKey: path))
        tell(watchers[Kind.exists.rawValue].removeValue(forKey: path))
        if event == .deleted { tell(watchers[Kind.children.rawValue].removeValue(forKey: path)) }
        tell(watchers[Kind.persistent.rawValue][path])
        guard !watchers[Kind.recursive.rawValue].isEmpty else { return heard }
        var above = path
        while true {
            tell(watchers[Kind.recursive.rawValue][above])
            if above == "/" { return heard }
            above = SimZooKeeperTree.parent(of: above)
        }
    }
}
