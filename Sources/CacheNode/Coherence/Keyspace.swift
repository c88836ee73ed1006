import UVHTTP

/// All keys of the tree as this node sees them: reads that climb when what is held won't do, writes
/// that are taken here and climb after, and the changes that come down.
///
/// It keeps the ten rules of the link (`docs/link.md`; `Rule` marks the places). It knows no
/// socket: the links hand it messages, and it hands messages to their ports, which only append
/// them. So whatever it does in one call is one step.
final class Keyspace {
    /// How the parent is reached.
    enum ParentWay {
        case link(any ParentPort)
        /// In plain HTTP: a node of an earlier system.
        case plain(any PlainParent)
        /// For this reason: a sentence.
        case away(String)
    }

    /// Milliseconds that a reader or writer waits for somebody above.
    static let answerMilliseconds: Int64 = 5_000
    /// Milliseconds between two looks at what has become too old.
    static let checkMilliseconds: UInt64 = 100
    /// Where sequences begin: the version of an absence before any commit, which takes the next.
    static let firstSequence: UInt64 = 1
    /// Milliseconds in one tick of an entry's basis.
    static let tickShift: Int64 = 3

    let cache: UnsafeMutablePointer<Cache>
    let metrics: UnsafeMutablePointer<Metrics>
    let loop: any EventLoop
    let isRoot: Bool
    /// This node's name, as Cache-Status has it.
    let name: [UInt8]
    /// Names this incarnation of the node as the origin of writes.
    let origin: UInt64
    let upward: UpwardQueue

    var policy: CoherencePolicy {
        didSet { sharedHitAge = SharedHitAge() }
    }
    var parent: ParentWay {
        didSet { linkedParent.pointee = ParentPortSlot(parent) }
    }
    /// The parent, if it is linked.
    let linkedParent: UnsafeMutablePointer<ParentPortSlot>
    var freshness = Freshness()
    var sharedHitAge = SharedHitAge()
    /// Where this node decides (`commitsHere`): its last commit. Elsewhere: what all verified
    /// copies reflect.
    var position: Version
    /// The newest version that was shown here, or may have been.
    var shown: Version = .none
    /// What had been shown here when the session began, which no answer may be older than (rule
    /// 10).
    var sessionFloor: Version = .none
    /// When that was: what has been current since isn't older.
    var floorMilliseconds: Int64 = 0
    /// In mode `ttl`, until when a floor is needed after a change above.
    var floorUntilMilliseconds: Int64 = 0
    /// It is the root, or has had a parent: it knows the tree's policy.
    var hasJoined: Bool
    /// What was verified in this session is young enough to be served.
    var isServing: Bool
    /// How long an entry lives, in ticks; `.max` outside mode `ttl`.
    var ttlTicks: UInt32 = .max
    var fills = FillTable()
    var children = Children()
    var ledger = OriginLedger()
    /// What was sent in this session and not accepted yet.
    var unaccepted = UnacceptedWrites()
    var acceptedCount: UInt64 = 0
    var tickets: [UInt64: Ticket] = [:]
    /// How many writes of a key are queued without an entry that says so, by the key's hash. Were
    /// two keys counted as one, one EVICT fewer would be sent: the next PUSH is answered by it.
    var bareWrites = HashCounts()
    var pace = EvictionPace()
    var sweepCursor: UInt32?
    var sweptBits: UInt8 = 0
    /// The session in which the sweep began.
    var sweepSession: UInt8 = 0
    /// There is a reason for another sweep after this one.
    var needsSweep = false
    var sweepTimer: (any LoopTimer)?
    var timers: [any LoopTimer] = []
    /// What is to be called once the present step is done.
    var completions: [() -> Void] = []
    /// Told when no write waits any more.
    var onEmpty: (() -> Void)?

    /// Somebody who waits for a write.
    struct Ticket {
        let ack: WriteAck
        let startedMilliseconds: Int64
        var completion: ((WriteResult) -> Void)?
    }

    /// `epoch` is that of a root; `upward` takes the writes of any other node. `origin` is random.
    init(
        cache: UnsafeMutablePointer<Cache>, metrics: UnsafeMutablePointer<Metrics>,
        loop: any EventLoop, name: String, origin: UInt64, policy: CoherencePolicy,
        role: KeyspaceRole, upward: UpwardQueue
    ) {
        self.cache = cache
        self.metrics = metrics
        self.loop = loop
        self.name = CacheStatus.identifier(of: name)
        self.origin = origin
        self.policy = policy
        self.upward = upward
        linkedParent = .allocate(capacity: 1)
        linkedParent.initialize(to: ParentPortSlot(nil))
        switch role {
        case .root(let epoch, let sequence):
            isRoot = true
            parent = .away("the root has no parent")
            position = Version(epoch: epoch, sequence: sequence)
            freshness.setEpoch(epoch)
            isServing = true
            hasJoined = true
        case .child(let reason):
            isRoot = false
            parent = .away(reason)
            position = .none
            isServing = false
            hasJoined = false
        }
    }

