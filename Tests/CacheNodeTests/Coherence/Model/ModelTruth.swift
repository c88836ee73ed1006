import Simulation

@testable import CacheNode

/// What the root has had of each key and when, and whether what nodes say agrees with it.
final class ModelTruth {
    struct Item {
        let content: ModelContent
        /// Of the commit that made it; sequence 0 for a new root's empty beginning.
        let version: Version
        /// Since when, in microseconds of the world.
        let since: UInt64
    }

    struct Name: Hashable {
        let origin: UInt64
        let sequence: UInt64
    }

    unowned let model: CoherenceModel
    private(set) var items: [[Item]]
    private(set) var writes: [ModelWrite] = []
    private var byName: [Name: ModelWrite] = [:]
    /// The PUT that the root has just been given.
    private var arrived: Name?
    private var commitCount: UInt64 = 0
    private var committed: Set<String> = []
    private(set) var refused: Set<Name> = []

    init(_ model: CoherenceModel, keyCount: Int) {
        self.model = model
        items = Array(repeating: [], count: keyCount)
    }

    func onRootBegin(_ root: ModelNode) {
        commitCount = 0
        for key in items.indices {
            items[key].append(
                Item(
                    content: .absent, version: Version(epoch: root.keyspace.epoch, sequence: 0),
                    since: model.world.nowMicroseconds))
        }
    }

    /// To be called before a client writes.
    func onWrite(_ write: ModelWrite) {
        writes.append(write)
        byName[Name(origin: write.origin, sequence: write.sequence)] = write
        if write.node == 0 { arrived = Name(origin: write.origin, sequence: write.sequence) }
    }

    /// To be called before a message is given to a node.
    func onArrival(_ message: UpMessage, at node: ModelNode) {
        guard node.isRoot, case .put(let put) = message else { return }
        arrived = Name(origin: put.origin, sequence: put.sequence)
    }

    func onCommitSent(_ commit: CommitMessage) {
        if case .refused = commit.outcome {
            refused.insert(Name(origin: commit.origin, sequence: commit.sequence))
        }
    }

    // MARK: Commits

    /// Takes in what the root's last step changed.
    func record(_ root: ModelNode) {
        defer { arrived = nil }
        let commits = root.metrics.pointee.commits - commitCount
        guard commits > 0 else { return }
        commitCount += commits
        guard commits == 1, let arrived else {
            return model.report("\(commits) commits in one step")
        }
        if arrived.origin != root.keyspace.origin,
            !committed.insert("\(root.keyspace.epoch) \(arrived)").inserted
        {
            model.report("\(arrived) was committed twice")
        }
        guard let write = byName[arrived] else {
            return model.report("\(arrived) was committed, and never made")
        }
        check(write.condition, of: write)
        write.version = root.keyspace.position
        if refused.contains(arrived), !model.hasRootCrashed {
            model.report("write \(write.number) was committed after it was refused")
        }
        items[write.key].append(
            Item(
                content: write.content, version: write.version,
                since: model.world.nowMicroseconds))
        checkRoot(root)
    }

    private func check(_ condition: WriteCondition, of write: ModelWrite) {
        guard let last = items[write.key].last else { return }
        let exists = last.content != .absent
        let isMet =
            switch condition {
            case .none: true
            case .exists: exists
            case .isAbsent: !exists
            case .matches(let version): exists && last.version == version
            case .differs(let version): !exists || last.version != version
            }
        if !isMet { model.report("write \(write.number) was committed against its condition") }
    }

    /// The root has what was committed.
    func checkRoot(_ root: ModelNode) {
        for key in items.indices {
            let entry = root.find(key)
            let content = root.content(of: entry)
            if content != items[key].last?.content {
                model.report("the root's key \(key) is \(content)")
            }
        }
    }

    // MARK: Answers

    /// A node has answered a reader.
    func check(
        _ content: ModelContent, _ note: ReadNote, of key: Int, at node: ModelNode, _ how: String
    ) {
        let name = "\(how) of key \(key) at \(node.index): \(content) \(note.version)"
        checkOwn(content, note, key, node, name)
        if note.version != .none { checkVersion(content, note.version, key, node, name) }
        guard let age = note.ageMilliseconds, note.version != .none else { return }
        // Clocks count whole milliseconds, each node on the way its own.
        let bound = (UInt64(age) + UInt64(model.nodes.count)) * 1000
        let now = model.world.nowMicroseconds
        let earliest = now > bound ? now - bound : 0
        let wasCurrent = items[key].indices.contains { index in
            let end = index + 1 < items[key].count ? items[key][index + 1].since : .max
            return items[key][index].content == content && end >= earliest
        }
        if !wasCurrent { model.report("\(name) was not current in the last \(age) ms") }
    }

    /// The version is that of the content, and never falls.
    private func checkVersion(
        _ content: ModelContent, _ version: Version, _ key: Int, _ node: ModelNode, _ name: String
    ) {
        guard let index = items[key].lastIndex(where: { $0.version <= version }) else {
            return model.report("\(name) is older than everything")
        }
        let item = items[key][index]
        if item.content != content || (content != .absent && item.version != version) {
            model.report("\(name), but the root had \(item.content) \(item.version)")
        }
        guard model.setup.policy.mode != .none else { return }
        if let shown = node.shown[key], index < shown {
            model.report("\(name) after \(items[key][shown].version)")
        }
        node.shown[key] = max(index, node.shown[key] ?? 0)
    }

    /// A node reads its own writes, until they are overwritten.
    private func checkOwn(
        _ content: ModelContent, _ note: ReadNote, _ key: Int, _ node: ModelNode, _ name: String
    ) {
        guard let own = node.lastOwn[key], content != own.content else { return }
        if own.outcome == .refused || refused.contains(Name(origin: own.origin, sequence: own.sequence)) {
            node.lastOwn[key] = nil
            return
        }
        // A child's write lies over it.
        guard note.version != .none else { return }
        // In mode `none` an ancestor may have what is older, until the write has climbed there.
        guard own.version == .none || own.version > note.version else { return }
        if model.setup.policy.mode == .none { return }
        model.report("\(name) after its own write \(own.number)")
    }
}
