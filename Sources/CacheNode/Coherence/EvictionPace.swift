/// How much is evicted in one turn of the loop, and how much ahead of need.
///
/// A large value needs the room of thousands of small ones; to evict those takes longer than a turn
/// may. What need not be kept (a copy from above) evicts no more than the turn has left, and passes
/// by unkept where that isn't enough. The room that it lacked is then *wanted*: it is made in the
/// turns that follow, a piece in each, and kept free for a while, so that the next copy finds it.
/// What must be kept (a write) evicts as much as it needs, and what it needed is wanted too. A
/// large write that a client sends waits with that for a while, until the room that it wants is
/// made.
struct EvictionPace {
    /// Entries evicted in one turn for copies, or ahead of need: some 0.6 ms.
    static let turnMax = 1_000
    /// Entries that any copy may evict, whatever the turn has seen: less work than the copy itself.
    static let copyMin = 8
    /// From this size on a stored value says that others as large may come.
    static let largeBytesMin = CacheMemory.pageBytes
    /// Milliseconds for which room is kept free after the last that wanted it.
    static let wantedMilliseconds: Int64 = 10_000

    /// Somebody will say `onTurnEnd`.
    var isTurnEndAwaited = false
    /// Entries evicted in this turn.
    private(set) var evictedCount = 0
    private var wantedBytes = 0
    private var wantedUntilMilliseconds: Int64 = 0

    /// Whether a copy for which `count` entries were evicted may evict one more.
    func mayEvict(after count: Int) -> Bool { count < Self.copyMin || evictedCount < Self.turnMax }

    mutating func onEvicted() { evictedCount += 1 }

    /// A copy of `bytes` was not kept, because the turn has no more time. Room for it is wanted;
    /// for it and others together up to `sharedMax`.
    mutating func onDeclined(_ bytes: Int, sharedMax: Int, now: Int64) {
        wantedBytes = max(wanted(now), Self.room(for: bytes), min(wanted(now) + bytes, sharedMax))
        wantedUntilMilliseconds = now + Self.wantedMilliseconds
    }

    /// Something of `bytes` waits until there is room for it.
    mutating func onWaiting(_ bytes: Int, now: Int64) {
        wantedBytes = max(wanted(now), Self.room(for: bytes))
        wantedUntilMilliseconds = now + Self.wantedMilliseconds
    }

    /// Bytes that are to be free when a value comes that takes `bytes` outside the pages: its entry
    /// may need a page.
    static func room(for bytes: Int) -> Int { bytes + CacheMemory.pageBytes }

    /// Something of `bytes` was stored, for which `count` entries were evicted: if it is large, it
    /// has had its share of the wanted room, and the next may come, of up to `sharedMax`.
    mutating func onStored(_ bytes: Int, evicting count: Int, sharedMax: Int, now: Int64) {
        let wanted = wanted(now)
        guard bytes >= Self.largeBytesMin, wanted > 0 || count > Self.copyMin else { return }
        wantedBytes = max(wanted - bytes, min(bytes, sharedMax))
        wantedUntilMilliseconds = now + Self.wantedMilliseconds
    }

    mutating func onTurnEnd() {
        isTurnEndAwaited = false
        evictedCount = 0
    }

    /// Nothing can be evicted.
    mutating func giveUp() { wantedBytes = 0 }

    /// Whether any room was wanted lately; a look at the time may say that it no longer is.
    var wantsRoom: Bool { wantedBytes > 0 }

    /// Bytes that are to be free.
    func wanted(_ now: Int64) -> Int { now < wantedUntilMilliseconds ? wantedBytes : 0 }
}
