import Simulation

@testable import CacheNode

/// What clients do.
extension CoherenceModel {
    /// Reads as the routes do: what is held, or else what comes.
    func read(
        _ key: Int, at node: ModelNode, _ options: ReadOptions = ReadOptions(),
        _ completion: ((ModelContent?) -> Void)? = nil
    ) {
        let entry = ModelKey.bytes(key).withUnsafeBytes { node.cache.pointee.read($0) }
        if !entry.isNone, !options.asksRoot, node.keyspace.isServable(entry) {
            let content = node.content(of: entry)
            truth.check(content, node.keyspace.hitNote(entry), of: key, at: node, "hit")
            completion?(content)
            return
        }
        let incarnation = node.incarnation
        var isAnswered = false
        node.openReads += 1
        let how: StaticString = options.asksRoot ? "no-cache" : "read"
        ModelKey.bytes(key).withUnsafeBytes { bytes in
            node.keyspace.fetch(bytes, options) { [self] outcome in
                if isAnswered { report("a reader at \(node.index) was answered twice") }
                isAnswered = true
                guard node.isUp, node.incarnation == incarnation else { return }
                node.openReads -= 1
                let content = content(outcome, key, node, how)
                completion?(content)
            }
        }
        afterStep(node)
    }

    private func content(
        _ outcome: ReadOutcome, _ key: Int, _ node: ModelNode, _ how: StaticString
    ) -> ModelContent? {
        let found: (ModelContent, ReadNote)
        switch outcome {
        case .unavailable: return nil
        case .absent(let note): found = (.absent, note)
        case .held(let entry, let note): found = (node.content(of: entry), note)
        case .passing(let bytes, _, let note): found = (ModelContent(bytes), note)
        }
        truth.check(found.0, found.1, of: key, at: node, how)
        return found.0
    }

    // MARK: Writes

    func write(at node: ModelNode) {
        let key = world.random.below(setup.keyCount)
        let write = ModelWrite(
            number: truth.writes.count + 1, key: key, isDeletion: world.random.oneIn(4),
            condition: world.random.oneIn(5) ? condition(on: key, at: node) : .none, at: node)
        truth.onWrite(write)
        let acks: [WriteAck] = [.local, .local, .parent, .root]
        let outcome = send(write, at: node, world.random.pick(acks))
        switch outcome {
        case .refused: write.outcome = .refused
        case .done:
            write.outcome = .done
            node.lastOwn[key] = write
        case .awaiting(let ticket):
            // Unless it depends, it lies over the entry already.
            if write.condition == .none { node.lastOwn[key] = write }
            follow(write, ticket, at: node)
        }
        afterStep(node)
    }

    private func follow(_ write: ModelWrite, _ ticket: WriteTicket, at node: ModelNode) {
        node.keyspace.whenWritten(ticket) { [self] result in
            write.completionCount += 1
            if write.completionCount > 1 { report("write \(write.number) was completed twice") }
            guard node.isUp, node.incarnation == write.incarnation else { return }
            switch result {
            case .refused, .preconditionFailed: write.outcome = .refused
            case .unconfirmed: write.outcome = .unconfirmed
            case .done(let version):
                write.outcome = .done
                guard write.condition != .none || version != .none else { return }
                // A new root doesn't know what the one before refused.
                if write.version == .none, write.condition != .none, hasRootCrashed { return }
                if write.version == .none {
                    report("write \(write.number) is said to be committed")
                } else if version != .none, version != write.version, !hasRootCrashed {
                    // None, if others' write has taken its place already; never theirs.
                    report("write \(write.number) is said to be \(version)")
                }
            }
        }
    }

    private func condition(on key: Int, at node: ModelNode) -> WriteCondition {
        let known = truth.items[key].last?.version ?? .none
        return switch world.random.below(5) {
        case 0: .exists
        case 1: .isAbsent
        case 2: .differs(known)
        default: .matches(known)
        }
    }

    private func send(_ write: ModelWrite, at node: ModelNode, _ ack: WriteAck) -> WriteOutcome {
        let key = ModelKey.bytes(write.key)
        if write.isDeletion {
            return key.withUnsafeBytes {
                node.keyspace.delete($0, condition: write.condition, ack: ack)
            }
        }
        let value = ModelContent.bytes(
            write.number, byteCount: world.random.within(setup.valueBytes))
        return key.withUnsafeBytes { key in
            value.withUnsafeBytes { value in
                Array("text/plain".utf8).withUnsafeBytes {
                    node.keyspace.put(
                        key, value: value, mediaType: $0, condition: write.condition, ack: ack)
                }
            }
        }
    }
}
