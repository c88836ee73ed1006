import UVHTTP

/// The link to the parent: sessions, and what comes down.
extension Keyspace {
    var greeting: (origin: UInt64, shown: Version) { (origin, shown) }

    func onParentAttached(
        _ port: any ParentPort, _ welcome: WelcomeMessage, helloMilliseconds: UInt64
    ) {
        notePosition()
        raiseFloor(ttlMilliseconds: welcome.policy.ttlMilliseconds)
        parent = .link(port)
        hasJoined = true
        if policy != welcome.policy {
            // They learned another one: they come again.
            for child in children.all { end(child, reason: "the root has another policy") }
        }
        if policy.mode != welcome.policy.mode { freshness.forgetBases() }
        let isSamePolicy = policy == welcome.policy && epoch == welcome.position.epoch
        policy = welcome.policy
        position = welcome.position
        ttlTicks =
            policy.mode == .ttl
            ? UInt32(policy.ttlMilliseconds >> UInt32(Self.tickShift)) : .max
        // In the modes `ttl` and `none` nothing was promised in the session before, so that nothing
        // ends with it.
        if follows || !isSamePolicy { beginSession() } else { resetChildren() }
        freshness.onAge(
            welcome.ageMilliseconds, sentMilliseconds: Int64(clamping: helloMilliseconds))
        updateServing()
        fills.forgetNames()
        unaccepted.removeAll()
        acceptedCount = 0
        upward.restart()
        // Writes first: what is asked for then reflects them, and their commits come before it.
        sendWrites()
        for fill in fills.all { send(fill) }
        finishStep()
    }

    /// Rule 6: what was verified in the session before isn't any more, here and below.
    func beginSession() {
        guard Rule.sessionsStartWithNothing.isKept else { return freshness.setEpoch(epoch) }
        freshness.begin(epoch: epoch)
        resetChildren()
        sweepIfSessionsOld()
    }

    func onParentDetached(_ port: any ParentPort, reason: String) {
        guard case .link(let current) = parent, current === port else { return }
        notePosition()
        parent = .away(reason)
        fills.forgetNames()
        // Who can be served by what is held need not wait for another parent.
        for fill in fills.all where !fill.request.asksRoot && !fill.locals.isEmpty {
            if fill.key.withUnsafeBytes({ stale($0) }) != nil { answerUnavailable(fill, reason) }
        }
        finishStep()
    }

    func onMessage(
        _ message: DownMessage, from port: any ParentPort, renewMilliseconds: UInt64
    ) {
        guard linkedParent.pointee.isPort(port) else { return }
        switch message {
        case .welcome: port.close(reason: "a second WELCOME")
        case .reply(let reply): onReply(reply, port)
        case .accept(let count): onAccept(count, port)
        case .commit(let commit): onCommit(commit)
        case .push(let push): onPush(push)
        case .invalidate(let key): onInvalidate(key)
        case .reset(let epoch): onReset(epoch)
        case .fresh(_, let age, let position):
            onFresh(age, position, sentMilliseconds: Int64(clamping: renewMilliseconds))
        case .flush(let position):
            reach(position)
            flushChildren()
        }
        finishStep()
    }

    func onCommit(_ commit: CommitMessage, from port: any ParentPort) {
        guard linkedParent.pointee.isPort(port) else { return }
        onCommit(commit)
        finishStep()
    }

    // MARK: Freshness

    private func onFresh(_ age: UInt32, _ position: Version, sentMilliseconds: Int64) {
        reach(position)
        freshness.onAge(age, sentMilliseconds: sentMilliseconds)
        updateServing()
    }

    /// All verified copies reflect what was committed up to this.
    @inline(__always)
    func reach(_ version: Version) {
        if version.epoch == epoch { position = max(position, version) }
    }

    /// The same, told with a change or a commit. In mode `sync` these overtake the changes of other
    /// keys, which wait for their round: only the end of a round says what is reflected.
    @inline(__always)
    func reachInOrder(_ version: Version) { if policy.mode != .sync { reach(version) } }

    /// Copies may have been shown that reflect the position.
    private func notePosition() { if follows { noteShown(position) } }

    @inline(__always)
    func noteShown(_ version: Version) { shown = max(shown, version) }

    /// Looks whether what was verified is young enough to be served until the next look.
    func updateServing() {
        guard !isRoot else { return }
        switch (parent, policy.mode) {
        case (.plain, _), (.link, .none), (.link, .ttl): isServing = true
        case (.away, .none), (.away, .ttl): break
        case (.link, .push), (.link, .sync), (.away, .push), (.away, .sync):
            switch freshness.basis(of: freshness.current) {
            case .unknown: isServing = false
            // A node above has a parent of an earlier system.
            case .unbounded: isServing = true
            case .at(let basis):
                let limit = Int64(policy.maxStalenessMilliseconds)
                isServing = now + min(Int64(Self.checkMilliseconds), limit / 4) <= basis + limit
            }
        }
    }

