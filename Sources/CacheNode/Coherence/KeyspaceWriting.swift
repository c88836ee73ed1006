import UVHTTP

/// Writes by clients of this node, and what becomes of them above.
extension Keyspace {
    /// A write as its maker gives it.
    struct Write {
        let key: UnsafeRawBufferPointer
        let content: KeyContent
        let condition: WriteCondition
    }

    /// Stores a value here and sends it on its way up. `ack` says what the outcome waits for; a
    /// condition is decided at the root, and is waited for there.
    func put(
        _ key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer,
        mediaType: UnsafeRawBufferPointer, condition: WriteCondition = .none, ack: WriteAck
    ) -> WriteOutcome {
        metrics.pointee.writes &+= 1
        return write(
            Write(key: key, content: .value(value, mediaType: mediaType), condition: condition), ack
        )
    }

    /// Removes a key here and sends the removal on its way up.
    func delete(
        _ key: UnsafeRawBufferPointer, condition: WriteCondition = .none, ack: WriteAck
    ) -> WriteOutcome {
        metrics.pointee.deletes &+= 1
        return write(Write(key: key, content: .absent, condition: condition), ack)
    }

    /// Calls `completion` once, with what became of a write; to be called in the turn that gave the
    /// ticket.
    func whenWritten(_ ticket: WriteTicket, completion: @escaping (WriteResult) -> Void) {
        tickets[ticket.sequence]?.completion = completion
    }

    private func write(_ write: Write, _ ack: WriteAck) -> WriteOutcome {
        defer { finishStep() }
        if isRoot { return commitLocal(write) }
        if case .plain(let plain) = parent { return writePlain(write, ack, plain) }
        if let reason = awayReason, ack != .local || !write.condition.isNone {
            return .refused(.parentAway(reason))
        }
        return forward(write, ack)
    }

    /// Why nobody above can be asked; nil if somebody can.
    var awayReason: String? {
        switch parent {
        case .link: nil
        case .plain(let plain): plain.awayReason
        case .away(let reason): isRoot ? nil : reason
        }
    }

    // MARK: At the root

    private func commitLocal(_ write: Write) -> WriteOutcome {
        switch commit(write, writer: nil) {
        case .committed(let version): .done(version)
        case .preconditionFailed(let version): .refused(.preconditionFailed(version))
        case .full: .refused(.full)
        case .tooManyMediaTypes: .refused(.tooManyMediaTypes)
        }
    }

    enum CommitOutcome {
        case committed(Version)
        /// With the version that the key has; `none` if it doesn't exist.
        case preconditionFailed(Version)
        case full
        case tooManyMediaTypes
    }

    /// Gives a write its number and place, and sends it to those who hold the key, but not to the
    /// child it came from.
    func commit(_ write: Write, writer: ChildID?) -> CommitOutcome {
        let entry = cache.pointee.find(write.key)
        if !write.condition.isNone {
            let held = heldVersion(entry)
            guard Self.isMet(write.condition, held) else {
                return .preconditionFailed(held ?? .none)
            }
        }
        var version = position
        version.sequence += 1
        let followers = followers(of: entry)
        if case .absent = write.content, followers == 0, writer == nil || !follows {
            if !entry.isNone { cache.pointee.remove(entry) }
        } else {
            let stored = install(
                write.key, over: entry, write.content, version: version.sequence,
                basisMilliseconds: now, isOwed: true)
            switch (stored, write.content) {
            case (.stored, _): break
            case (_, .absent): forgetForGood(write.key)
            case (.full, _): return .full
            case (.tooManyMediaTypes, _): return .tooManyMediaTypes
            }
        }
        position = version
        metrics.pointee.commits &+= 1
        if followers != 0 {
            fanOut(write.key, write.content, version, to: followers, except: writer)
        }
        return .committed(version)
    }

    /// A deletion never fails for want of room: nobody is followed any more instead.
    private func forgetForGood(_ key: UnsafeRawBufferPointer) {
        let entry = cache.pointee.find(key)
        guard !entry.isNone else { return }
        invalidate(key, followers(of: entry))
        cache.pointee.remove(entry)
    }

