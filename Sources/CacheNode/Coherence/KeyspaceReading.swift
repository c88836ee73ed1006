import UVHTTP

/// Reads by clients of this node.
extension Keyspace {
    /// What to say of an entry that is an answer as it is.
    @inline(__always)
    func hitNote(_ entry: EntryReference) -> ReadNote {
        let age = age(of: entry)
        return .hit(
            version(of: entry), ageMilliseconds: age, freshMilliseconds: freshMilliseconds(age))
    }

    /// The version of what is held; none for a write that isn't committed yet, and where nobody
    /// numbers.
    func version(of entry: EntryReference) -> Version {
        let state = cache.pointee.state(of: entry)
        let sequence = cache.pointee.version(of: entry)
        guard !state.isUncommitted, sequence != 0 else { return .none }
        return Version(epoch: freshness.epoch(of: state.session), sequence: sequence)
    }

    /// How long ago what is held was the root's, at most, in milliseconds; nil if nothing bounds
    /// it.
    func age(of entry: EntryReference) -> UInt32? {
        let state = cache.pointee.state(of: entry)
        if isRoot { return 0 }
        // The root commits a write after it was made here; what it has committed since isn't known.
        if state.isUncommitted, policy.mode != .none { return UInt32(clamping: entryAge(entry)) }
        switch policy.mode {
        case .none: return nil
        case .ttl:
            switch freshness.basis(of: state.session) {
            case .unknown: return Freshness.unbounded - 1
            case .unbounded: return nil
            case .at: return UInt32(clamping: entryAge(entry))
            }
        case .push, .sync: return freshness.age(of: state.session, nowMilliseconds: now)
        }
    }

    /// Milliseconds since the entry's own basis.
    private func entryAge(_ entry: EntryReference) -> Int64 {
        let ticks = Self.ticks(now) &- cache.pointee.basisTicks(of: entry)
        return Int64(ticks) << Self.tickShift + now & 7 + 1
    }

    /// How long something of this age stays within the limit.
    func freshMilliseconds(_ age: UInt32?) -> Int64? {
        guard let age, let limit = limitMilliseconds else { return nil }
        return Int64(limit) - Int64(age)
    }

    /// How old an answer may be before somebody above is asked; nil where nothing is asked.
    var limitMilliseconds: UInt32? {
        if isRoot { return nil }
        switch policy.mode {
        case .none: return nil
        case .ttl: return policy.ttlMilliseconds
        case .push, .sync: return policy.maxStalenessMilliseconds
        }
    }

    // MARK: What isn't a hit

    /// Answers a read that isn't a plain hit: asks above if what is held won't do. `waiter` is
    /// called once, in this turn or a later one.
    func fetch(
        _ key: UnsafeRawBufferPointer, _ options: ReadOptions = ReadOptions(),
        _ waiter: @escaping (ReadOutcome) -> Void
    ) {
        if let held = immediate(key, options) { return waiter(held) }
        if let reason = refusalToAsk {
            return waiter((options.asksRoot ? nil : stale(key)) ?? .unavailable(reason))
        }
        ask(key, FillRequest(asksRoot: options.asksRoot, floor: floor)) {
            $0.locals.append(
                Fill.LocalWaiter(waiter: waiter, isCollapsed: $1, sinceMilliseconds: now))
        }
    }

    /// Why no question can be asked now; nil if one can. A parent ends the session of a child that
    /// has too many unanswered.
    var refusalToAsk: String? {
        if case .away(let reason) = parent { return reason }
        return fills.count < Child.waitingMax ? nil : "too many requests wait for the parent"
    }

    /// An answer for which nobody has to be asked, or may be; nil if there is none.
    func readHeld(_ key: UnsafeRawBufferPointer) -> ReadOutcome? {
        immediate(key, ReadOptions(onlyIfCached: true))
    }

    private func immediate(
        _ key: UnsafeRawBufferPointer, _ options: ReadOptions
    ) -> ReadOutcome? {
        let entry = cache.pointee.find(key)
        if isRoot {
            guard !entry.isNone, !cache.pointee.isTag(entry) else {
                return .absent(.hit(position, ageMilliseconds: 0, freshMilliseconds: nil))
            }
            return outcome(entry, hitNote(entry))
        }
        guard !entry.isNone, !options.asksRoot else { return nil }
        // A node reads its own writes, whatever the parent does.
        guard isServable(entry) || cache.pointee.isUncommitted(entry) else { return nil }
        return outcome(entry, hitNote(entry))
    }

    private func outcome(_ entry: EntryReference, _ note: ReadNote) -> ReadOutcome {
        cache.pointee.isAbsent(entry) ? .absent(note) : .held(entry, note)
    }

    /// What is held, although it is too old or not verified, because nobody above answers; nil when
    /// it is older than even that allows.
    func stale(_ key: UnsafeRawBufferPointer) -> ReadOutcome? {
        let entry = cache.pointee.find(key)
        guard !entry.isNone, !cache.pointee.isTag(entry) else { return nil }
        var note = hitNote(entry)
        if let age = note.ageMilliseconds, let limit = limitMilliseconds, age > limit {
            guard age - limit <= policy.staleIfErrorMilliseconds else { return nil }
            note.isStale = true
            metrics.pointee.staleAnswers &+= 1
        }
        return outcome(entry, note)
    }