    deinit {
        linkedParent.deinitialize(count: 1)
        linkedParent.deallocate()
    }

    /// Begins what takes time: looking for what is too old, and rounds of mode `sync`.
    func start() {
        if !isRoot {
            repeatEvery(Self.checkMilliseconds) { $0.onCheck() }
        } else if policy.mode == .sync {
            repeatEvery(UInt64(policy.syncIntervalMilliseconds)) { $0.synchronize() }
        }
    }

    /// Ends what takes time. Who still waits for an answer from above is let go of, and hears
    /// nothing.
    func close() {
        for timer in timers { timer.cancel() }
        timers.removeAll()
        sweepTimer?.cancel()
        sweepTimer = nil
        pace = EvictionPace()
        fills.removeAll()
        tickets.removeAll()
        onEmpty = nil
    }

    /// Calls `completion` once no write waits for the parent any more: at once, or later.
    func whenEmpty(_ completion: @escaping () -> Void) {
        if upward.isEmpty { completion() } else { onEmpty = completion }
    }

    private func repeatEvery(_ milliseconds: UInt64, _ body: @escaping (Keyspace) -> Void) {
        timers.append(
            loop.startTimer(afterMilliseconds: milliseconds, repeatMilliseconds: milliseconds) {
                [unowned self] in body(self)
            })
    }

    // MARK: What holds now

    /// Whether this node numbers the writes: the root, and a node whose parent can't.
    var commitsHere: Bool {
        if case .plain = parent { return true }
        return isRoot
    }

    /// Whether changes are pushed to those who hold the key.
    @inline(__always)
    var follows: Bool { policy.mode == .push || policy.mode == .sync }

    var epoch: UInt32 { position.epoch }

    /// Milliseconds of the loop's clock; what was before it began is negative.
    var now: Int64 { Int64(clamping: loop.nowMilliseconds) }

    static func ticks(_ milliseconds: Int64) -> UInt32 {
        UInt32(truncatingIfNeeded: milliseconds >> tickShift)
    }

    /// The hot check: whether an entry is an answer as it is.
    @inline(__always)
    func isServable(_ entry: EntryReference) -> Bool {
        guard isServing,
            cache.pointee.state(of: entry).hasAnswer(verifiedIn: freshness.current)
        else { return false }
        return ttlTicks == .max || isWithinTTL(entry)
    }

    /// The same for an answer that is a value.
    @inline(__always)
    func isServableValue(_ entry: EntryReference) -> Bool {
        guard isServing, cache.pointee.state(of: entry).hasValue(verifiedIn: freshness.current)
        else { return false }
        return ttlTicks == .max || isWithinTTL(entry)
    }

    private func isWithinTTL(_ entry: EntryReference) -> Bool {
        Self.ticks(now) &- cache.pointee.basisTicks(of: entry) <= ttlTicks
            || cache.pointee.isUncommitted(entry)
    }

    /// The bits of children that hold an entry; those of an earlier session mean nothing.
    @inline(__always)
    func followers(of entry: EntryReference) -> UInt8 {
        guard !entry.isNone else { return 0 }
        let state = cache.pointee.state(of: entry)
        return state.session == freshness.current ? state.children : 0
    }

    // MARK: After a step

    /// Calls what has gathered in this step, when nothing is half done any more.
    @inline(__always)
    func finishStep() {
        if !completions.isEmpty || onEmpty != nil { callWhoWaits() }
        metrics.pointee.upwardQueued = UInt64(truncatingIfNeeded: upward.count)
    }

    private func callWhoWaits() {
        while !completions.isEmpty {
            let due = completions
            completions.removeAll()
            for completion in due { completion() }
        }
        if upward.isEmpty, let onEmpty {
            self.onEmpty = nil
            onEmpty()
        }
    }
}

/// What a node is to its keys.
enum KeyspaceRole {
    /// The source of truth, in this incarnation, and where its sequences begin.
    case root(epoch: UInt32, sequence: UInt64 = Keyspace.firstSequence)
    /// It has no parent yet, for this reason: a sentence.
    case child(String)
}