    /// The version of a value; nil if the key doesn't exist.
    private func heldVersion(_ entry: EntryReference) -> Version? {
        guard !entry.isNone, cache.pointee.state(of: entry).kind == .value else { return nil }
        return Version(epoch: epoch, sequence: cache.pointee.version(of: entry))
    }

    private static func isMet(_ condition: WriteCondition, _ held: Version?) -> Bool {
        switch condition {
        case .none: true
        case .matches(let version): held == version
        case .exists: held != nil
        case .isAbsent: held == nil
        case .differs(let version): held != version
        }
    }

    // MARK: On the way up

    /// 1. Nothing may fail after the first change: the queue's room is looked at first.
    /// 2. The write lies over the entry, so that this node reads it; a condition is decided above
    ///    first.
    /// 3. The write is queued; its number ties the entry to it.
    private func forward(_ write: Write, _ ack: WriteAck) -> WriteOutcome {
        guard upward.hasRoom(byteCount: UpwardWrite.byteCount(write.key, write.content)) else {
            metrics.pointee.upwardRejected &+= 1
            return .refused(.queueFull)
        }
        let number = upward.nextNumber
        if write.condition.isNone {
            switch overlay(write.key, write.content, number: number) {
            case .stored: break
            case .full: return .refused(.full)
            case .tooManyMediaTypes: return .refused(.tooManyMediaTypes)
            }
        }
        let pending = upwardWrite(write, origin: origin, sequence: number)
        pending.isOverlay = write.condition.isNone
        queue(pending)
        sendWrites()
        let ack = write.condition.isNone ? ack : .root
        return ack == .local ? .done(.none) : awaiting(number, ack)
    }

    /// Queues a write, and notes one that no entry tells of.
    func queue(_ write: UpwardWrite) {
        if !write.isOverlay { bareWrites[hash(of: write)] += 1 }
        upward.append(write)
    }

    /// A write has left the queue.
    func unqueue(_ write: UpwardWrite) {
        guard !write.isOverlay else { return }
        let hash = hash(of: write)
        let count = bareWrites[hash]
        if count > 0 { bareWrites[hash] = count - 1 }
    }

    private func hash(of write: UpwardWrite) -> UInt64 {
        write.withBorrowed { key, _ in cache.pointee.hash(key) }
    }

    func awaiting(_ number: UInt64, _ ack: WriteAck) -> WriteOutcome {
        tickets[number] = Ticket(ack: ack, startedMilliseconds: now)
        return .awaiting(WriteTicket(sequence: number))
    }

    func upwardWrite(_ write: Write, origin: UInt64, sequence: UInt64) -> UpwardWrite {
        UpwardWrite.make(
            origin: origin, sequence: sequence, condition: write.condition, key: write.key,
            write.content, queuedMilliseconds: now)
    }

    /// Lays a write over what the key has, until its commit.
    func overlay(
        _ key: UnsafeRawBufferPointer, _ content: KeyContent, number: UInt64
    ) -> StoreOutcome {
        install(
            key, content, version: number, basisMilliseconds: now, isUncommitted: true, isOwed: true
        )
    }

    /// Sends what the session hasn't sent yet, as far as its window allows.
    func sendWrites() {
        if !upward.hasUnsent, case .link = parent { return }
        switch parent {
        case .away: return
        case .plain(let plain): plain.onQueued()
        case .link(let port):
            while unaccepted.count < Self.windowCountMax,
                unaccepted.byteCount < Self.windowBytesMax,
                let sending = upward.next(window: .max)
            {
                unaccepted.append(
                    UnacceptedWrites.Write(
                        number: sending.number, byteCount: sending.write.byteCount))
                metrics.pointee.upwardSent &+= 1
                send(sending.write, to: port)
            }
        }
    }

    /// Writes, and bytes of them, that a session may have sent without an ACCEPT; one more may go
    /// past the bytes.
    static var windowCountMax: Int { 1024 }
    static var windowBytesMax: Int { 1 << 20 }

    private func send(_ write: UpwardWrite, to port: any ParentPort) {
        write.withBorrowed { key, content in
            var message = PutMessage(
                origin: write.origin, sequence: write.sequence, isDeletion: true,
                condition: write.condition, key: key, mediaType: .empty, value: .empty,
                isAgain: write.isAgain)
            if case .value(let value, let mediaType) = content {
                message.isDeletion = false
                message.value = value
                message.mediaType = mediaType
            }
            port.send(.put(message))
        }
    }

