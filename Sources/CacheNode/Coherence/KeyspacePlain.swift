import UVHTTP

/// A parent of an earlier system. It numbers no writes and pushes no changes, so this node decides
/// for those below it, as a root does, and hands every write up besides. What it got from above is
/// as fresh as the earlier system makes it.
extension Keyspace: PlainParentDelegate {
    func onPlainParent(_ plain: (any PlainParent)?, reason: String) {
        guard let plain else {
            if case .link = parent { return }
            parent = .away(reason)
            return finishStep()
        }
        if case .plain = parent {} else { beginDeciding() }
        parent = .plain(plain)
        hasJoined = true
        updateServing()
        upward.restart()
        for fill in fills.all { send(fill) }
        sendWrites()
        finishStep()
    }

    /// This node numbers the writes from now on.
    private func beginDeciding() {
        fills.forgetNames()
        policy.mode = .push
        position = Version(epoch: UInt32(clamping: loop.unixSeconds), sequence: Self.firstSequence)
        ttlTicks = .max
        beginSession()
        freshness.onAge(Freshness.unbounded, sentMilliseconds: now)
        refuseConditional()
        for (number, ticket) in tickets where ticket.ack == .root {
            complete(number, .unconfirmed(Self.rootIsSilent))
        }
    }

    /// Writes that nobody above can decide on any more; sent without their condition they would be
    /// other writes.
    private func refuseConditional() {
        for (number, write) in upward.conditional {
            upward.remove(number)
            unqueue(write)
            metrics.pointee.upwardRefused &+= 1
            complete(number, .refused(status: 501, detail: Self.conditionsAreUnknown))
            write.routes.forEach {
                if let child = children[$0] { refusePlain(write, 501, child) }
            }
        }
    }

    private static var conditionsAreUnknown: String {
        "conditions are decided at the root, and the parent is a node of an earlier system, which"
            + " knows none"
    }

    private static var rootIsSilent: String {
        "the parent is a node of an earlier system, which doesn't tell what the root does"
    }

    // MARK: Reading

    func fetch(_ fill: Fill, from plain: any PlainParent) {
        plain.fetch(fill.key) { [self] outcome in
            // Another parent is asked, if this one is it no more.
            guard !fill.isFinished, case .plain(let current) = parent, current === plain else {
                return
            }
            onFetched(fill, outcome)
            finishStep()
        }
    }

    private func onFetched(_ fill: Fill, _ outcome: FetchOutcome) {
        switch outcome {
        case .unavailable(let reason): fail(fill, reason)
        case .absent: settle(fill, plainReply(.absent, isFollowed: false))
        case .value(let bytes, let mediaType):
            settle(fill, plainReply(.value(bytes, mediaType: mediaType), isFollowed: true))
        }
    }

    /// What a plain parent says, as a link would say it: the changes of a value are not pushed, but
    /// for those below they are this node's.
    private func plainReply(_ content: KeyContent, isFollowed: Bool) -> ReplyMessage {
        ReplyMessage(
            id: 0, outcome: .content(content), isFollowed: isFollowed, version: position,
            ageMilliseconds: Freshness.unbounded, hops: .empty)
    }

    // MARK: Writing

    /// A write of this node: done here, numbered here, and queued for the parent.
    func writePlain(
        _ write: Write, _ ack: WriteAck, _ plain: any PlainParent
    ) -> WriteOutcome {
        if !write.condition.isNone { return .refused(.cannotDecide(Self.conditionsAreUnknown)) }
        if ack == .root { return .refused(.cannotDecide(Self.rootIsSilent)) }
        if ack == .parent, let reason = plain.awayReason { return .refused(.parentAway(reason)) }
        guard upward.hasRoom(byteCount: UpwardWrite.byteCount(write.key, write.content)) else {
            metrics.pointee.upwardRejected &+= 1
            return .refused(.queueFull)
        }
        let number = upward.nextNumber
        switch commitPlain(write, number: number, writer: nil) {
        case .stored: break
        case .full: return .refused(.full)
        case .tooManyMediaTypes: return .refused(.tooManyMediaTypes)
        }
        let pending = upwardWrite(write, origin: origin, sequence: number)
        pending.isOverlay = true
        queue(pending)
        plain.onQueued()
        return ack == .local ? .done(.none) : awaiting(number, ack)
    }

    /// Numbers a write for those below; it lies over the entry until the parent has it.
    func commitPlain(_ write: Write, number: UInt64, writer: ChildID?) -> StoreOutcome {
        let followers = followers(of: cache.pointee.find(write.key))
        let stored = overlay(write.key, write.content, number: number)
        guard case .stored = stored else { return stored }
        position.sequence += 1
        fills.supersede(Array(write.key))
        fanOut(write.key, write.content, position, to: followers, except: writer)
        return stored
    }

    func onAccepted(_ write: UpwardWrite, number: UInt64) {
        unqueue(write)
        metrics.pointee.upwardSent &+= 1
        write.withBorrowed { key, _ in
            let entry = cache.pointee.find(key)
            guard !entry.isNone, cache.pointee.isUncommitted(entry),
                cache.pointee.version(of: entry) == number
            else { return }
            cache.pointee.setUncommitted(false, of: entry)
            cache.pointee.setVersion(position.sequence, of: entry)
            // The parent says from now on whether the key exists.
            if cache.pointee.isAbsent(entry) { forget(entry) }
        }
        // A write from before this node decided.
        write.routes.forEach {
            guard let child = children[$0] else { return }
            write.withBorrowed { repeated(write.origin, write.sequence, $0, to: child, $1) }
        }
        complete(number, .done(.none))
        drainInboxes()
        finishStep()
    }

    func onRefused(_ write: UpwardWrite, number: UInt64, status: Int, detail: String) {
        unqueue(write)
        metrics.pointee.upwardRefused &+= 1
        withdraw(write, number: number)
        complete(number, .refused(status: status, detail: detail))
        drainInboxes()
        finishStep()
    }

    func onUnconfirmed(_ reason: String) {
        for number in tickets.keys.sorted() { complete(number, .unconfirmed(reason)) }
        finishStep()
    }
}
