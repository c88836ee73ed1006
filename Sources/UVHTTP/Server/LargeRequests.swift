/// Which large requests are answered in a turn of the loop. To keep a value of a megabyte, and to
/// make room for it, takes as long as thousands of small ones.
struct LargeRequests {
    /// A request whose body has more bytes is a large one.
    static let bytesMin = 64 * 1024
    /// Milliseconds after which the one that is first in waiting for room is answered without.
    static let roomMillisecondsMax: UInt64 = 50

    /// Bytes of those that were answered in this turn.
    private(set) var bytesTaken = 0
    /// Who has been found without room first, of those that are waiting for it.
    private weak var first: ServerConnection?
    private var firstSince: UInt64 = 0

    mutating func onTaken(_ byteCount: Int) { bytesTaken += byteCount }

    mutating func onTurn() { bytesTaken = 0 }

    /// The service has no room for the request of a connection yet. Whether it has waited enough.
    mutating func isOverdue(_ connection: ServerConnection, now: UInt64) -> Bool {
        guard let first, !first.isClosed else {
            self.first = connection
            firstSince = now
            return false
        }
        return first === connection && now >= firstSince + Self.roomMillisecondsMax
    }

    /// A connection waits no more.
    mutating func onReady(_ connection: ServerConnection) {
        if first === connection { first = nil }
    }
}
