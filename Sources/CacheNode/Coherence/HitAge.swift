/// What a hit says of its age, in milliseconds; `none` where there is nothing to say.
struct HitAge: Equatable {
    static var none: Int64 { .min }
    /// What the root holds is what the root says.
    static let ofTheRoot = HitAge(ageMilliseconds: 0, freshMilliseconds: none)

    /// How long ago what is held was the root's, at most.
    let ageMilliseconds: Int64
    /// How long it may still be served as it is.
    let freshMilliseconds: Int64
}

/// The age that hits share while the clock shows the same millisecond: all those verified in one
/// session, but for mode `ttl` and for writes that aren't committed yet, which have ages of their
/// own.
struct SharedHitAge {
    private var milliseconds: UInt64 = .max
    private var state: UInt32 = 0
    private var age = HitAge.ofTheRoot

    private static var stateMask: UInt32 {
        0xFF &<< EntryState.sessionShift | EntryState.uncommitted
    }

    @inline(__always)
    func age(of state: EntryState, nowMilliseconds: UInt64) -> HitAge? {
        milliseconds == nowMilliseconds && state.bits & Self.stateMask == self.state ? age : nil
    }

    mutating func remember(_ age: HitAge, of state: EntryState, nowMilliseconds: UInt64) {
        guard !state.isUncommitted else { return }
        milliseconds = nowMilliseconds
        self.state = state.bits & Self.stateMask
        self.age = age
    }
}

extension Keyspace {
    /// What to say of the age of an entry that is a hit; `now` is that of the loop's clock.
    @inline(__always)
    func hitAge(of entry: EntryReference, nowMilliseconds now: UInt64) -> HitAge {
        if isRoot { return .ofTheRoot }
        let state = cache.pointee.state(of: entry)
        return sharedHitAge.age(of: state, nowMilliseconds: now) ?? findHitAge(entry, state, now)
    }

    @inline(never)
    private func findHitAge(
        _ entry: EntryReference, _ state: EntryState, _ now: UInt64
    ) -> HitAge {
        let age = age(of: entry)
        let found = HitAge(
            ageMilliseconds: age.map { Int64($0) } ?? HitAge.none,
            freshMilliseconds: freshMilliseconds(age) ?? HitAge.none)
        if policy.mode != .ttl { sharedHitAge.remember(found, of: state, nowMilliseconds: now) }
        return found
    }

    /// The version of an entry that is a hit.
    @inline(__always)
    func hitVersion(of entry: EntryReference) -> Version {
        let sequence = cache.pointee.version(of: entry)
        guard !cache.pointee.isUncommitted(entry), sequence != 0 else { return .none }
        return Version(epoch: freshness.currentEpoch, sequence: sequence)
    }
}
