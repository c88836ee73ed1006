import Glibc

/// Requests by the numbers of their keys, made from a seed.
struct Trace {
    let name: String
    /// What the plot puts it under: "zipf" with its exponent, or "other".
    let exponent: Double?
    let keys: Int
    let requests: [Int32]
}

/// SplitMix64: the same numbers on every machine.
struct Random: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// From 0 up to, but not including, 1.
    mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }
}

/// Draws ranks, from 0, so that rank r comes with a probability in proportion to 1 / (r + 1)^s.
struct Zipf {
    private let cumulative: [Double]

    init(exponent: Double, keys: Int) {
        var sum = 0.0
        cumulative = (1...keys).map { rank in
            sum += pow(Double(rank), -exponent)
            return sum
        }
    }

    func draw(_ random: inout Random) -> Int {
        let target = random.unit() * (cumulative.last ?? 0)
        var (low, high) = (0, cumulative.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if cumulative[middle] < target { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

enum Traces {
    static let zipfExponents = stride(from: 0.6, through: 1.201, by: 0.1)

    static func zipf(_ exponent: Double, keys: Int, requests: Int) -> Trace {
        let zipf = Zipf(exponent: exponent, keys: keys)
        var random = Random(seed: 1)
        return Trace(
            name: "Zipf \(tenths(exponent))", exponent: exponent, keys: keys,
            requests: (0..<requests).map { _ in Int32(zipf.draw(&random)) })
    }

    /// Zipf 0.9, and every so often a scan: keys that nobody asks for again, as many as the cache
    /// holds.
    static func scans(capacity: Int, keys: Int, requests: Int) -> Trace {
        let zipf = Zipf(exponent: 0.9, keys: keys)
        var random = Random(seed: 2)
        var list: [Int32] = []
        var fresh = keys
        while list.count < requests {
            for _ in 0..<4 * capacity { list.append(Int32(zipf.draw(&random))) }
            for _ in 0..<capacity {
                list.append(Int32(fresh))
                fresh += 1
            }
        }
        return Trace(name: "Zipf 0.9 with scans", exponent: nil, keys: fresh, requests: list)
    }

    /// The same keys round and round, half as many again as the cache holds.
    static func loop(capacity: Int, requests: Int) -> Trace {
        let keys = capacity + capacity / 2
        return Trace(
            name: "a loop over 1.5 times the capacity", exponent: nil, keys: keys,
            requests: (0..<requests).map { Int32($0 % keys) })
    }

    /// Zipf 0.9 and beside it, one request in three, such a loop.
    static func loopBeside(capacity: Int, keys: Int, requests: Int) -> Trace {
        let zipf = Zipf(exponent: 0.9, keys: keys)
        var random = Random(seed: 3)
        let looped = capacity + capacity / 2
        var position = 0
        return Trace(
            name: "Zipf 0.9 beside a loop", exponent: nil, keys: keys + looped,
            requests: (0..<requests).map { _ in
                guard random.next() % 3 == 0 else { return Int32(zipf.draw(&random)) }
                position += 1
                return Int32(keys + position % looped)
            })
    }

    /// What applications do, mixed: popular keys (Zipf 1.0), one of which becomes less popular, and
    /// another more, every thousand requests; one request in eight for a new key, one in six for
    /// one of the last 500 new ones; and now and then a scan of half the capacity.
    static func mix(capacity: Int, keys: Int, requests: Int) -> Trace {
        let zipf = Zipf(exponent: 1.0, keys: keys)
        var random = Random(seed: 4)
        var placed = (0..<keys).map { Int32($0) }
        var fresh = keys
        var recent: [Int32] = []
        var list: [Int32] = []
        while list.count < requests {
            if Int.random(in: 0..<4 * capacity, using: &random) == 0 {
                list += scan(of: capacity / 2, &fresh)
            }
            switch random.next() % 1000 {
            case 0..<120:
                list.append(Int32(fresh))
                recent.append(Int32(fresh))
                fresh += 1
            case 120..<300 where !recent.isEmpty:
                let from = max(0, recent.count - 500)
                list.append(recent[Int.random(in: from..<recent.count, using: &random)])
            default: list.append(placed[zipf.draw(&random)])
            }
            if list.count % 1000 == 0 {
                placed.swapAt(
                    Int.random(in: 0..<keys, using: &random),
                    Int.random(in: 0..<keys / 100, using: &random))
            }
        }
        return Trace(
            name: "a mix of shifting, short-lived and scanned keys", exponent: nil, keys: fresh,
            requests: list)
    }

    private static func scan(of count: Int, _ fresh: inout Int) -> [Int32] {
        defer { fresh += count }
        return (fresh..<fresh + count).map { Int32($0) }
    }

    static func tenths(_ number: Double) -> String {
        let tenths = Int((number * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
