import UVHTTP

/// Writes of children, where this node numbers them: at the root, and under a plain parent.
extension Keyspace {
    /// At the root: a write is committed once, however often it arrives (rule 9).
    func decide(_ put: PutMessage, _ child: Child) {
        child.accept()
        if Rule.rootCommitsOnce.isKept,
            ledger.isRepeat(origin: put.origin, sequence: put.sequence)
        {
            metrics.pointee.repeats &+= 1
            if let refusal = ledger.refusal(origin: put.origin, sequence: put.sequence) {
                return sendRefusal(put, refusal, to: child)
            }
            return repeated(put.origin, put.sequence, put.key, to: child, nil)
        }
        let content: KeyContent =
            put.isDeletion ? .absent : .value(put.value, mediaType: put.mediaType)
        let write = Write(key: put.key, content: content, condition: put.condition)
        switch commit(write, writer: child) {
        case .committed(let version, let entry):
            ledger.onDecided(origin: put.origin, sequence: put.sequence)
            committed(put.origin, put.sequence, put.key, entry, .committed, version, to: child)
        case .preconditionFailed(let version): refuse(put, 412, version, child)
        case .full, .tooManyMediaTypes: refuse(put, 507, .none, child)
        }
    }

    private func refuse(_ put: PutMessage, _ status: UInt16, _ version: Version, _ child: Child) {
        let refusal = OriginLedger.Refusal(
            sequence: put.sequence, status: status, version: version)
        ledger.onRefused(origin: put.origin, refusal)
        sendRefusal(put, refusal, to: child)
    }

    private func sendRefusal(
        _ put: PutMessage, _ refusal: OriginLedger.Refusal, to child: Child
    ) {
        let sentence: StaticString =
            refusal.status == 412
            ? "the condition doesn't hold at the root" : "no room at the root (--memory)"
        child.send(
            CommitMessage(
                origin: put.origin, sequence: put.sequence, version: refusal.version,
                outcome: .refused(status: refusal.status, sentence.bytes)))
    }

    /// Answers a write that was committed before with what the key has now.
    func repeated(
        _ origin: UInt64, _ sequence: UInt64, _ key: UnsafeRawBufferPointer, to child: Child,
        _ fallback: KeyContent?
    ) {
        let entry = cache.pointee.find(key)
        let isHeld = !entry.isNone && !cache.pointee.isTag(entry)
        let content = isHeld ? content(of: entry) : fallback ?? .absent
        committed(
            origin, sequence, key, entry, .superseded(content),
            isHeld ? replyVersion(entry) : position, to: child)
    }

    /// Tells the writer's side; it holds the key, of which `held` is held here, from now on.
    @inline(__always)
    private func committed(
        _ origin: UInt64, _ sequence: UInt64, _ key: UnsafeRawBufferPointer,
        _ held: EntryReference, _ outcome: CommitMessage.Outcome, _ version: Version,
        to child: Child
    ) {
        child.send(
            CommitMessage(origin: origin, sequence: sequence, version: version, outcome: outcome))
        guard follows else { return }
        if !child.dirty.isEmpty { child.dirty.remove(Array(key)) }
        var entry = held
        if entry.isNone {
            entry =
                install(
                    key, .absent, version: position.sequence, basisMilliseconds: now
                ).entry
        }
        if entry.isNone {
            child.send(.invalidate(key: key))
        } else {
            refreshSession(entry)
            cache.pointee.setChildren(followers(of: entry) | child.bit, of: entry)
        }
    }

    /// Under a plain parent: numbered here, and queued for the parent.
    func decidePlain(_ write: UpwardWrite, _ child: Child) {
        guard write.condition.isNone else { return refusePlain(write, 501, child) }
        let number = upward.nextNumber
        write.withBorrowed { key, content in
            let plainWrite = Write(key: key, content: content, condition: write.condition)
            guard
                case .stored(let entry) = commitPlain(plainWrite, number: number, writer: child.id)
            else { return refusePlain(write, 507, child) }
            ledger.onDecided(origin: write.origin, sequence: write.sequence)
            committed(write.origin, write.sequence, key, entry, .committed, position, to: child)
            write.routes = WriteRoutes()
            write.isOverlay = true
            queue(write)
            sendWrites()
        }
    }

    /// The same write again: what has become of it is known.
    func repeatPlain(_ write: UpwardWrite, _ child: Child) {
        metrics.pointee.repeats &+= 1
        if let refusal = ledger.refusal(origin: write.origin, sequence: write.sequence) {
            return refusePlain(write, refusal.status, child)
        }
        write.withBorrowed { key, _ in
            repeated(write.origin, write.sequence, key, to: child, nil)
        }
    }

    func refusePlain(_ write: UpwardWrite, _ status: UInt16, _ child: Child) {
        if !ledger.isRepeat(origin: write.origin, sequence: write.sequence) {
            ledger.onRefused(
                origin: write.origin,
                OriginLedger.Refusal(sequence: write.sequence, status: status, version: .none))
        }
        let sentence: StaticString =
            status == 507
            ? "no room (--memory)"
            : "conditions are decided at the root, which is of an earlier system"
        child.send(
            CommitMessage(
                origin: write.origin, sequence: write.sequence, version: .none,
                outcome: .refused(status: status, sentence.bytes)))
    }
}
