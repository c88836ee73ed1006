import ZooKeeper

/// Who lives, as the ephemeral znodes say it: the root's copy of them.
struct LiveMirror {
    enum Presence: Equatable {
        case live(RegistryRecord)
        /// Its znode went then, on the root's monotonic clock.
        case gone(sinceMilliseconds: UInt64)
    }

    private var presences: [String: Presence] = [:]

    /// The presence of a node by its canonical name; nil for one that never had a znode.
    subscript(name: String) -> Presence? { presences[name] }

    /// All znodes were read.
    mutating func onRead(_ records: [RegistryRecord], now: UInt64) {
        let live = Set(records.map(\.name))
        for (name, presence) in presences where !live.contains(name) {
            if case .live = presence { presences[name] = .gone(sinceMilliseconds: now) }
        }
        for record in records { presences[record.name] = .live(record) }
    }

    /// One of them was read again; nil when it is gone. True if that is news.
    @discardableResult
    mutating func onNode(_ name: String, _ record: RegistryRecord?, now: UInt64) -> Bool {
        let old = presences[name]
        if let record {
            presences[name] = .live(record)
            return old != .live(record)
        }
        guard case .live = old else { return false }
        presences[name] = .gone(sinceMilliseconds: now)
        return true
    }
}