    // MARK: Asking the parent

    /// The floor that a question needs (rule 10): what was shown here before the session. A parent
    /// that has reached it answers with all that it has verified.
    var floor: Version {
        guard Rule.floors.isKept else { return .none }
        switch policy.mode {
        case .none: return .none
        case .ttl: return now < floorUntilMilliseconds ? sessionFloor : .none
        case .push, .sync: return sessionFloor
        }
    }

    /// Joins the fill that will bring what is asked for, or begins one; `add` adds who waits, and
    /// hears whether it joined another's.
    func ask(
        _ key: UnsafeRawBufferPointer, _ request: FillRequest, _ add: (Fill, Bool) -> Void
    ) {
        let name = Array(key)
        if let fill = fills.joinable(name, request) {
            metrics.pointee.collapsed &+= 1
            return add(fill, true)
        }
        metrics.pointee.fills &+= 1
        let fill = fills.start(name, request, startedMilliseconds: now)
        add(fill, false)
        let entry = cache.pointee.find(key)
        if !entry.isNone {
            fill.isStale = !cache.pointee.isTag(entry)
            // Rule 5.
            if Rule.outstandingIsPinned.isKept { cache.pointee.setFill(true, of: entry) }
        }
        send(fill)
    }

    /// Sends a fill to the parent, if there is one; a new session sends it again.
    func send(_ fill: Fill) {
        if case .plain(let plain) = parent { return fetch(fill, from: plain) }
        guard case .link(let port) = parent else { return }
        fills.name(fill)
        fill.sentMilliseconds = now
        fill.key.withUnsafeBytes { key in
            let entry = cache.pointee.find(key)
            fill.known = entry.isNone ? .none : known(entry)
            port.send(
                .get(
                    GetMessage(
                        id: fill.id, asksRoot: fill.request.asksRoot,
                        floor: max(fill.request.floor, floor), known: fill.known, key: key)))
        }
    }

    /// The version by which an entry can be revalidated; none if its content is not the root's, or
    /// another root's.
    private func known(_ entry: EntryReference) -> Version {
        guard !cache.pointee.isTag(entry) else { return .none }
        let version = version(of: entry)
        return version.epoch == epoch ? version : .none
    }

    /// A fill is over, with nothing to be answered any more.
    func finish(_ fill: Fill) {
        fills.finish(fill)
        for waiting in fill.children { children[waiting.child]?.waitingCount -= 1 }
        fill.key.withUnsafeBytes { key in
            let entry = cache.pointee.find(key)
            if !entry.isNone, cache.pointee.hasFill(entry), !fills.isFilling(fill.key) {
                cache.pointee.setFill(false, of: entry)
            }
        }
    }

    /// Calls those at this node who waited for a fill, after this step, with what is held then.
    /// `passing` is for when nothing is, borrowed until the step ends; nil if what is held was
    /// confirmed, and so has to be asked for again should it be gone.
    func answerLocals(_ fill: Fill, passing: KeyContent?, note: ReadNote) {
        guard !fill.locals.isEmpty else { return }
        let locals = fill.locals
        let key = fill.key
        completions.append { [self] in
            for local in locals {
                var note = note
                note.isCollapsed = local.isCollapsed
                key.withUnsafeBytes { settle($0, passing, note, local.waiter) }
            }
        }
    }

    /// A waiter gets what is held now, which may be a newer write of this node; or what passed.
    private func settle(
        _ key: UnsafeRawBufferPointer, _ passing: KeyContent?, _ note: ReadNote,
        _ waiter: @escaping (ReadOutcome) -> Void
    ) {
        let entry = cache.pointee.find(key)
        if !entry.isNone, isVerified(entry) || cache.pointee.isUncommitted(entry) {
            var note = note
            note.version = version(of: entry)
            if cache.pointee.isUncommitted(entry) { note.ageMilliseconds = age(of: entry) }
            return waiter(outcome(entry, note))
        }
        switch passing {
        case .absent: waiter(.absent(note))
        case .value(let bytes, let mediaType):
            waiter(.passing(bytes: bytes, mediaType: mediaType, note))
        case nil: fetch(key, ReadOptions(), waiter)
        }
    }

    /// Whether an entry is an answer that was verified in this session, however long ago.
    func isVerified(_ entry: EntryReference) -> Bool {
        cache.pointee.state(of: entry).hasAnswer(verifiedIn: freshness.current)
    }

    /// Tells those who waited for a fill at this node that nobody answers: they get what is held,
    /// if it isn't too old for that.
    func answerUnavailable(_ fill: Fill, _ reason: String) {
        metrics.pointee.fillFailures &+= 1
        let locals = fill.locals
        let key = fill.key
        let asksRoot = fill.request.asksRoot
        fill.locals.removeAll()
        completions.append { [self] in
            for local in locals {
                let held = asksRoot ? nil : key.withUnsafeBytes { stale($0) }
                local.waiter(held ?? .unavailable(reason))
            }
        }
    }
}
