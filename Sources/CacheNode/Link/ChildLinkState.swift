/// What a node makes of a child's silence, and of the end of its link.
struct ChildLinkState {
    /// Milliseconds until HELLO must be there.
    static let helloMilliseconds: UInt64 = 5_000
    /// Milliseconds without a byte after which a child is taken for gone: twelve times what a child
    /// lets pass between two RENEWs.
    static let silenceMilliseconds: UInt64 = 3_000
    /// Milliseconds by which a timer is late when this node has stood still.
    static let standstillMilliseconds: UInt64 = 500

    private enum Phase: Equatable {
        case awaitingHello(until: UInt64)
        case attached(ChildID)
        case ended
    }

    private var phase: Phase
    private var heardMilliseconds: UInt64

    init(now: UInt64) {
        phase = .awaitingHello(until: now + Self.helloMilliseconds)
        heardMilliseconds = now
    }

    /// The child, if it has said HELLO and its session lasts.
    @inline(__always)
    var child: ChildID? {
        if case .attached(let child) = phase { child } else { nil }
    }

    @inline(__always)
    mutating func onHeard(now: UInt64) { heardMilliseconds = now }

    /// A timer that was due at `dueMilliseconds` is called. When it is late, it was this node that
    /// stood still: the silence counts from now.
    mutating func onTimer(now: UInt64, dueMilliseconds: UInt64) {
        if now >= dueMilliseconds + Self.standstillMilliseconds { heardMilliseconds = now }
    }

    mutating func onAttached(_ child: ChildID) {
        if phase != .ended { phase = .attached(child) }
    }

    /// The keyspace itself ends the session, perhaps while it is being told of the child.
    mutating func onClosedByKeyspace() { phase = .ended }

    /// The link is over; gives the child that the keyspace must hear about.
    mutating func onEnded() -> ChildID? {
        defer { phase = .ended }
        return child
    }

    /// Milliseconds from `now` to the next look at the time; 0 when the child's time is up; nil
    /// when nothing is awaited any more.
    func patience(now: UInt64) -> UInt64? {
        switch phase {
        case .awaitingHello(let until): until - min(now, until)
        case .attached:
            Self.silenceMilliseconds - min(now - heardMilliseconds, Self.silenceMilliseconds)
        case .ended: nil
        }
    }
}
