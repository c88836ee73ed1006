import UVHTTP

/// The children that are attached by links: sessions, and what comes up.
extension Keyspace: LinkDelegate {
    func onChildAttached(
        _ port: any ChildPort, origin: UInt64, shown: Version, name: UnsafeRawBufferPointer
    ) -> ChildID {
        if isRoot, shown > position { leaveEpoch(of: shown) }
        // A child that comes again has lost its earlier session, even if that isn't known here yet.
        let earlier = children.child(ofOrigin: origin)
        if let earlier { end(earlier, reason: "the child has opened another session") }
        let child: Child
        if let earlier, !Rule.sessionEndForgets.isKept {
            child = earlier
            child.reattach(port)
            child.acceptedCount = 0
            child.inbox.removeAll()
            child.inboxBytes = 0
        } else {
            child = children.add(port, origin: origin, name: Array(name))
        }
        child.flushedPosition = position
        child.flushedBasis = basis
        self.name.withUnsafeBytes { name in
            port.send(
                .welcome(
                    WelcomeMessage(
                        policy: policy, position: position, ageMilliseconds: age(for: child),
                        name: name)))
        }
        return child.id
    }

    /// Somebody has seen versions that this root hasn't given yet: the clock that names epochs has
    /// gone back. What this root has committed is the truth all the same.
    private func leaveEpoch(of shown: Version) {
        guard shown.epoch < .max else { return }
        position.epoch = shown.epoch + 1
        freshness.setEpoch(epoch)
        resetChildren()
    }

    func onChildDetached(_ id: ChildID) {
        guard let child = children[id] else { return }
        forget(child)
        finishStep()
    }

    /// Ends a session from this side.
    func end(_ child: Child, reason: String) {
        child.port.close(reason: reason)
        forget(child)
    }

    /// Rule 7: bits, waiters and ways back die with the session.
    private func forget(_ child: Child) {
        guard Rule.sessionEndForgets.isKept else { return }
        children.remove(child)
        fills.forget(child.id)
        sweepIfRetired()
    }

    func onMessage(_ message: UpMessage, from id: ChildID) {
        guard let child = children[id] else { return }
        switch message {
        case .hello: end(child, reason: "a second HELLO")
        case .get(let get): onGet(get, child)
        case .put(let put): onPut(put, child)
        case .evict(let key): onEvict(key, child)
        case .renew(let token):
            child.send(
                .fresh(
                    token: token, ageMilliseconds: age(for: child), position: position(for: child)))
        }
        finishStep()
    }

    func onPut(_ put: PutMessage, from id: ChildID) {
        guard let child = children[id] else { return }
        onPut(put, child)
        finishStep()
    }

    // MARK: Freshness

    /// How far behind the root what `child` has been told is, in milliseconds.
    private func age(for child: Child) -> UInt32 {
        let isBehind = policy.mode == .sync && !child.dirty.isEmpty
        return Freshness.age(since: isBehind ? child.flushedBasis : basis, now)
            ?? Freshness.unbounded
    }

    /// What the copies of `child` reflect once it has read all that was sent.
    private func position(for child: Child) -> Version {
        policy.mode == .sync && !child.dirty.isEmpty ? child.flushedPosition : position
    }

    // MARK: Reads

    private func onGet(_ get: GetMessage, _ child: Child) {
        guard child.waitingCount < Child.waitingMax else {
            return end(child, reason: "more than \(Child.waitingMax) unanswered questions")
        }
        let request = FillRequest(asksRoot: get.asksRoot, floor: get.floor)
        if commitsHere, isRoot || isAnswer(cache.pointee.find(get.key), request) {
            return answerAsRoot(get, child)
        }
        let entry = cache.pointee.find(get.key)
        if isAnswer(entry, request) {
            metrics.pointee.hits &+= 1
            var hops: [UInt8] = []
            CacheStatus.append(name, .hit, isStored: false, isCollapsed: false, to: &hops)
            return reply(
                to: child, id: get.id, known: get.known, entry: entry, content(of: entry),
                version: replyVersion(entry), age: age(of: entry), hops: hops)
        }
        metrics.pointee.misses &+= 1
        if let reason = refusalToAsk { return answerStale(get, child, reason) }
        let needed = FillRequest(asksRoot: get.asksRoot, floor: max(get.floor, floor))
        child.waitingCount += 1
        ask(get.key, needed) { fill, isCollapsed in
            fill.children.append(
                Fill.ChildWaiter(
                    child: child.id, request: needed, known: get.known, id: get.id,
                    isCollapsed: isCollapsed, sinceMilliseconds: now))
        }
    }

