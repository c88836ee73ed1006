import CacheNode

/// Looks at the root after each of its turns, and writes down what it has committed.
struct RootWatch {
    private var last: [Content]
    private var lastVersions: [ETag?]
    private var commitCount: UInt64 = 0
    private var turnCount = -1
    private var life = 0
    private let values: Values
    private let keys: [[UInt8]]

    init(keyCount: Int, values: Values) {
        last = Array(repeating: .absent, count: keyCount)
        lastVersions = Array(repeating: nil, count: keyCount)
        keys = (0..<keyCount).map { Array("k\($0)".utf8) }
        self.values = values
    }

    /// Cheap while the root has had no turn since the last call.
    @inline(__always)
    mutating func look(at root: ClusterMember, _ history: inout History, _ story: Story) {
        let turns = root.host.loop.turnCount
        if turns != turnCount || root.life.number != life { lookClosely(root, &history, story) }
    }

    private mutating func lookClosely(
        _ root: ClusterMember, _ history: inout History, _ story: Story
    ) {
        guard let node = root.node else { return }
        turnCount = root.host.loop.turnCount
        let now = root.host.loop.world.nowMicroseconds
        let isNewLife = root.life.number != life
        if isNewLife {
            life = root.life.number
            commitCount = 0
            for key in keys.indices {
                last[key] = .absent
                lastVersions[key] = nil
                history.rootHas(RootState(start: now, life: life, content: .absent), of: key)
            }
        }
        let commits = node.commitCount
        guard commits != commitCount else { return }
        let commitsSince = Int(commits - commitCount)
        commitCount = commits
        var changedCount = 0
        for key in keys.indices {
            let copy = node.copy(of: keys[key])
            let content = copy.map { values.content(of: $0, key: key) } ?? .absent
            let version = copy?.version.map { ETag(epoch: $0.epoch, sequence: $0.sequence) }
            guard content != last[key] || version != lastVersions[key] else { continue }
            let isAbsentStill = content == .absent && last[key] == .absent
            last[key] = content
            lastVersions[key] = version
            // An absence gets a version also when somebody asks for it.
            if isAbsentStill { continue }
            changedCount += 1
            story.line("the root has \(content) for k\(key)\(version.map { " as \($0)" } ?? "")")
            history.rootHas(
                RootState(start: now, life: life, content: content, version: version), of: key)
        }
        // One commit that changes nothing is the deletion of a key that isn't there.
        if commitsSince > max(1, changedCount) { history.rootHid(at: now) }
    }
}

extension Values {
    func content(of copy: HeldCopy, key: Int) -> Content {
        // The root keeps a tag of what isn't there.
        copy.isAbsent || copy.isTag ? .absent : content(of: copy.value[...], key: key)
    }
}
