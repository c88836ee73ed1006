import UVHTTP

/// What a read found, for those who had to wait for it.
enum ReadOutcome {
    /// An entry of the cache, good for the call.
    case held(EntryReference)
    /// A value that could not be kept here; borrowed for the call.
    case passing(bytes: UnsafeRawBufferPointer, mediaType: UnsafeRawBufferPointer)
    case absent
    /// The parent can't be asked; a sentence for the client.
    case unavailable(String)
}

/// What became of a write within the call that made it.
enum WriteOutcome {
    /// Done, as far as the writer wanted to wait.
    case done
    /// Stored here; the parent's answer to the write of this number is awaited.
    case awaiting(sequence: UInt64)
    case refused(WriteRefusal)
}

/// Why a write was not taken; nothing has been changed.
enum WriteRefusal {
    /// The node keeps its bound on memory.
    case full
    case tooManyMediaTypes
    /// Too many writes wait for the parent.
    case queueFull
    /// The writer wanted to wait for the parent, which is away.
    case parentAway(String)
}

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

    // MARK: Reading

    /// Gets a key that isn't held from the parent; `waiter` is called in a later turn, once.
    func fetch(_ key: UnsafeRawBufferPointer, _ waiter: @escaping Waiter) {
        guard let upstream else { return loop.schedule { waiter(.absent) } }
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
            if !entry.isNone { return cache.pointee.isAbsent(entry) ? .absent : .held(entry) }
        }
        switch outcome {
        case .absent: return .absent
        case .unavailable(let reason): return .unavailable(reason)
        case .value(let bytes, let mediaType):
            if mayStore,
                case .stored(let entry) = coherence.store(
                    key, value: bytes, mediaType: mediaType, nowTicks: nowTicks)
            {
                return .held(entry)
            }
            return .passing(bytes: bytes, mediaType: mediaType)
        }
    }

    // MARK: Writing

    /// Stores a value here and sends it on its way up. With `awaitsParent` the parent's answer
    /// decides the outcome.
    func put(
        _ key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer,
        mediaType: UnsafeRawBufferPointer, awaitsParent: Bool
    ) -> WriteOutcome {
        metrics.pointee.writes &+= 1
        guard let upstream else {
            return Self.outcome(
                of: coherence.store(key, value: value, mediaType: mediaType, nowTicks: nowTicks)
            )
        }
        let write = UpwardWrite(
            key: Array(key), change: .put(value: Array(value), mediaType: Array(mediaType)))
        return forward(write, to: upstream, awaitsParent: awaitsParent) {
            coherence.store(key, value: value, mediaType: mediaType, nowTicks: nowTicks)
        }
    }

    /// Removes a key here and sends the removal on its way up.
    func delete(_ key: UnsafeRawBufferPointer, awaitsParent: Bool) -> WriteOutcome {
        metrics.pointee.deletes &+= 1
        guard let upstream else {
            coherence.remove(key)
            return .done
        }
        let write = UpwardWrite(key: Array(key), change: .delete)
        return forward(write, to: upstream, awaitsParent: awaitsParent) {
            coherence.storeAbsence(key, nowTicks: nowTicks)
        }
    }

    /// Calls `completion` once, with what the parent said to the write of this number.
    func whenForwarded(_ sequence: UInt64, completion: @escaping (ForwardOutcome) -> Void) {
        upstream?.whenForwarded(sequence, completion: completion)
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
        return awaitsParent ? .awaiting(sequence: sequence) : .done
    }

    private static func outcome(of stored: Coherence.StoreOutcome) -> WriteOutcome {
        switch stored {
        case .stored: .done
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

    private var nowTicks: UInt32 { UInt32(truncatingIfNeeded: loop.nowMilliseconds >> 3) }
}
