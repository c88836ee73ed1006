import Simulation

@testable import CacheNode

/// What must hold when everything has come to rest.
extension CoherenceModel {
    func checkRest() {
        guard comeToRest() else { return }
        // Rounds of pushes, and what they set going.
        let rounds = UInt64(setup.policy.syncIntervalMilliseconds) * 3
        if setup.policy.mode == .sync { world.run(forMilliseconds: rounds) }
        guard comeToRest() else { return }
        truth.checkRoot(nodes[0])
        for node in nodes.dropFirst() { checkQueues(node) }
        checkChildren()
        if follows { checkCopies() }
        if follows, setup.seed % 4 == 0 { checkAges() }
        checkWrites()
        guard problems.isEmpty, setup.policy.mode != .none else { return }
        checkReads()
    }

    private var follows: Bool { setup.policy.mode == .push || setup.policy.mode == .sync }

    private func comeToRest() -> Bool {
        let isAtRest = world.run(withinMilliseconds: 60_000) { [self] in
            !problems.isEmpty || isQuiet
        }
        if !isAtRest { report("no rest: \(nodes.map(describe))") }
        return isAtRest && problems.isEmpty
    }

    private var isQuiet: Bool {
        for node in nodes {
            guard node.isUp, node.isRoot || node.session != nil, node.dialing == nil,
                node.keyspace.upward.isEmpty, node.keyspace.fills.count == 0,
                node.keyspace.children.all.allSatisfy(\.dirty.isEmpty)
            else { return false }
        }
        return sessions.allSatisfy { !$0.isBusy }
    }

    /// Nothing is left over.
    private func checkQueues(_ node: ModelNode) {
        let keyspace = node.keyspace
        if node.openReads != 0 { report("\(node.openReads) readers wait at \(node.index)") }
        if !keyspace.tickets.isEmpty { report("writers wait at \(node.index)") }
        if !keyspace.bareWrites.isEmpty { report("bare writes are left at \(node.index)") }
        if !keyspace.unaccepted.isEmpty || keyspace.unaccepted.byteCount != 0 {
            report("\(node.index) waits for ACCEPT of \(keyspace.unaccepted.count)")
        }
        if keyspace.upward.byteCount != 0 { report("bytes are left in the queue of \(node.index)") }
    }

    private func checkChildren() {
        for node in nodes {
            for child in node.keyspace.children.all {
                if child.waitingCount != 0 {
                    report("\(child.waitingCount) questions are left at \(node.index)")
                }
                if !child.inbox.isEmpty || child.inboxBytes != 0 {
                    report("writes are left in an inbox of \(node.index)")
                }
                if !child.dirty.isEmpty { report("changes are left at \(node.index)") }
            }
        }
    }

    // MARK: Copies

    private func checkCopies() {
        for node in nodes.dropFirst() {
            for key in 0..<setup.keyCount { checkCopy(key, node) }
        }
    }

    private func checkCopy(_ key: Int, _ node: ModelNode) {
        let entry = node.find(key)
        guard !entry.isNone, let item = truth.items[key].last else { return }
        let state = node.cache.pointee.state(of: entry)
        let name = "key \(key) at \(node.index)"
        if state.isPinned { return report("\(name) is pinned") }
        guard state.session == node.keyspace.freshness.current else { return }
        if !state.isTag {
            let content = node.content(of: entry)
            let version = node.keyspace.version(of: entry)
            if content != item.content { report("\(name) is \(content), not \(item.content)") }
            if content != .absent, version != item.version {
                report("\(name) is \(version), not \(item.version)")
            }
        }
        if !isFollowed(key, node) { report("\(name) is not followed by its parent") }
    }

    /// Whether the parent has noted that the node holds the key.
    private func isFollowed(_ key: Int, _ node: ModelNode) -> Bool {
        guard let session = node.session, let id = session.childID,
            let child = session.parent.keyspace.children[id]
        else { return false }
        let entry = session.parent.find(key)
        return session.parent.keyspace.followers(of: entry) & child.bit != 0
    }

    /// Left alone, copies are young.
    private func checkAges() {
        world.run(forMilliseconds: 4000)
        for node in nodes.dropFirst() {
            var depth: UInt32 = 1
            var session = node.session
            while let parent = session?.parent, !parent.isRoot {
                depth += 1
                session = parent.session
            }
            let freshness = node.keyspace.freshness
            let age = freshness.age(of: freshness.current, nowMilliseconds: node.keyspace.now)
            if (age ?? .max) > depth * 1000 {
                report("copies at \(node.index) are \(age as Any) ms old")
            }
        }
    }

    // MARK: Clients

    private func checkWrites() {
        for write in truth.writes {
            let node = nodes[write.node]
            guard node.incarnation == write.incarnation, write.condition == .none else { continue }
            let isRefused = write.outcome == .refused || truth.refused.contains(write.name)
            if !isRefused, write.version == .none {
                report("write \(write.number) was never committed")
            }
            if write.outcome == .refused, write.version != .none, !hasRootCrashed {
                report("write \(write.number) was refused and committed")
            }
        }
    }

    /// Everybody reads what the root has.
    private func checkReads() {
        if setup.policy.mode == .ttl {
            // With a ttl shorter than the way to the root, answers are refused for a while after a
            // new session, because their age reaches back before it (rule 10): not for ever.
            for node in nodes { for key in 0..<setup.keyCount { read(key, at: node) } }
            guard comeToRest() else { return }
            world.run(forMilliseconds: UInt64(setup.policy.ttlMilliseconds) + 2000)
        }
        for node in nodes {
            for key in 0..<setup.keyCount {
                read(key, at: node) { [self] content in
                    guard content != truth.items[key].last?.content else { return }
                    report("in the end \(node.index) reads \(content as Any) for key \(key)")
                }
            }
        }
        guard comeToRest() else { return }
        for node in nodes.dropFirst() { checkQueues(node) }
        if follows { checkCopies() }
    }
}
