import UVHTTP

/// What comes back of the writes that are on their way up.
extension Keyspace {
    func onAccept(_ count: UInt64, _ port: any ParentPort) {
        guard count >= acceptedCount, count - acceptedCount <= UInt64(unaccepted.count) else {
            return port.close(reason: "an ACCEPT of writes that were not sent")
        }
        while acceptedCount < count {
            acceptedCount += 1
            let number = unaccepted.removeFirst().number
            if !tickets.isEmpty, tickets[number]?.ack == .parent {
                complete(number, .done(.none))
            }
            if !Rule.writersKeep.isKept { upward.remove(number) }
        }
        sendWrites()
    }

    @inline(__always)
    func complete(_ number: UInt64, _ result: WriteResult) {
        if !tickets.isEmpty { completeTicket(number, result) }
    }

    private func completeTicket(_ number: UInt64, _ result: WriteResult) {
        guard let ticket = tickets.removeValue(forKey: number) else { return }
        completions.append { ticket.completion?(result) }
    }

    /// The root has decided a write: its entry becomes what the root has, the children hear of it,
    /// and the way back is followed.
    func onCommit(_ commit: CommitMessage) {
        guard let (number, write) = upward.take(origin: commit.origin, sequence: commit.sequence)
        else { return }
        unqueue(write)
        metrics.pointee.commitsReceived &+= 1
        switch commit.outcome {
        case .refused(let status, let sentence):
            onRefusal(commit, status, sentence, write, number)
        case .committed:
            write.withBorrowed { settle(commit, write, number, $0, $1) }
            complete(number, .done(commit.version))
        case .superseded(let content):
            write.withBorrowed { key, _ in settle(commit, write, number, key, content) }
            // The version is that of what others have put in its place: whoever took it for the
            // write's own could replace theirs unseen, by If-Match.
            complete(number, .done(.none))
        }
        upward.keepSpare(consume write)
        drainInboxes()
    }

    private func onRefusal(
        _ commit: CommitMessage, _ status: UInt16, _ sentence: UnsafeRawBufferPointer,
        _ write: UpwardWrite, _ number: UInt64
    ) {
        metrics.pointee.upwardRefused &+= 1
        withdraw(write, number: number)
        sayEvictedMeanwhile(write)
        complete(
            number,
            status == HTTPStatus.preconditionFailed.code
                ? .preconditionFailed(commit.version)
                : .refused(
                    status: Int(status), detail: String(decoding: sentence, as: UTF8.self)))
        write.routes.forEach { children[$0]?.send(commit) }
    }

    private func settle(
        _ commit: CommitMessage, _ write: UpwardWrite, _ number: UInt64,
        _ key: UnsafeRawBufferPointer, _ content: KeyContent
    ) {
        reachInOrder(commit.version)
        noteShown(commit.version)
        let entry = cache.pointee.find(key, hash: write.keyHash)
        let followers = followers(of: entry)
        let child = write.routes.first.flatMap { children[$0] }
        if followers & ~(child?.ownBit ?? 0) != 0 {
            fanOut(key, content, commit.version, to: followers, writers: write.routes)
        }
        let held = take(commit, entry, write, number, key, content)
        if let child { tell(child, commit, key, held) }
        write.routes.forEachButFirst {
            if let child = children[$0] { tell(child, commit, key, held) }
        }
    }

    /// A child gets the commit of its write: it holds the key from now on, if that is held here.
    @inline(__always)
    private func tell(
        _ child: Child, _ commit: CommitMessage, _ key: UnsafeRawBufferPointer,
        _ held: EntryReference
    ) {
        child.send(commit)
        guard follows else { return }
        if !child.dirty.isEmpty { child.dirty.remove(Array(key)) }
        if held.isNone {
            child.send(.invalidate(key: key))
        } else {
            cache.pointee.setChildren(followers(of: held) | child.bit, of: held)
        }
    }

    /// Makes the key's entry what was committed; gives it, or none if it can't be held.
    @inline(__always)
    private func take(
        _ commit: CommitMessage, _ entry: EntryReference, _ write: UpwardWrite, _ number: UInt64,
        _ key: UnsafeRawBufferPointer, _ content: KeyContent
    ) -> EntryReference {
        if !entry.isNone, cache.pointee.isUncommitted(entry) {
            // A later write lies over this one: it stays.
            guard cache.pointee.version(of: entry) == number else {
                renew(entry)
                return entry
            }
            if let (older, write) = upward.newest(of: key, before: number) {
                renew(entry)
                layAgain(write, number: older)
                return cache.pointee.find(key)
            }
            if case .committed = commit.outcome {
                renew(entry)
                cache.pointee.setVersion(commit.version.sequence, of: entry)
                cache.pointee.setBasisTicks(Self.ticks(write.queuedMilliseconds), of: entry)
                cache.pointee.setUncommitted(false, of: entry)
                return entry
            }
        }
        let stored = install(
            key, over: entry, content, version: commit.version.sequence,
            basisMilliseconds: write.queuedMilliseconds)
        if case .stored(let entry) = stored { return entry }
        // The parent on the way follows the key for this node from now on.
        let held = cache.pointee.find(key)
        if held.isNone {
            sayEvicted(key)
        } else {
            cache.pointee.setUncommitted(false, of: held)
            renew(held)
            forget(held)
        }
        return .none
    }

    /// An earlier write of this node, or from below, is to be committed after the one that lay over
    /// it: it is read here until then.
    private func layAgain(_ write: UpwardWrite, number: UInt64) {
        let stored = write.withBorrowed { overlay($0, $1, number: number) }
        if case .stored = stored { return }
        // What lies over the entry stays in its place.
        write.withBorrowed { key, _ in
            cache.pointee.setVersion(number, of: cache.pointee.find(key))
        }
    }

    /// The parent follows this entry's key in this session.
    private func renew(_ entry: EntryReference) {
        cache.pointee.setChildren(followers(of: entry), of: entry)
        cache.pointee.setSession(freshness.current, of: entry)
    }

    /// A write will never be done: what it left here goes.
    func withdraw(_ write: UpwardWrite, number: UInt64) {
        write.withBorrowed { key, _ in
            let entry = cache.pointee.find(key)
            guard !entry.isNone, cache.pointee.isUncommitted(entry),
                cache.pointee.version(of: entry) == number
            else { return }
            if let (older, write) = upward.newest(of: key, before: number) {
                return layAgain(write, number: older)
            }
            cache.pointee.setUncommitted(false, of: entry)
            forget(entry)
        }
    }
}
