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

    private struct Commit: Hashable {
        let epoch: UInt32
        let name: ModelWrite.Name
    }

    unowned let model: CoherenceModel
    private(set) var items: [[Item]]
    private(set) var writes: [ModelWrite] = []
    private var byName: [ModelWrite.Name: ModelWrite] = [:]
    /// The PUT that the root has just been given.
    private var arrived: ModelWrite.Name?
    private var commitCount: UInt64 = 0
    private var committed: Set<Commit> = []
    private(set) var refused: Set<ModelWrite.Name> = []

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
        byName[write.name] = write
        if write.node == 0 { arrived = write.name }
    }

    /// To be called before a message is given to a node.
    func onArrival(_ message: UpMessage, at node: ModelNode) {
        guard node.isRoot, case .put(let put) = message else { return }
        arrived = ModelWrite.Name(origin: put.origin, sequence: put.sequence)
    }

    func onCommitSent(_ commit: CommitMessage) {
        if case .refused = commit.outcome {
            refused.insert(ModelWrite.Name(origin: commit.origin, sequence: commit.sequence))
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
            !committed.insert(Commit(epoch: root.keyspace.epoch, name: arrived)).inserted
        {
            model.report("\(arrived) was committed twice")
        }
        guard let write = byName[arrived] else {
            return model.report("\(arrived) was committed, and never made")
        }
        check(write.condition, of: write)
        if write.version == .none { write.version = root.keyspace.position }
        if refused.contains(arrived), !model.hasRootCrashed {
            model.report("write \(write.number) was committed after it was refused")
        }
        items[write.key].append(
            Item(
                content: write.content, version: root.keyspace.position,
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

    /// What a node has said to a reader.
    struct Answer {
        let content: ModelContent
        let note: ReadNote
        let key: Int
        let node: ModelNode
        let how: StaticString

        var name: String {
            "\(how) of key \(key) at \(node.index): \(content) \(note.version)"
        }
    }

    func check(
        _ content: ModelContent, _ note: ReadNote, of key: Int, at node: ModelNode,
        _ how: StaticString
    ) {
        let answer = Answer(content: content, note: note, key: key, node: node, how: how)
        checkOwn(answer)
        guard note.version != .none else { return }
        checkVersion(answer)
        checkAge(answer)
    }

    /// The content was the root's at most so long ago.
    private func checkAge(_ answer: Answer) {
        guard let age = answer.note.ageMilliseconds else { return }
        let bound = UInt64(age) * 1000
        let now = model.world.nowMicroseconds
        let earliest = now > bound ? now - bound : 0
        let items = items[answer.key]
        for index in items.indices.reversed() {
            let end = index + 1 < items.count ? items[index + 1].since : .max
            if end < earliest { break }
            if items[index].content == answer.content { return }
        }
        model.report("\(answer.name) was not current in the last \(age) ms")
    }

    /// The version is that of the content, and never falls.
    private func checkVersion(_ answer: Answer) {
        let items = items[answer.key]
        let version = answer.note.version
        guard let index = items.lastIndex(where: { $0.version <= version }) else {
            return model.report("\(answer.name) is older than everything")
        }
        let item = items[index]
        if item.content != answer.content
            || (item.content != .absent && item.version != version)
        {
            model.report("\(answer.name), but the root had \(item.content) \(item.version)")
        }
        guard model.setup.policy.mode != .none else { return }
        let shown = answer.node.shown[answer.key] ?? 0
        if index < shown { model.report("\(answer.name) after \(items[shown].version)") }
        if index > shown { answer.node.shown[answer.key] = index }
    }

    /// A node reads its own writes, until they are overwritten.
    private func checkOwn(_ answer: Answer) {
        guard let own = answer.node.lastOwn[answer.key], answer.content != own.content else {
            return
        }
        if own.outcome == .refused || refused.contains(own.name) {
            answer.node.lastOwn[answer.key] = nil
            return
        }
        // A child's write lies over it.
        let version = answer.note.version
        guard version != .none, own.version == .none || own.version > version else { return }
        // In mode `none` an ancestor may have what is older.
        if own.version != .none, model.setup.policy.mode == .none { return }
        model.report("\(answer.name) after its own write \(own.number)")
    }
}
