/// Numbers from a seed (SplitMix64): the same seed gives the same numbers on every machine.
public struct SimRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    @inline(__always)
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    /// A number from 0 up to and without `bound`, which is 1 or more.
    @inline(__always)
    public mutating func below(_ bound: Int) -> Int {
        Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(bound)).high)
    }

    @inline(__always)
    public mutating func within(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + below(range.upperBound - range.lowerBound + 1)
    }

    @inline(__always)
    public mutating func within(_ range: ClosedRange<UInt64>) -> UInt64 {
        let width = range.upperBound - range.lowerBound + 1
        return range.lowerBound + next().multipliedFullWidth(by: width).high
    }

    /// True once in `count` times (1 or more) on average.
    @inline(__always)
    public mutating func oneIn(_ count: Int) -> Bool { below(count) == 0 }

    /// One of the elements of an array that isn't empty.
    public mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[below(elements.count)]
    }

    /// Brings the elements into any order (Fisher and Yates).
    public mutating func shuffle<Element>(_ elements: inout [Element]) {
        var remaining = elements.count
        while remaining > 1 {
            let chosen = below(remaining)
            remaining -= 1
            if chosen != remaining { elements.swapAt(chosen, remaining) }
        }
    }
}