    /// Whether an entry is an answer to a child: committed, verified, in time, and not below the
    /// floor (rule 10).
    private func isAnswer(_ entry: EntryReference, _ request: FillRequest) -> Bool {
        guard !entry.isNone, !request.asksRoot || isRoot, isServable(entry) else {
            return false
        }
        if commitsHere { return true }
        return !cache.pointee.isUncommitted(entry) && isAbove(request.floor, entry)
    }

    /// Whether a committed entry isn't older than a floor; if it is verified, it reflects this
    /// node's position besides.
    private func isAbove(_ floor: Version, _ entry: EntryReference) -> Bool {
        !Rule.floors.isKept || version(of: entry) >= floor
            || (follows && position >= floor && isVerified(entry))
    }

    /// The version to tell: where this node decides, an entry that waits for the plain parent
    /// reflects all that was decided.
    func replyVersion(_ entry: EntryReference) -> Version {
        let version = version(of: entry)
        return version == .none ? position : version
    }

    private func answerAsRoot(_ get: GetMessage, _ child: Child) {
        var entry = cache.pointee.find(get.key)
        let isHit = !entry.isNone && !cache.pointee.isTag(entry)
        if isHit { metrics.pointee.hits &+= 1 } else { metrics.pointee.misses &+= 1 }
        if !isHit, follows {
            // The absence is followed too: a key created later is seen at once.
            entry =
                install(
                    get.key, .absent, version: position.sequence, basisMilliseconds: now
                ).entry
        }
        var hops: [UInt8] = []
        CacheStatus.append(name, .hit, isStored: false, isCollapsed: false, to: &hops)
        let isHeld = !entry.isNone && !cache.pointee.isTag(entry)
        reply(
            to: child, id: get.id, known: get.known, entry: isHeld ? entry : .none,
            isHeld ? content(of: entry) : .absent,
            version: isHeld ? replyVersion(entry) : position, age: isRoot ? 0 : nil, hops: hops)
    }

    /// Nobody above answers: the child gets what is held here, with its age.
    private func answerStale(_ get: GetMessage, _ child: Child, _ reason: String) {
        guard !get.asksRoot, case .held(let entry, let note)? = stale(get.key),
            !cache.pointee.isUncommitted(entry), isAbove(get.floor, entry)
        else { return replyUnavailable(to: child, id: get.id, reason) }
        var hops: [UInt8] = []
        CacheStatus.append(name, .hit, isStored: false, isCollapsed: false, to: &hops)
        reply(
            to: child, id: get.id, known: get.known,
            entry: isVerified(entry) ? entry : .none, content(of: entry), version: note.version,
            age: note.ageMilliseconds, hops: hops)
    }

    /// Rule 1: what is read is queued in the same step in which the child's bit is set. Without an
    /// entry to set it in, the child is told that it isn't followed.
    private func reply(
        to child: Child, id: UInt32, known: Version, entry: EntryReference, _ content: KeyContent,
        version: Version, age: UInt32?, hops: [UInt8]
    ) {
        let isFollowed = follows && !entry.isNone
        if isFollowed, Rule.readIsOneStep.isKept {
            cache.pointee.setChildren(followers(of: entry) | child.bit, of: entry)
            if !child.dirty.isEmpty {
                child.dirty.remove(Array(cache.pointee.key(of: entry)))
            }
        }
        let isKnown = known != .none && known == version && (isFollowed || !follows)
        hops.withUnsafeBytes { hops in
            let message = ReplyMessage(
                id: id, outcome: isKnown ? .notModified : .content(content),
                isFollowed: isFollowed, version: version,
                ageMilliseconds: age ?? Freshness.unbounded, hops: hops)
            #if CANOPY_MUTATIONS
                guard entry.isNone || Rule.readIsOneStep.isKept && Rule.oneStream.isKept else {
                    return sendLate(message, of: cache.pointee.key(of: entry), to: child)
                }
            #endif
            child.send(.reply(message))
        }
    }

    private func replyUnavailable(to child: Child, id: UInt32, _ reason: String) {
        Array(reason.utf8).withUnsafeBytes { sentence in
            child.send(
                .reply(
                    ReplyMessage(
                        id: id, outcome: .unavailable(sentence), isFollowed: false,
                        version: .none, ageMilliseconds: Freshness.unbounded, hops: .empty)))
        }
    }

