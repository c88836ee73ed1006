import UVHTTP
import ZooKeeper

/// The tree as an earlier incarnation of the root left it in ZooKeeper.
enum RecordedTree {
    /// Puts the nodes of the znodes below `rootPath` into a tree that has its root alone, each in
    /// its slot. Gives the paths of those that fit nowhere.
    ///
    /// A znode that doesn't say its slot, as those of the earlier systems don't, is at its place:
    /// below its parent's, left before right.
    static func restore(
        _ nodes: [(path: String, data: [UInt8])], below rootPath: String, into tree: inout Tree,
        now: UInt64
    ) -> [String] {
        var slots = [rootPath: 1]
        var misfits: [String] = []
        let below = nodes.filter { $0.path.hasPrefix(rootPath + "/") }
        let ordered = below.sorted { left, right in
            let depths = [left, right].map { $0.path.utf8.count { $0 == UInt8(ascii: "/") } }
            return depths[0] != depths[1] ? depths[0] < depths[1] : left.path < right.path
        }
        for (path, data) in ordered {
            let znodeName = NodePath.name(of: path)
            let record = record(data, znodeName, tree.root.endpoint.port)
            let parentSlot = NodePath.parent(of: path).flatMap { slots[$0] }
            guard let record,
                let slot = slot(of: record, parentSlot: parentSlot, in: tree),
                tree.member(named: record.name) == nil,
                case .success(let registration) = tree.register(
                    name: record.name, endpoint: record.endpoint, api: record.api,
                    preferredSlot: slot, nowMilliseconds: now)
            else {
                misfits.append(path)
                continue
            }
            slots[path] = registration.slot
        }
        return misfits
    }

    /// The earlier systems' data may lack the address: such a node is reached by its name.
    private static func record(
        _ data: [UInt8], _ znodeName: String, _ port: UInt16
    ) -> RegistryRecord? {
        if let record = RegistryRecord(data: data, znodeName: znodeName, defaultPort: port) {
            return record
        }
        guard let name = NodeName.canonical(znodeName) else { return nil }
        return RegistryRecord(
            name: name, id: NodeName.number(ofCanonical: name) ?? 0,
            endpoint: Endpoint(host: name, port: port), slot: nil)
    }

    private static func slot(
        of record: RegistryRecord, parentSlot: Int?, in tree: Tree
    ) -> Int? {
        var candidates = record.slot.map { [$0] } ?? []
        if let parentSlot { candidates += [2 * parentSlot, 2 * parentSlot + 1] }
        return candidates.first {
            $0 >= 2 && $0 <= tree.capacity && tree.member(inSlot: $0) == nil
        }
    }
}
