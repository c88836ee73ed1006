/// How old what this node holds can be, without comparing two clocks: everything verified in a
/// session reflects all that the root had committed at the session's basis, a time of this node's
/// own clock (`docs/link.md`, "Freshness").
///
/// Sessions are numbered 0…255, and the numbers come round: what is remembered of one lasts until
/// its number is given again.
struct Freshness {
    /// The age that means "no bound": the parent follows nobody.
    static let unbounded = UInt32.max

    /// What is known of how fresh a session's copies are.
    enum Basis: Equatable {
        /// The parent hasn't said yet.
        case unknown
        /// Nothing bounds it.
        case unbounded
        /// They reflect what the root had committed at this time, which may lie before the clock's
        /// beginning: then it is negative.
        case at(Int64)
    }

    private struct Session {
        var basis = Basis.unknown
        var epoch: UInt32 = 0
    }

    private var sessions = [Session](repeating: Session(), count: 256)
    /// The session of what is verified now.
    private(set) var current: UInt8 = 0
    /// The epoch of that session.
    private(set) var currentEpoch: UInt32 = 0

    /// A new session: what was verified before is not any more.
    mutating func begin(epoch: UInt32) {
        current &+= 1
        sessions[Int(current)] = Session(epoch: epoch)
        currentEpoch = epoch
    }

    /// The session goes on under another epoch, as a root's first session does.
    mutating func setEpoch(_ epoch: UInt32) {
        sessions[Int(current)].epoch = epoch
        currentEpoch = epoch
    }

    /// Another mode: what was told of the sessions so far doesn't bound the age of their copies.
    mutating func forgetBases() {
        for session in sessions.indices { sessions[session].basis = .unknown }
    }

    func epoch(of session: UInt8) -> UInt32 { sessions[Int(session)].epoch }

    /// The parent said that it was `ageMilliseconds` behind the root, in answer to a question sent
    /// at `sentMilliseconds`.
    mutating func onAge(_ ageMilliseconds: UInt32, sentMilliseconds: Int64) {
        guard ageMilliseconds != Self.unbounded else {
            return sessions[Int(current)].basis = .unbounded
        }
        var basis = sentMilliseconds - Int64(ageMilliseconds)
        if case .at(let earlier) = sessions[Int(current)].basis { basis = max(basis, earlier) }
        sessions[Int(current)].basis = .at(basis)
    }

    func basis(of session: UInt8) -> Basis { sessions[Int(session)].basis }

    /// The age, in milliseconds, of what `session` verified; nil if nothing bounds it.
    func age(of session: UInt8, nowMilliseconds: Int64) -> UInt32? {
        Self.age(since: sessions[Int(session)].basis, nowMilliseconds)
    }

    static func age(since basis: Basis, _ nowMilliseconds: Int64) -> UInt32? {
        switch basis {
        case .unknown: unbounded - 1
        case .unbounded: nil
        case .at(let basis): age(since: basis, nowMilliseconds)
        }
    }

    /// Milliseconds from `basis` to now, as many as a frame can say: rounded up, because the clock
    /// rounds down.
    static func age(since basis: Int64, _ nowMilliseconds: Int64) -> UInt32 {
        UInt32(min(max(0, nowMilliseconds - basis + 1), Int64(unbounded - 1)))
    }
}
