import UVHTTP

/// To which ancestor a node is attached, and whom it tries next. It decides and does no I/O.
///
/// A node wants its parent: the nearest node on its path to the root. When the session with its
/// parent ends it dials the parent once more, and, staggered by `staggerMilliseconds`, the other
/// ancestors from the nearest to the root, those of which the root has heard before those that it
/// takes for gone; the first that answers is its parent for the time being. From then on it dials
/// the nearer ones again every `probeMilliseconds`, beside the session it has, and moves when one
/// of them answers: the old session ends when the new one has begun. A new path from the root is
/// followed in the same way. If nobody answers it goes round and round, with pauses.
struct ParentChoice {
    /// How long an ancestor may take from the dial to its WELCOME.
    static let dialMilliseconds: UInt64 = 1_000
    /// How long a dial may be unanswered before the next ancestor is dialled beside it.
    static let staggerMilliseconds: UInt64 = 250
    /// Between two tries to reach a nearer ancestor.
    static let probeMilliseconds: UInt64 = 1_000
    /// The pauses between rounds in which nobody answered.
    static let retryMillisecondsMin: UInt64 = 50
    static let retryMillisecondsMax: UInt64 = 1_000

    /// One try to reach an ancestor by link, and the session that comes of it.
    struct DialID: Hashable {
        let number: UInt64
    }

    /// What became of a dial that brought no session.
    enum Answer: Equatable {
        /// It answered with this status: it has no link, or none to spare.
        case status(Int)
        /// It did not answer, for this reason: a sentence.
        case failed(String)
    }

    struct Attached {
        let ancestor: Ancestor
        /// The session; nil for plain HTTP.
        let session: DialID?
        let sinceMilliseconds: UInt64

        var way: AttachmentWay { session == nil ? .http : .link }
    }

    enum Action: Equatable {
        case dial(DialID, Ancestor)
        /// This dial or session is not wanted any more.
        case close(DialID, reason: String)
        /// From now on the parent is this one, in plain HTTP.
        case usePlain(Ancestor, reason: String)
        /// The plain parent is not the parent any more; another way to attach has been found, or
        /// none.
        case leavePlain
        /// There is no parent now, for this reason.
        case detached(reason: String)
        case log(Change)
    }

    /// What a person should know; told once each.
    enum Change: Equatable {
        case attached(Ancestor, AttachmentWay, reason: String)
        case lost(Ancestor, reason: String)
        case alone(reason: String)
    }

    private struct Dial {
        let id: DialID
        let ancestor: Ancestor
        let deadline: UInt64
    }

    /// From the parent to the root; empty before the root has told it.
    private(set) var ancestors: [Ancestor] = []
    private(set) var attached: Attached?
    /// Why there is no parent; a sentence.
    private(set) var problem: String?
    private var dials: [Dial] = []
    /// Those of the present round that have not been dialled yet, the next one first.
    private var waiting: [Ancestor] = []
    /// When the next one is dialled even if the last has not answered.
    private var nextDialAt: UInt64 = 0
    /// When the next round begins.
    private var roundAt: UInt64?
    private var failedRounds = 0
    /// Why the last change of parent was wanted.
    private var reason = ""
    /// What was wrong with those that were tried in this round.
    private var faults: [String] = []
    /// Nobody answers, and that has been said.
    private var isAloneTold = false
    private var lastNumber: UInt64 = 0
    private var jitter: Jitter
    private var actions: [Action] = []

    init(seed: UInt64) { jitter = Jitter(seed: seed) }

    // MARK: Queries

    /// When `onTimer` is to be called; nil for never.
    var deadline: UInt64? {
        var earliest = roundAt
        func consider(_ time: UInt64) { earliest = min(earliest ?? time, time) }
        for dial in dials { consider(dial.deadline) }
        if !waiting.isEmpty { consider(nextDialAt) }
        return earliest
    }

    /// What is to be done, in this order.
    mutating func takeActions() -> [Action] {
        defer { actions.removeAll() }
        return actions
    }

    // MARK: Events

    /// The root's word on who is above, from the parent up to the root.
    mutating func onPath(_ ancestors: [Ancestor], now: UInt64) {
        let isSame = ancestors.elementsEqual(self.ancestors) { $0.isSame(as: $1) }
        self.ancestors = ancestors
        guard !isSame else { return }
        let hadParent = attached != nil
        reason = hadParent ? "the root names another path" : "the root names it"
        for dial in dials where rank(of: dial.ancestor) == nil {
            close(dial, reason: "it is not an ancestor any more")
        }
        waiting.removeAll()
        failedRounds = 0
        beginRound(now: now)
        advance(now: now)
    }

    /// The dialled ancestor said WELCOME: from now on it is the parent.
    mutating func onWelcome(_ id: DialID, now: UInt64) {
        guard let dial = take(id) else { return actions.append(.close(id, reason: "too late")) }
        attach(to: dial.ancestor, session: id, now: now)
        advance(now: now)
    }

    /// The dial has brought no session.
    mutating func onAnswer(_ id: DialID, _ answer: Answer, now: UInt64) {
        guard let dial = take(id) else { return }
        let ancestor = dial.ancestor
        switch answer {
        case .status(404), .status(405), .status(501): onPlain(ancestor, now: now)
        case .status(503): onFault(ancestor, "it has no link to spare", now: now)
        case .status(let status): onFault(ancestor, "it answered \(status)", now: now)
        case .failed(let reason): onFault(ancestor, reason, now: now)
        }
        advance(now: now)
    }

    /// The session with the parent is over.
    mutating func onEnded(_ id: DialID, reason: String, now: UInt64) {
        guard let lost = attached, lost.session == id else { return }
        onLost(lost, reason: reason, now: now)
        advance(now: now)
    }

