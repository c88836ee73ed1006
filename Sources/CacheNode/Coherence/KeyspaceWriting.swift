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
        case .committed(let version, _): .done(version)
        case .preconditionFailed(let version): .refused(.preconditionFailed(version))
        case .full: .refused(.full)
        case .tooManyMediaTypes: .refused(.tooManyMediaTypes)
        }
    }

    enum CommitOutcome {
        /// With what the key has now; none, if nothing is held of it.
        case committed(Version, EntryReference)
        /// With the version that the key has; `none` if it doesn't exist.
        case preconditionFailed(Version)
        case full
        case tooManyMediaTypes
    }

    /// Gives a write its number and place, and sends it to those who hold the key, but not to the
    /// child it came from.
    func commit(_ write: Write, writer: Child?) -> CommitOutcome {
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
        var held = EntryReference.none
        if case .absent = write.content, followers == 0, writer == nil || !follows {
            if !entry.isNone { cache.pointee.remove(entry) }
        } else {
            let stored = install(
                write.key, over: entry, write.content, version: version.sequence,
                basisMilliseconds: now, isOwed: true)
            switch (stored, write.content) {
            case (.stored(let entry), _): held = entry
            case (_, .absent): forgetForGood(write.key)
            case (.full, _): return .full
            case (.tooManyMediaTypes, _): return .tooManyMediaTypes
            }
        }
        position = version
        metrics.pointee.commits &+= 1
        if followers & ~(writer?.ownBit ?? 0) != 0 {
            fanOut(write.key, write.content, version, to: followers, except: writer?.id)
        }
        return .committed(version, held)
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
        queueAndSend(pending)
        let ack = write.condition.isNone ? ack : .root
        return ack == .local ? .done(.none) : awaiting(number, ack)
    }

    /// Queues a write, and notes one that no entry tells of.
    @inline(__always)
    func queue(_ write: consuming UpwardWrite, isSent: Bool = false) {
        if !write.isOverlay { bareWrites.add(write.keyHash) }
        upward.append(write, isSent: isSent)
    }

    /// A write has left the queue.
    func unqueue(_ write: UpwardWrite) {
        if !write.isOverlay { bareWrites.remove(write.keyHash) }
    }

    /// Queues a write and sends it, where nothing that was queued before it waits to be sent.
    func queueAndSend(_ write: consuming UpwardWrite) {
        guard linkedParent.pointee.isLinked, isWindowOpen, upward.isAllSent else {
            queue(write)
            return sendWrites()
        }
        noteSent(write, number: upward.nextNumber)
        send(write)
        queue(write, isSent: true)
    }

    func awaiting(_ number: UInt64, _ ack: WriteAck) -> WriteOutcome {
        tickets[number] = Ticket(ack: ack, startedMilliseconds: now)
        return .awaiting(WriteTicket(sequence: number))
    }

    @inline(__always)
    func upwardWrite(
        _ write: Write, origin: UInt64, sequence: UInt64, isAgain: Bool = false,
        routes: WriteRoutes = WriteRoutes()
    ) -> UpwardWrite {
        UpwardWrite.make(
            origin: origin, sequence: sequence, condition: write.condition, key: write.key,
            keyHash: cache.pointee.hash(write.key), write.content, queuedMilliseconds: now,
            isAgain: isAgain, routes: routes, reusing: upward.takeSpare())
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
        guard linkedParent.pointee.isLinked else {
            if case .plain(let plain) = parent { plain.onQueued() }
            return
        }
        while upward.hasUnsent, isWindowOpen, let sending = upward.next(window: .max) {
            noteSent(sending.write, number: sending.number)
            send(sending.write)
        }
    }

    /// Writes, and bytes of them, that a session may have sent without an ACCEPT; one more may go
    /// past the bytes.
    static var windowCountMax: Int { 1024 }
    static var windowBytesMax: Int { 1 << 20 }

    @inline(__always)
    private var isWindowOpen: Bool {
        unaccepted.count < Self.windowCountMax && unaccepted.byteCount < Self.windowBytesMax
    }

    @inline(__always)
    private func noteSent(_ write: UpwardWrite, number: UInt64) {
        unaccepted.append(
            UnacceptedWrites.Write(number: number, byteCount: write.byteCount))
        metrics.pointee.upwardSent &+= 1
    }

    @inline(__always)
    private func send(_ write: UpwardWrite) {
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
            linkedParent.pointee.send(message)
        }
    }
}
