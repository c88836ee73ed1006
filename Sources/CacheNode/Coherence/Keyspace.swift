import UVHTTP

/// All keys of the tree as this node sees them: reads that climb when the key isn't held, writes
/// that are taken here and climb after. It acts on what `Coherence` decides.
final class Keyspace: UpstreamDelegate {
    typealias Waiter = (ReadOutcome) -> Void

    let cache: UnsafeMutablePointer<Cache>
    private let metrics: UnsafeMutablePointer<Metrics>
    private let coherence: Coherence
    private let loop: any EventLoop
    /// The parent; nil at the root.
    private let upstream: (any Upstream)?
    private var fills = Fills<Waiter>()

    init(
        cache: UnsafeMutablePointer<Cache>, metrics: UnsafeMutablePointer<Metrics>,
        loop: any EventLoop, upstream: (any Upstream)?
    ) {
        self.cache = cache
        self.metrics = metrics
        self.loop = loop
        self.upstream = upstream
        coherence = Coherence(cache: cache, metrics: metrics, isRoot: upstream == nil)
    }

    var isRoot: Bool { upstream == nil }
    let policy = CoherencePolicy()
    let epoch: UInt32 = 7
    private var versions: [[UInt8]: Version] = [:]
    private var sequence: UInt64 = 0

    func isServable(_ entry: EntryReference) -> Bool { true }

    func hitNote(_ entry: EntryReference) -> ReadNote {
        .hit(
            versions[Array(cache.pointee.key(of: entry))] ?? .none,
            ageMilliseconds: isRoot ? 0 : nil, freshMilliseconds: nil)
    }

    func readHeld(_ key: UnsafeRawBufferPointer) -> ReadOutcome? {
        let entry = cache.pointee.find(key)
        if entry.isNone {
            return isRoot ? .absent(.hit(.none, ageMilliseconds: 0, freshMilliseconds: nil)) : nil
        }
        return cache.pointee.isAbsent(entry)
            ? .absent(hitNote(entry)) : .held(entry, hitNote(entry))
    }

    func synchronize() {}

    private func meets(_ key: UnsafeRawBufferPointer, _ condition: WriteCondition) -> Bool {
        let version = cache.pointee.find(key).isNone ? nil : versions[Array(key)]
        switch condition {
        case .none: return true
        case .matches(let wanted): return version == wanted
        case .exists: return version != nil
        case .isAbsent: return version == nil
        case .differs(let other): return version != other
        }
    }

    private func commit(_ key: UnsafeRawBufferPointer) -> Version {
        sequence += 1
        versions[Array(key)] = Version(epoch: epoch, sequence: sequence)
        return Version(epoch: epoch, sequence: sequence)
    }

    // MARK: Reading

    /// Gets a key that isn't held from the parent; `waiter` is called in a later turn, once.
    func fetch(
        _ key: UnsafeRawBufferPointer, _ options: ReadOptions = ReadOptions(),
        _ waiter: @escaping Waiter
    ) {
        guard let upstream else {
            return loop.schedule {
                waiter(.absent(ReadNote(version: .none, ageMilliseconds: nil, source: .miss)))
            }
        }
        let key = Array(key)
        guard let fill = fills.join(key, waiter) else {
            metrics.pointee.collapsed &+= 1
            return
        }
        metrics.pointee.fills &+= 1
        upstream.fetch(key) { [self] in onFetched(key, fill, $0) }
    }

    private func onFetched(_ key: [UInt8], _ fill: Fills<Waiter>.ID, _ outcome: FetchOutcome) {
        let (waiters, mayStore) = fills.finish(fill)
        let found = key.withUnsafeBytes { settle($0, outcome, mayStore: mayStore) }
        if case .unavailable = found { metrics.pointee.fillFailures &+= 1 }
        for waiter in waiters { waiter(found) }
    }

    /// Stores what came, unless what is held is newer; says what the waiters get.
    private func settle(
        _ key: UnsafeRawBufferPointer, _ outcome: FetchOutcome, mayStore: Bool
    ) -> ReadOutcome {
        if !mayStore || !coherence.mayFill(key) {
            let entry = cache.pointee.find(key)
            if !entry.isNone {
                return cache.pointee.isAbsent(entry)
                    ? .absent(ReadNote(version: .none, ageMilliseconds: nil, source: .miss))
                    : .held(entry, ReadNote(version: .none, ageMilliseconds: nil, source: .miss))
            }
        }
        switch outcome {
        case .absent: return .absent(ReadNote(version: .none, ageMilliseconds: nil, source: .miss))
        case .unavailable(let reason): return .unavailable(reason)
        case .value(let bytes, let mediaType):
            if mayStore,
                case .stored(let entry) = coherence.store(
                    key, value: bytes, mediaType: mediaType, nowSeconds: nowSeconds)
            {
                return .held(entry, ReadNote(version: .none, ageMilliseconds: nil, source: .miss))
            }
            return .passing(
                bytes: bytes, mediaType: mediaType,
                ReadNote(version: .none, ageMilliseconds: nil, source: .miss))
        }
    }

