/// Varies pauses, so that the children of a parent don't all come back at once. Its numbers come
/// from a seed (SplitMix64): a run can be replayed.
struct Jitter {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// Three quarters to five quarters of `pause`.
    mutating func vary(_ pause: UInt64) -> UInt64 {
        pause * 3 / 4 + next() % (pause / 2 + 1)
    }

    private mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