    // MARK: Answers

    private func onReply(_ reply: ReplyMessage, _ port: any ParentPort) {
        guard let fill = fills.named(reply.id) else {
            return port.close(reason: "a REPLY to a question that was not asked")
        }
        if case .unavailable(let sentence) = reply.outcome {
            return fail(fill, String(decoding: sentence, as: UTF8.self))
        }
        guard !isOutdated(reply, fill) else {
            return fail(fill, "the nodes above have only what is older than was shown here")
        }
        noteShown(reply.version)
        settle(fill, reply)
    }

    /// In mode `ttl`: what the parent serves although it has expired, because nobody above answers
    /// it, is held against what was shown here before the session (rule 10), unless it was current
    /// after that.
    private func isOutdated(_ reply: ReplyMessage, _ fill: Fill) -> Bool {
        guard Rule.floors.isKept, policy.mode == .ttl, reply.version < sessionFloor,
            reply.ageMilliseconds > policy.ttlMilliseconds, let basis = replyBasis(reply, fill)
        else { return false }
        return basis < floorMilliseconds
    }

    /// Nobody above answers.
    func fail(_ fill: Fill, _ reason: String) {
        finish(fill)
        answerUnavailable(fill, reason)
        answerChildrenUnavailable(fill, reason)
    }

    func settle(_ fill: Fill, _ reply: ReplyMessage) {
        fill.key.withUnsafeBytes { settle(fill, $0, reply) }
    }

    /// 1. What came takes the place of what was held, unless a write of this node lies over it.
    /// 2. Children that wait get it, and their bits, in the same step (rule 1).
    /// 3. Those who wait here are called when the step is done.
    private func settle(_ fill: Fill, _ key: UnsafeRawBufferPointer, _ reply: ReplyMessage) {
        let basis = replyBasis(reply, fill)
        var isStored = false
        var passing: KeyContent?
        switch reply.outcome {
        case .content(let content):
            passing = content
            isStored = keep(fill, key, content, reply, basis)
        case .notModified:
            isStored = confirm(key, reply, fill, basis)
            guard isStored else { return askAgain(fill, key) }
        case .unavailable: return
        }
        finish(fill)
        if !isStored { sayUnkept(key, reply) }
        let age = basis.map { Freshness.age(since: $0, now) }
        var note = ReadNote(version: reply.version, ageMilliseconds: age, source: .miss)
        note.source = fill.request.asksRoot ? .request : fill.isStale ? .stale : .miss
        note.isStored = isStored
        note.hops = Array(reply.hops)
        note.freshMilliseconds = freshMilliseconds(age)
        note.isStale = (note.freshMilliseconds ?? 0) < 0
        answerChildren(fill, key, passing, reply, note)
        answerLocals(fill, passing: passing, note: note)
    }

    /// When what the reply says was current at the root, on this node's clock; nil if nothing
    /// bounds it.
    private func replyBasis(_ reply: ReplyMessage, _ fill: Fill) -> Int64? {
        guard reply.ageMilliseconds != Freshness.unbounded, policy.mode != .none else { return nil }
        let basis = fill.sentMilliseconds - Int64(reply.ageMilliseconds)
        // What isn't followed may be from before the session.
        guard follows, reply.isFollowed,
            case .at(let session) = freshness.basis(of: freshness.current)
        else { return basis }
        return max(basis, session)
    }

    /// Tells the parent, which has noted that this node holds the key. Not before the fill is over:
    /// while one is, nothing is said (rule 5).
    private func sayUnkept(_ key: UnsafeRawBufferPointer, _ reply: ReplyMessage) {
        if reply.isFollowed, cache.pointee.find(key).isNone { sayEvicted(key) }
    }

    /// Stores what the parent sent; false if it can't be kept.
    private func keep(
        _ fill: Fill, _ key: UnsafeRawBufferPointer, _ content: KeyContent,
        _ reply: ReplyMessage, _ basis: Int64?
    ) -> Bool {
        let entry = cache.pointee.find(key)
        tellFollowers(entry, key, content, reply.version)
        // A write of this node lies over it, or was made after the question was asked.
        if fill.isSuperseded || (!entry.isNone && cache.pointee.isUncommitted(entry)) {
            return false
        }
        guard reply.isFollowed || !follows, reply.version.epoch == epoch else {
            if !entry.isNone { dropUnfollowed(entry) }
            return false
        }
        let stored = install(
            key, content, version: reply.version.sequence,
            basisMilliseconds: basis ?? now)
        if case .stored = stored { return true }
        let held = cache.pointee.find(key)
        if !held.isNone { forget(held) }
        return false
    }