    // MARK: Writing

    /// Stores a value here and sends it on its way up. With `awaitsParent` the parent's answer
    /// decides the outcome.
    func put(
        _ key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer,
        mediaType: UnsafeRawBufferPointer, condition: WriteCondition = .none, ack: WriteAck
    ) -> WriteOutcome {
        let awaitsParent = ack != .local
        metrics.pointee.writes &+= 1
        guard let upstream else {
            guard meets(key, condition) else {
                return .refused(.preconditionFailed(versions[Array(key)] ?? .none))
            }
            let stored = coherence.store(
                key, value: value, mediaType: mediaType, nowSeconds: nowSeconds)
            guard case .stored = stored else { return Self.outcome(of: stored) }
            return .done(commit(key))
        }
        let write = UpwardWrite(
            key: Array(key), change: .put(value: Array(value), mediaType: Array(mediaType)))
        return forward(write, to: upstream, awaitsParent: awaitsParent) {
            coherence.store(key, value: value, mediaType: mediaType, nowSeconds: nowSeconds)
        }
    }

    /// Removes a key here and sends the removal on its way up.
    func delete(
        _ key: UnsafeRawBufferPointer, condition: WriteCondition = .none, ack: WriteAck
    ) -> WriteOutcome {
        let awaitsParent = ack != .local
        metrics.pointee.deletes &+= 1
        guard let upstream else {
            guard meets(key, condition) else {
                return .refused(.preconditionFailed(versions[Array(key)] ?? .none))
            }
            coherence.remove(key)
            return .done(commit(key))
        }
        let write = UpwardWrite(key: Array(key), change: .delete)
        return forward(write, to: upstream, awaitsParent: awaitsParent) {
            coherence.storeAbsence(key, nowSeconds: nowSeconds)
        }
    }

    /// Calls `completion` once, with what the parent said to the write of this number.
    func whenWritten(_ ticket: WriteTicket, completion: @escaping (WriteResult) -> Void) {
        upstream?.whenForwarded(ticket.sequence) {
            switch $0 {
            case .accepted: completion(.done(.none))
            case .refused(let status, let detail):
                completion(.refused(status: status, detail: detail))
            case .unconfirmed(let reason): completion(.unconfirmed(reason))
            }
        }
    }

    /// 1. Nothing may fail after the first change: the queue's room and the parent's state are
    ///    looked at first.
    /// 2. The change is made here, so that this node reads its own write.
    /// 3. The write is queued; its number ties the entry to it.
    private func forward(
        _ write: UpwardWrite, to upstream: any Upstream, awaitsParent: Bool,
        applyHere: () -> Coherence.StoreOutcome
    ) -> WriteOutcome {
        if awaitsParent, let reason = upstream.awayReason { return .refused(.parentAway(reason)) }
        guard upstream.hasRoom(for: write) else {
            metrics.pointee.upwardRejected &+= 1
            return .refused(.queueFull)
        }
        let stored = applyHere()
        guard case .stored(let entry) = stored else { return Self.outcome(of: stored) }
        fills.supersede(write.key)
        let sequence = upstream.forward(write)
        coherence.markUncommitted(entry, sequence: sequence)
        return awaitsParent ? .awaiting(WriteTicket(sequence: sequence)) : .done(.none)
    }

    private static func outcome(of stored: Coherence.StoreOutcome) -> WriteOutcome {
        switch stored {
        case .stored: .done(.none)
        case .full: .refused(.full)
        case .tooManyMediaTypes: .refused(.tooManyMediaTypes)
        }
    }

    func onAccepted(_ sequence: UInt64, key: [UInt8]) {
        key.withUnsafeBytes { coherence.onAccepted($0, sequence: sequence) }
    }

    func onRefused(_ sequence: UInt64, key: [UInt8]) {
        key.withUnsafeBytes { coherence.onRefused($0, sequence: sequence) }
    }

    private var nowSeconds: UInt32 { UInt32(truncatingIfNeeded: loop.unixSeconds) }
}