    /// Answers the children that waited for a fill.
    func answerChildren(
        _ fill: Fill, _ key: UnsafeRawBufferPointer, _ passing: KeyContent?, _ reply: ReplyMessage,
        _ note: ReadNote
    ) {
        for waiting in fill.children {
            guard let child = children[waiting.child] else { continue }
            let entry = cache.pointee.find(key)
            let isOverlay = !entry.isNone && cache.pointee.isUncommitted(entry)
            let isFollowed =
                !entry.isNone && (isOverlay ? reply.isFollowed : isVerified(entry))
            if isFollowed { refreshSession(entry) }
            // What lies over the entry is for this node alone, unless it decides.
            let isHeld = isFollowed && (!isOverlay || commitsHere)
            guard let content = isHeld ? content(of: entry) : passing else {
                replyUnavailable(to: child, id: waiting.id, "what was confirmed is gone")
                continue
            }
            var hops = note.hops
            CacheStatus.append(
                name, note.source, isStored: note.isStored, isCollapsed: waiting.isCollapsed,
                to: &hops)
            self.reply(
                to: child, id: waiting.id, known: waiting.known,
                entry: isFollowed ? entry : .none, content,
                version: isHeld ? replyVersion(entry) : reply.version,
                age: note.ageMilliseconds, hops: hops)
        }
    }

    /// An overlay from before this session: its bits begin anew.
    @inline(__always)
    func refreshSession(_ entry: EntryReference) {
        guard cache.pointee.session(of: entry) != freshness.current else { return }
        cache.pointee.setChildren(0, of: entry)
        cache.pointee.setSession(freshness.current, of: entry)
    }

    func answerChildrenUnavailable(_ fill: Fill, _ reason: String) {
        for waiting in fill.children {
            guard let child = children[waiting.child] else { continue }
            replyUnavailable(to: child, id: waiting.id, reason)
        }
    }

    // MARK: Writes

    private func onEvict(_ key: UnsafeRawBufferPointer, _ child: Child) {
        if !child.dirty.isEmpty { child.dirty.remove(Array(key)) }
        let entry = cache.pointee.find(key)
        // The shared bit stands for others too.
        guard !entry.isNone, child.bit != Children.sharedBit else { return }
        let followers = followers(of: entry) & ~child.bit
        cache.pointee.setChildren(followers, of: entry)
        // A tag stands for nobody any more; nor does a root keep what nobody asks about.
        let state = cache.pointee.state(of: entry)
        guard followers == 0, !state.isPinned else { return }
        if state.isTag || (isRoot && state.isAbsent) { forget(entry) }
    }

    private func onPut(_ put: PutMessage, _ child: Child) {
        metrics.pointee.writesFromChildren &+= 1
        if isRoot { return decide(put, child) }
        let content: KeyContent =
            put.isDeletion ? .absent : .value(put.value, mediaType: put.mediaType)
        let write = upwardWrite(
            Write(key: put.key, content: content, condition: put.condition), origin: put.origin,
            sequence: put.sequence, isAgain: put.isAgain, routes: WriteRoutes(child.id))
        if child.inbox.isEmpty, canTake(write) { return take(write, child) }
        guard child.inboxBytes < Child.inboxBytesMax else {
            return end(child, reason: "more writes than its window allows")
        }
        child.inboxBytes += write.byteCount
        child.inbox.append(write)
    }

    @inline(__always)
    private func canTake(_ write: UpwardWrite) -> Bool {
        upward.hasRoom(byteCount: write.byteCount)
            || upward.number(origin: write.origin, sequence: write.sequence) != nil
    }

    /// Queues a child's write. In mode `none` it lies over the entry: so the node reads what it has
    /// taken over.
    @inline(__always)
    private func take(_ write: consuming UpwardWrite, _ child: Child) {
        child.accept()
        if commitsHere, ledger.isRepeat(origin: write.origin, sequence: write.sequence) {
            return repeatPlain(write, child)
        }
        if let number = upward.number(origin: write.origin, sequence: write.sequence) {
            // It waits here already, by another way: its commit goes back on both.
            return upward.addRoute(child.id, to: number) { children[$0] != nil }
        }
        if commitsHere { return decidePlain(write, child) }
        let number = upward.nextNumber
        // Where copies follow the root it lies over nothing here: it may have been on its way for
        // long, its child attached elsewhere meanwhile, and the root further than this write.
        if policy.mode == .none, write.condition.isNone, !write.isAgain {
            let stored = write.withBorrowed { overlay($0, $1, number: number) }
            if case .stored = stored { write.isOverlay = true }
        }
        queueAndSend(write)
    }

    /// The queue has room again, perhaps.
    @inline(__always)
    func drainInboxes() { if children.hasFullInbox { takeFromInboxes() } }

    private func takeFromInboxes() {
        for child in children.all {
            var taken = 0
            while taken < child.inbox.count, canTake(child.inbox[taken]) {
                let write = child.inbox[taken]
                child.inboxBytes -= write.byteCount
                taken += 1
                take(write, child)
            }
            if taken > 0 { child.inbox.removeFirst(taken) }
        }
    }
}
