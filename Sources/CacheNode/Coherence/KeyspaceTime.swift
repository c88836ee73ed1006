import UVHTTP

/// What time brings: answers that don't come, copies that grow old, rounds of mode `sync`, and
/// bits and sessions that mean nothing any more.
extension Keyspace {
    /// Keys whose changes may wait for one child's next round, and bytes of them; past either the
    /// child starts with nothing instead (rule 6).
    static var dirtyCountMax: Int { 65_536 }
    static var dirtyBytesMax: Int { 8 << 20 }
    /// Milliseconds between two pieces of a sweep, and entries looked at for one.
    private static var sweepMilliseconds: UInt64 { 10 }
    private static var sweepEntries: Int { 2_000 }
    /// A session's number comes again after 256; entries of one this old are taken out. With 64
    /// sessions until the next sweep, and those that begin during one, that is in time.
    private static var sessionsKept: UInt8 { 96 }
    private static var sweepSessionsMax: UInt8 { 32 }

    func onCheck() {
        updateServing()
        let due = now - Self.answerMilliseconds
        let reason = awayReason ?? "the parent has not answered in time"
        for fill in fills.all(where: { $0.startedMilliseconds <= due }) {
            expire(fill, due, reason)
        }
        let late = tickets.filter { $0.value.startedMilliseconds <= due }.map(\.key)
        for number in late.sorted() { complete(number, .unconfirmed(reason)) }
        finishStep()
    }

    /// Answers those who have waited too long. The fill itself lasts as long as its session: its
    /// answer says what the parent follows.
    private func expire(_ fill: Fill, _ due: Int64, _ reason: String) {
        if fill.locals.contains(where: { $0.sinceMilliseconds <= due }) {
            answerUnavailable(fill, reason)
        }
        if fill.children.contains(where: { $0.sinceMilliseconds <= due }) {
            answerChildrenUnavailable(fill, reason)
            for waiting in fill.children { children[waiting.child]?.waitingCount -= 1 }
            fill.children.removeAll()
        }
        guard fill.locals.isEmpty, fill.children.isEmpty, case .away = parent else { return }
        finish(fill)
    }

    // MARK: Mode `sync`

    /// Sends what waits for the next round, now.
    func synchronize() {
        guard policy.mode == .sync else { return }
        flushChildren()
        finishStep()
    }

    func flushChildren() {
        guard policy.mode == .sync else { return }
        for child in children.all {
            for key in child.dirty.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
                key.withUnsafeBytes { flush($0, child) }
            }
            child.dirty.removeAll()
            child.dirtyBytes = 0
            child.flushedPosition = position
            child.flushedBasis = basis
            child.send(.flush(position: position))
        }
    }

    /// When what this node holds was current at the root.
    var basis: Freshness.Basis {
        isRoot ? .at(now) : freshness.basis(of: freshness.current)
    }

    private func flush(_ key: UnsafeRawBufferPointer, _ child: Child) {
        let entry = cache.pointee.find(key)
        guard !entry.isNone, followers(of: entry) & child.bit != 0 else { return }
        metrics.pointee.pushesSent &+= 1
        // What lies under a write of this node isn't known any more, nor what a tag stood for.
        guard !cache.pointee.isUncommitted(entry) || commitsHere, !cache.pointee.isTag(entry) else {
            cache.pointee.setChildren(followers(of: entry) & ~child.bit, of: entry)
            return child.send(.invalidate(key: key))
        }
        let version = version(of: entry)
        child.send(
            .push(
                PushMessage(
                    version: version == .none ? position : version, key: key,
                    content: content(of: entry))))
    }

    /// Notes that a key has changed for a child.
    func markDirty(_ key: UnsafeRawBufferPointer, _ child: Child) {
        guard child.dirty.count < Self.dirtyCountMax, child.dirtyBytes < Self.dirtyBytesMax else {
            child.dirty.removeAll()
            child.dirtyBytes = 0
            metrics.pointee.resetsSent &+= 1
            return child.send(.reset(epoch: epoch))
        }
        if child.dirty.insert(Array(key)).inserted { child.dirtyBytes += key.count }
    }

    // MARK: Sweeping

    /// Goes through all entries, a piece at a time, when bits have to be cleared before they are
    /// given again.
    func sweepIfRetired() { if children.retired != 0 { beginSweep() } }

    /// The same at every 64th session, whose number will come again. When sessions follow each
    /// other faster than a sweep ends, it is brought to its end at once.
    func sweepIfSessionsOld() {
        while sweepCursor != nil, freshness.current &- sweepSession > Self.sweepSessionsMax {
            sweep()
        }
        if freshness.current % 64 == 0 { beginSweep() }
    }

    private func beginSweep() {
        guard sweepCursor == nil else { return needsSweep = true }
        needsSweep = false
        sweepCursor = 0
        sweepSession = freshness.current
        sweptBits = children.retired
        sweepTimer = loop.startTimer(
            afterMilliseconds: Self.sweepMilliseconds, repeatMilliseconds: Self.sweepMilliseconds
        ) { [unowned self] in sweep() }
    }

    private func sweep() {
        guard let cursor = sweepCursor else { return }
        // A bit that was given again meanwhile is somebody's.
        sweptBits &= children.retired
        let bits = sweptBits
        let current = freshness.current
        sweepCursor = cache.pointee.sweep(from: cursor, stepsMax: Self.sweepEntries) {
            cache, entry in
            let state = cache.state(of: entry)
            if state.children & bits != 0 { cache.setChildren(state.children & ~bits, of: entry) }
            guard current &- state.session > Self.sessionsKept else { return false }
            guard state.isUncommitted else { return true }
            // A write stays, of a session that is over for as long.
            cache.setSession(current &- Self.sessionsKept, of: entry)
            cache.setChildren(0, of: entry)
            return false
        }
        guard sweepCursor == nil else { return }
        sweepTimer?.cancel()
        sweepTimer = nil
        children.onSwept(bits)
        if needsSweep || children.retired != 0 { beginSweep() }
    }
}