    /// In mode `sync` a reply overtakes the change that it tells of, which then is not sent any
    /// more: the children that hold the key hear of it from here.
    private func tellFollowers(
        _ entry: EntryReference, _ key: UnsafeRawBufferPointer, _ content: KeyContent,
        _ version: Version
    ) {
        let followers = followers(of: entry)
        guard policy.mode == .sync, followers != 0 else { return }
        if cache.pointee.isUncommitted(entry) || self.version(of: entry) != version {
            fanOut(key, content, version, to: followers)
        }
    }

    /// What is held is older than what passed, and can't be replaced.
    private func dropUnfollowed(_ entry: EntryReference) {
        invalidate(cache.pointee.key(of: entry), followers(of: entry))
        cache.pointee.remove(entry)
    }

    /// What is held was confirmed; false if it has gone or changed since it was asked about.
    private func confirm(
        _ key: UnsafeRawBufferPointer, _ reply: ReplyMessage, _ fill: Fill, _ basis: Int64?
    ) -> Bool {
        let entry = cache.pointee.find(key)
        guard !entry.isNone, !cache.pointee.isTag(entry), !cache.pointee.isUncommitted(entry),
            version(of: entry) == fill.known
        else { return false }
        let followers = followers(of: entry)
        cache.pointee.setChildren(followers, of: entry)
        cache.pointee.setSession(freshness.current, of: entry)
        cache.pointee.setBasisTicks(Self.ticks(basis ?? now), of: entry)
        return true
    }

    /// The answer was that nothing has changed, but what it was about is gone.
    private func askAgain(_ fill: Fill, _ key: UnsafeRawBufferPointer) {
        finish(fill)
        let request = fill.request
        let locals = fill.locals
        let waiting = fill.children
        ask(key, request) { again, _ in
            again.locals += locals
            again.children += waiting
            for waiter in waiting { children[waiter.child]?.waitingCount += 1 }
        }
    }

    // MARK: Changes

    private func onPush(_ push: PushMessage) {
        metrics.pointee.pushesReceived &+= 1
        reachInOrder(push.version)
        noteShown(push.version)
        let entry = cache.pointee.find(push.key)
        // The parent thinks that this node holds the key.
        guard !entry.isNone else { return sayEvicted(push.key) }
        let state = cache.pointee.state(of: entry)
        guard state.isUncommitted || state.session == freshness.current else {
            return sayEvicted(push.key)
        }
        let followers = followers(of: entry)
        if cache.pointee.isTag(entry) {
            cache.pointee.setVersion(push.version.sequence, of: entry)
            if Rule.tagsPassOn.isKept {
                fanOut(push.key, push.content, push.version, to: followers)
            }
            return
        }
        fanOut(push.key, push.content, push.version, to: followers)
        guard !cache.pointee.isUncommitted(entry) else { return }
        let stored = install(
            push.key, push.content, version: push.version.sequence,
            basisMilliseconds: now)
        if case .stored = stored { return }
        let held = cache.pointee.find(push.key)
        if held.isNone { sayEvicted(push.key) } else { forget(held) }
    }

    private func onInvalidate(_ key: UnsafeRawBufferPointer) {
        let entry = cache.pointee.find(key)
        guard !entry.isNone else { return }
        invalidate(key, followers(of: entry))
        cache.pointee.setChildren(0, of: entry)
        if !cache.pointee.isUncommitted(entry) { cache.pointee.remove(entry) }
    }

    private func onReset(_ epoch: UInt32) {
        metrics.pointee.resetsReceived &+= 1
        notePosition()
        raiseFloor(ttlMilliseconds: policy.ttlMilliseconds)
        let isSameEpoch = epoch == self.epoch
        position = Version(epoch: epoch, sequence: 0)
        if follows || !isSameEpoch { beginSession() } else { resetChildren() }
        updateServing()
    }

    /// The parent may have less now than was shown here. In mode `ttl` that is over when all that
    /// was held above has expired; entries are as exact as their ticks.
    private func raiseFloor(ttlMilliseconds: UInt32) {
        sessionFloor = shown
        floorMilliseconds = now
        floorUntilMilliseconds = now + Int64(ttlMilliseconds) + 2 << Self.tickShift
    }
}