    mutating func onTimer(now: UInt64) {
        for dial in dials where dial.deadline <= now {
            close(dial, reason: "no answer in time")
            onFault(dial.ancestor, "no answer in \(Self.dialMilliseconds) ms", now: now)
        }
        advance(now: now)
    }

    // MARK: Rounds

    private mutating func advance(now: UInt64) {
        if let roundAt, roundAt <= now { beginRound(now: now) }
        while let next = waiting.first, dials.isEmpty || nextDialAt <= now {
            waiting.removeFirst()
            // A plain parent takes no dial, and may end the round.
            if next.api == .canopy { dial(next, now: now) } else { onPlain(next, now: now) }
        }
        endRoundIfDone(now: now)
    }

    private mutating func beginRound(now: UInt64) {
        roundAt = nil
        faults.removeAll()
        waiting = wanted.filter { ancestor in
            !dials.contains { $0.ancestor.isSame(as: ancestor) }
        }
        if attached == nil { waiting = waiting.filter(\.isLive) + waiting.filter { !$0.isLive } }
        nextDialAt = now
    }

    /// Those that would be better than what there is, the nearest first.
    private var wanted: [Ancestor] {
        guard let attached, let rank = rank(of: attached.ancestor) else { return ancestors }
        // What answered as an earlier system does may have been replaced by one with a link.
        let isReplaceable = attached.way == .http && attached.ancestor.api == .canopy
        return Array(ancestors[..<(isReplaceable ? rank + 1 : rank)])
    }

    private mutating func dial(_ ancestor: Ancestor, now: UInt64) {
        lastNumber += 1
        let dial = Dial(
            id: DialID(number: lastNumber), ancestor: ancestor,
            deadline: now + Self.dialMilliseconds)
        dials.append(dial)
        nextDialAt = now + Self.staggerMilliseconds
        actions.append(.dial(dial.id, ancestor))
    }

    private mutating func endRoundIfDone(now: UInt64) {
        guard waiting.isEmpty, dials.isEmpty, roundAt == nil, !wanted.isEmpty else { return }
        if attached != nil {
            roundAt = now + jitter.vary(Self.probeMilliseconds)
            return
        }
        let pause = Self.retryMillisecondsMin << UInt64(min(failedRounds, 8))
        roundAt = now + jitter.vary(min(pause, Self.retryMillisecondsMax))
        failedRounds += 1
        let reason = "no ancestor answers: " + faults.joined(separator: "; ")
        problem = reason
        actions.append(.detached(reason: reason))
        guard !isAloneTold else { return }
        isAloneTold = true
        actions.append(.log(.alone(reason: reason)))
    }

    // MARK: Changes of parent

    /// 1. The new parent takes the place of the old one.
    /// 2. The old session ends, and dials of those who are farther away.
    private mutating func attach(to ancestor: Ancestor, session: DialID?, now: UInt64) {
        let previous = attached
        attached = Attached(ancestor: ancestor, session: session, sinceMilliseconds: now)
        problem = nil
        failedRounds = 0
        isAloneTold = false
        waiting.removeAll()
        roundAt = nil
        if session == nil { actions.append(.usePlain(ancestor, reason: reason)) }
        switch previous {
        case .some(let old) where old.way == .link:
            if let oldSession = old.session {
                actions.append(.close(oldSession, reason: "\(ancestor.name) takes its place"))
            }
        case .some where session != nil: actions.append(.leavePlain)
        default: break
        }
        let rank = rank(of: ancestor) ?? ancestors.count
        for dial in dials where (self.rank(of: dial.ancestor) ?? rank) >= rank {
            close(dial, reason: "\(ancestor.name) is nearer")
        }
        actions.append(.log(.attached(ancestor, session == nil ? .http : .link, reason: reason)))
        reason = "a nearer one answers"
    }

    /// An ancestor that has no link is spoken to in plain HTTP.
    private mutating func onPlain(_ ancestor: Ancestor, now: UInt64) {
        if let attached, attached.way == .http, attached.ancestor.isSame(as: ancestor) { return }
        attach(to: ancestor, session: nil, now: now)
    }

    private mutating func onFault(_ ancestor: Ancestor, _ fault: String, now: UInt64) {
        faults.append("\(ancestor.place): \(fault)")
        nextDialAt = now
        // A parent without a link tells by its answers to the dials that it lives.
        guard let attached, attached.way == .http, attached.ancestor.isSame(as: ancestor) else {
            return
        }
        actions.append(.leavePlain)
        onLost(attached, reason: fault, now: now)
    }

    private mutating func onLost(_ lost: Attached, reason: String, now: UInt64) {
        attached = nil
        problem = "\(lost.ancestor.place) is gone: \(reason)"
        self.reason = "\(lost.ancestor.name) is gone"
        actions.append(.detached(reason: "the parent \(lost.ancestor.place) is gone: \(reason)"))
        actions.append(.log(.lost(lost.ancestor, reason: reason)))
        beginRound(now: now)
        // Once more, whatever the root thinks of it.
        if let index = waiting.firstIndex(where: { $0.isSame(as: lost.ancestor) }),
            rank(of: lost.ancestor) == 0
        {
            waiting.insert(waiting.remove(at: index), at: 0)
        }
    }

    // MARK: Dials

    private func rank(of ancestor: Ancestor) -> Int? {
        ancestors.firstIndex { $0.isSame(as: ancestor) }
    }

    private mutating func take(_ id: DialID) -> Dial? {
        guard let index = dials.firstIndex(where: { $0.id == id }) else { return nil }
        return dials.remove(at: index)
    }

    private mutating func close(_ dial: Dial, reason: String) {
        dials.removeAll { $0.id == dial.id }
        actions.append(.close(dial.id, reason: reason))
    }
}
