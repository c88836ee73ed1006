/// Who has a place at the server. There are places for everybody, and last places, kept for what
/// the cluster can't do without: so that nodes and their operators are heard when clients have
/// taken all others.
struct ServerPlaces {
    /// Milliseconds without a taker of a last place after which the server isn't full any more.
    private static let calmMilliseconds: UInt64 = 10_000

    private let usualMax: Int
    private let lastMax: Int
    private var usualCount = 0
    /// Those who have a last place, the longest there first.
    private var lastTakers: [ServerConnection] = []
    /// When somebody last had to take a last place; nil once that has been long ago.
    private var fullAt: UInt64?

    init(_ limits: HTTPLimits) {
        usualMax = max(1, limits.connectionsMax)
        lastMax = max(1, limits.lastPlacesMax)
    }

    /// Whoever comes must take a last place.
    var isFull: Bool { usualCount >= usualMax }

    /// Seven eighths of the usual places are taken.
    var areScarce: Bool { usualCount >= usualMax - usualMax / 8 }

    /// Returns whether that is news.
    mutating func onFull(now: UInt64) -> Bool {
        defer { fullAt = now }
        return fullAt == nil
    }

    /// Returns whether it is news that nobody has taken a last place for a while.
    mutating func isCalm(now: UInt64) -> Bool {
        guard let since = fullAt, now >= since + Self.calmMilliseconds else { return false }
        fullAt = nil
        return true
    }

    /// Returns who must leave for the one who came.
    mutating func onCame(_ connection: ServerConnection) -> ServerConnection? {
        guard connection.hasLastPlace else {
            usualCount += 1
            return nil
        }
        lastTakers.append(connection)
        return lastTakers.count > lastMax ? lastTakers.removeFirst() : nil
    }

    mutating func onLeft(_ connection: ServerConnection) {
        if connection.hasLastPlace {
            lastTakers.removeAll { $0 === connection }
        } else {
            usualCount -= 1
        }
    }
}