    // MARK: What comes back

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

    func complete(_ number: UInt64, _ result: WriteResult) {
        guard !tickets.isEmpty, let ticket = tickets.removeValue(forKey: number) else { return }
        completions.append { ticket.completion?(result) }
    }

    /// The root has decided a write: its entry becomes what the root has, the children hear of it,
    /// and the way back is followed.
    func onCommit(_ commit: CommitMessage) {
        guard let number = upward.number(origin: commit.origin, sequence: commit.sequence),
            let write = upward.remove(number)
        else { return }
        unqueue(write)
        metrics.pointee.commitsReceived &+= 1
        switch commit.outcome {
        case .refused(let status, let sentence):
            metrics.pointee.upwardRefused &+= 1
            withdraw(write, number: number)
            sayEvictedMeanwhile(write)
            complete(
                number,
                status == HTTPStatus.preconditionFailed.code
                    ? .preconditionFailed(commit.version)
                    : .refused(
                        status: Int(status), detail: String(decoding: sentence, as: UTF8.self)))
            write.routes.forEach { children[$0]?.port.send(.commit(commit)) }
        case .committed:
            write.withBorrowed { settle(commit, write, number, $0, $1) }
            complete(number, .done(commit.version))
        case .superseded(let content):
            write.withBorrowed { key, _ in settle(commit, write, number, key, content) }
            // The version is that of what others have put in its place: whoever took it for the
            // write's own could replace theirs unseen, by If-Match.
            complete(number, .done(.none))
        }
        drainInboxes()
    }

    private func settle(
        _ commit: CommitMessage, _ write: UpwardWrite, _ number: UInt64,
        _ key: UnsafeRawBufferPointer, _ content: KeyContent
    ) {
        reachInOrder(commit.version)
        noteShown(commit.version)
        let entry = cache.pointee.find(key)
        let followers = followers(of: entry)
        if followers != 0 {
            fanOut(key, content, commit.version, to: followers, writers: write.routes)
        }
        let isHeld = take(commit, entry, write, number, key, content)
        write.routes.forEach {
            guard let child = children[$0] else { return }
            child.port.send(.commit(commit))
            if follows { follow(key, by: child, isHeld: isHeld) }
        }
    }

    /// A child has got the commit of its write: it holds the key from now on.
    private func follow(_ key: UnsafeRawBufferPointer, by child: Child, isHeld: Bool) {
        if !child.dirty.isEmpty { child.dirty.remove(Array(key)) }
        let held = cache.pointee.find(key)
        if isHeld, !held.isNone {
            cache.pointee.setChildren(followers(of: held) | child.bit, of: held)
        } else {
            child.port.send(.invalidate(key: key))
        }
    }

    /// Makes the key's entry what was committed; false if it can't be held.
    private func take(
        _ commit: CommitMessage, _ entry: EntryReference, _ write: UpwardWrite, _ number: UInt64,
        _ key: UnsafeRawBufferPointer, _ content: KeyContent
    ) -> Bool {
        if !entry.isNone, cache.pointee.isUncommitted(entry) {
            // A later write lies over this one: it stays.
            guard cache.pointee.version(of: entry) == number else {
                renew(entry)
                return true
            }
            if let (older, write) = upward.newest(of: key, before: number) {
                renew(entry)
                layAgain(write, number: older)
                return true
            }
            if case .committed = commit.outcome {
                renew(entry)
                cache.pointee.setVersion(commit.version.sequence, of: entry)
                cache.pointee.setBasisTicks(Self.ticks(write.queuedMilliseconds), of: entry)
                cache.pointee.setUncommitted(false, of: entry)
                return true
            }
        }
        let stored = install(
            key, over: entry, content, version: commit.version.sequence,
            basisMilliseconds: write.queuedMilliseconds)
        if case .stored = stored { return true }
        // The parent on the way follows the key for this node from now on.
        let held = cache.pointee.find(key)
        if held.isNone {
            sayEvicted(key)
        } else {
            cache.pointee.setUncommitted(false, of: held)
            renew(held)
            forget(held)
        }
        return false
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
