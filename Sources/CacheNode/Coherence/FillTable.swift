/// A key that has been asked for upstream and not been answered, and who waits for it.
final class Fill {
    /// A child that waits.
    struct ChildWaiter {
        let child: ChildID
        let request: FillRequest
        /// The version that the child has.
        let known: Version
        /// The child's own name for its request.
        let id: UInt32
        /// It joined a request that was under way.
        let isCollapsed: Bool
        let sinceMilliseconds: Int64
    }

    struct LocalWaiter {
        let waiter: (ReadOutcome) -> Void
        let isCollapsed: Bool
        let sinceMilliseconds: Int64
    }

    let number: UInt64
    let startedMilliseconds: Int64
    let key: [UInt8]
    /// What was asked of the parent.
    let request: FillRequest
    /// When it was sent last; a new session sends it again.
    var sentMilliseconds: Int64 = 0
    /// Its name in the link's present session; 0 if it hasn't been sent in it.
    var id: UInt32 = 0
    /// The version that was offered for revalidation.
    var known: Version = .none
    /// Whether a copy was held that isn't verified: for Cache-Status.
    var isStale = false
    var locals: [LocalWaiter] = []
    var children: [ChildWaiter] = []
    /// The key was written here meanwhile, and the answer may be older: plain parents only; on a
    /// link the order of frames says it all.
    var isSuperseded = false
    var isFinished = false

    fileprivate init(
        number: UInt64, startedMilliseconds: Int64, key: [UInt8], request: FillRequest
    ) {
        self.number = number
        self.startedMilliseconds = startedMilliseconds
        self.key = key
        self.request = request
    }
}

/// What will do as an answer.
struct FillRequest: Equatable {
    var asksRoot = false
    var floor: Version = .none

    /// Whether the answer to `other` will do for this one too. The root's may have been given
    /// before the floor was committed, and be under way still.
    func isMet(by other: FillRequest) -> Bool {
        (!asksRoot || other.asksRoot) && floor <= other.floor
    }
}

/// The fills under way. Concurrent misses of a key are one request (request collapsing, RFC 9211
/// §2.6; "single flight" in groupcache).
struct FillTable {
    private struct OfKey {
        /// Requests for the key under way.
        var count = 0
        /// The newest, which a reader may join if its answer will do.
        var joinable: Fill?
    }

    private var fills: [UInt64: Fill] = [:]
    private var byKey: [[UInt8]: OfKey] = [:]
    private var named: [UInt32: Fill] = [:]
    private var lastNumber: UInt64 = 0
    private var lastID: UInt32 = 0

    /// Requests under way.
    var count: Int { fills.count }
    /// All requests under way, oldest first.
    var all: [Fill] { all { _ in true } }

    /// Those for which `condition` holds, oldest first.
    func all(where condition: (Fill) -> Bool) -> [Fill] {
        fills.values.filter(condition).sorted { $0.number < $1.number }
    }

    /// The fill that a reader of `key` may join.
    func joinable(_ key: [UInt8], _ request: FillRequest) -> Fill? {
        // The root may have answered already, before what this reader knows of was committed.
        if request.asksRoot { return nil }
        guard let fill = byKey[key]?.joinable, request.isMet(by: fill.request) else { return nil }
        return fill
    }

    func isFilling(_ key: [UInt8]) -> Bool { byKey[key] != nil }

    mutating func start(
        _ key: [UInt8], _ request: FillRequest, startedMilliseconds: Int64
    ) -> Fill {
        lastNumber += 1
        let fill = Fill(
            number: lastNumber, startedMilliseconds: startedMilliseconds, key: key,
            request: request)
        fills[fill.number] = fill
        byKey[key, default: OfKey()].count += 1
        byKey[key]?.joinable = fill
        return fill
    }

    /// Gives a fill its name in the session of the link.
    mutating func name(_ fill: Fill) {
        repeat { lastID &+= 1 } while lastID == 0 || named[lastID] != nil
        fill.id = lastID
        named[lastID] = fill
    }

    /// The fill that the parent answers.
    func named(_ id: UInt32) -> Fill? { named[id] }

    /// A session of the link ended: names mean nothing any more.
    mutating func forgetNames() {
        for fill in named.values { fill.id = 0 }
        named.removeAll()
        lastID = 0
    }

    /// The key was written here while it was being asked for: the answer isn't to be stored, and
    /// who reads from now on asks anew.
    mutating func supersede(_ key: [UInt8]) {
        byKey[key]?.joinable?.isSuperseded = true
        byKey[key]?.joinable = nil
    }

    mutating func finish(_ fill: Fill) {
        guard fills.removeValue(forKey: fill.number) != nil else { return }
        fill.isFinished = true
        if fill.id != 0 { named.removeValue(forKey: fill.id) }
        guard var ofKey = byKey[fill.key] else { return }
        ofKey.count -= 1
        if ofKey.joinable === fill { ofKey.joinable = nil }
        byKey[fill.key] = ofKey.count > 0 ? ofKey : nil
    }

    /// Nobody is answered any more.
    mutating func removeAll() {
        for fill in fills.values { fill.isFinished = true }
        fills.removeAll()
        byKey.removeAll()
        named.removeAll()
    }

    /// A child is gone: nothing is owed to it any more (rule 7).
    func forget(_ child: ChildID) {
        for fill in fills.values { fill.children.removeAll { $0.child == child } }
    }
}
