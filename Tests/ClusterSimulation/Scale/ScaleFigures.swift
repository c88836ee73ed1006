/// Which leaves hold a key while it is written.
package enum ScaleShare: CaseIterable, Sendable {
    /// Every key is written once, at a leaf that never asked for it.
    case nobody
    case twoLeaves
    case onePercent
    case tenPercent
    case everyLeaf

    package var name: String {
        switch self {
        case .nobody: "nobody"
        case .twoLeaves: "2 leaves"
        case .onePercent: "1 %"
        case .tenPercent: "10 %"
        case .everyLeaf: "100 %"
        }
    }

    /// Leaves that hold each key; 2 at least, so that there is somebody to tell.
    func holderCount(ofLeaves leafCount: Int) -> Int {
        switch self {
        case .nobody: 0
        case .twoLeaves: 2
        case .onePercent: max(2, leafCount / 100)
        case .tenPercent: max(2, leafCount / 10)
        case .everyLeaf: leafCount
        }
    }
}

/// What some requests of one kind cost.
package struct RequestFigures: Sendable {
    package var count = 0
    package var framesReceived = 0
    package var framesSent = 0
    package var bytesReceived = 0
    package var bytesSent = 0
    /// Of these frames, what the root pushed to children, and what it told writers' sides.
    package var rootPushes = 0
    package var rootCommits = 0
    /// Pushes that all nodes sent.
    package var pushes = 0
    /// Microseconds: of a read until its answer, of a write until it is everywhere.
    package var times: [UInt64] = []

    package init() {}

    /// By the nearest rank: so many per cent of the times are at most this. 0 without any.
    package func time(percent: Int) -> UInt64 {
        guard !times.isEmpty else { return 0 }
        let rank = (times.count * percent + 99) / 100
        return times.sorted()[max(1, rank) - 1]
    }
}

/// What was measured with one share of holders.
package struct ShareFigures: Sendable {
    package let share: ScaleShare
    /// Leaves that hold each key.
    package var holderCount = 0
    /// Nodes that hold each key on average, the root and those on the way included.
    package var copyCount = 0.0
    package var writes = RequestFigures()
    /// Reads at leaves that don't hold the key.
    package var misses = RequestFigures()
    /// Reads at leaves that do.
    package var hits = RequestFigures()
}

/// What reaches and leaves the root in a second in which nobody asks anything.
package struct IdleFigures: Sendable {
    package var registrations = 0
    package var httpBytesReceived = 0
    package var httpBytesSent = 0
    package var framesReceived = 0
    package var framesSent = 0
}

/// What was measured of one tree.
package struct ScaleFigures: Sendable {
    package let plan: ScalePlan
    package var idle = IdleFigures()
    package var shares: [ShareFigures] = []
    /// What the simulation itself took.
    package var eventCount = 0
    package var virtualMilliseconds: UInt64 = 0
    package var cpuSeconds = 0.0
    package var residentBytes = 0
}
