/// The keys that have been asked for upstream and not been answered, and who waits for each:
/// concurrent misses of a key are one request (request collapsing, RFC 9211 §2.6; "single flight"
/// in groupcache).
struct Fills<Waiter> {
    /// Names one request upstream.
    struct ID: Hashable {
        fileprivate let number: UInt64
    }

    private struct Fill {
        let key: [UInt8]
        var waiters: [Waiter]
        var isSuperseded = false
    }

    private var fills: [ID: Fill] = [:]
    /// The request that a new reader of a key may join.
    private var joinable: [[UInt8]: ID] = [:]
    private var lastNumber: UInt64 = 0

    /// Requests under way.
    var count: Int { fills.count }

    /// Adds a waiter; the request's name when it is the first, who must ask, nil when it joined an
    /// earlier one.
    mutating func join(_ key: [UInt8], _ waiter: Waiter) -> ID? {
        if let id = joinable[key] {
            fills[id]?.waiters.append(waiter)
            return nil
        }
        lastNumber += 1
        let id = ID(number: lastNumber)
        joinable[key] = id
        fills[id] = Fill(key: key, waiters: [waiter])
        return id
    }

    /// The key was written here while it was being asked for: the answer, when it comes, may be
    /// older than the write. It is not to be stored, and who reads from now on asks anew.
    mutating func supersede(_ key: [UInt8]) {
        guard let id = joinable.removeValue(forKey: key) else { return }
        fills[id]?.isSuperseded = true
    }

    /// The answer came: hands out who waited, and whether the answer may be stored.
    mutating func finish(_ id: ID) -> (waiters: [Waiter], mayStore: Bool) {
        guard let fill = fills.removeValue(forKey: id) else { return ([], false) }
        if !fill.isSuperseded { joinable.removeValue(forKey: fill.key) }
        return (fill.waiters, !fill.isSuperseded)
    }
}
