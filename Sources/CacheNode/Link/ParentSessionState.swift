/// What a child does about its session with the parent: which phase it is in, when to ask how fresh
/// the parent is, whose answer is whose, and when the parent is taken for gone.
struct ParentSessionState {
    /// Milliseconds from looking up the parent's name to its answer; one address may take
    /// `connectMilliseconds` of them to take the connection.
    static let dialMilliseconds: UInt64 = 1_000
    static let connectMilliseconds: UInt64 = 500
    /// Milliseconds from HELLO to WELCOME.
    static let welcomeMilliseconds: UInt64 = 1_000
    /// Milliseconds without a byte after which a parent is taken for gone.
    static let silenceMilliseconds: UInt64 = 1_000
    /// Milliseconds by which a timer is late when this node has stood still.
    static let standstillMilliseconds: UInt64 = 500
    /// Milliseconds between two RENEWs.
    static let renewMilliseconds: ClosedRange<UInt64> = 20...250
    /// RENEWs without an answer; past it none is sent until one is answered.
    static let renewalsMax = 64

    enum Phase: Equatable {
        case dialing
        /// HELLO was sent at this time.
        case greeting(UInt64)
        case attached
        case ended
    }

    private(set) var phase = Phase.dialing
    private var heardMilliseconds: UInt64 = 0
    /// When the RENEWs without an answer were sent, each at its token modulo the count.
    private var renewals = [UInt64](repeating: 0, count: renewalsMax)
    /// Tokens count from 0 and may wrap around. What is outstanding is `firstToken..<nextToken`.
    private var firstToken: UInt32 = 0
    private var nextToken: UInt32 = 0

    /// The parent has switched, and HELLO goes out now.
    mutating func onSwitched(now: UInt64) {
        heardMilliseconds = now
        if phase == .dialing { phase = .greeting(now) }
    }

    @inline(__always)
    mutating func onHeard(now: UInt64) { heardMilliseconds = now }

    /// A timer that was due at `dueMilliseconds` is called. When it is late, it was this node that
    /// stood still: the silence counts from now.
    mutating func onTimer(now: UInt64, dueMilliseconds: UInt64) {
        if now >= dueMilliseconds + Self.standstillMilliseconds { heardMilliseconds = now }
    }

    /// WELCOME has come; gives when its HELLO was sent.
    mutating func onWelcome() -> UInt64? {
        guard case .greeting(let helloMilliseconds) = phase else { return nil }
        phase = .attached
        return helloMilliseconds
    }

    /// Milliseconds between two RENEWs where answers may be as old as this: a quarter of it
    /// (`docs/link.md`, Freshness).
    static func renewMilliseconds(maxStalenessMilliseconds: UInt32) -> UInt64 {
        let quarter = UInt64(maxStalenessMilliseconds) / 4
        return min(max(quarter, renewMilliseconds.lowerBound), renewMilliseconds.upperBound)
    }

    /// The token of a RENEW that goes out now; nil when too many wait for their answers.
    mutating func renew(now: UInt64) -> UInt32? {
        guard phase == .attached, nextToken &- firstToken < Self.renewalsMax else { return nil }
        let token = nextToken
        renewals[Int(token) % Self.renewalsMax] = now
        nextToken &+= 1
        return token
    }

    /// When the RENEW of this token was sent; nil if none is outstanding. Those sent before it will
    /// not be answered any more: the stream is ordered.
    mutating func onFresh(_ token: UInt32) -> UInt64? {
        guard token &- firstToken < nextToken &- firstToken else { return nil }
        firstToken = token &+ 1
        return renewals[Int(token) % Self.renewalsMax]
    }

    /// Milliseconds from `now` to the next look at the time; 0 when the parent's time is up; nil
    /// when nothing is awaited from it on a link.
    func patience(now: UInt64) -> UInt64? {
        switch phase {
        case .greeting(let helloMilliseconds):
            Self.left(of: Self.welcomeMilliseconds, since: helloMilliseconds, now: now)
        case .attached: Self.left(of: Self.silenceMilliseconds, since: heardMilliseconds, now: now)
        case .dialing, .ended: nil
        }
    }

    /// The link is over; gives what that means. Nil when it was over already.
    mutating func onEnded(_ reason: String) -> ParentDialEvent? {
        defer { phase = .ended }
        switch phase {
        case .dialing, .greeting: return .failed(reason)
        case .attached: return .ended(reason)
        case .ended: return nil
        }
    }

    private static func left(of span: UInt64, since start: UInt64, now: UInt64) -> UInt64 {
        span - min(now - min(now, start), span)
    }
}
