// hitratio [REQUESTS]: one line of JSON for each trace, with the hit ratio of each policy. Each has
// room for the same number of entries, the one that the production cache finds in its bytes.

let requests = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 2_000_000
// Few entries, so that the requests are many times what the cache holds: while a cache fills and
// its hand goes round for the first time, SIEVE and LFU are the same.
let bytesMax = 1 << 20
let capacity = try ProductionCache.capacity(bytesMax: bytesMax)
let keys = 10 * capacity

/// As JSON writes it, to four places.
func ratioText(_ ratio: Double) -> String {
    let places = String(Int((ratio * 10_000).rounded()))
    return places == "10000" ? "1" : "0." + String(repeating: "0", count: 4 - places.count) + places
}

func report(_ trace: Trace) throws {
    var sieve = try ProductionCache(bytesMax: bytesMax)
    var lru = LRU(capacity: capacity, keys: trace.keys)
    var lfu = LFU(capacity: capacity, keys: trace.keys)
    var belady = Belady(capacity: capacity, keys: trace.keys, trace: trace.requests)
    let ratios = [
        ("sieve", sieve.hitRatio(of: trace.requests)), ("lru", lru.hitRatio(of: trace.requests)),
        ("lfu", lfu.hitRatio(of: trace.requests)), ("belady", belady.hitRatio(of: trace.requests)),
    ]
    let exponent = trace.exponent.map { Traces.tenths($0) } ?? "null"
    let figures = ratios.map { "\"\($0.0)\": \(ratioText($0.1))" }.joined(separator: ", ")
    print(
        "{\"trace\": \"\(trace.name)\", \"exponent\": \(exponent), \"capacity\": \(capacity),",
        "\"requests\": \(trace.requests.count), \(figures)}")
}

for exponent in Traces.zipfExponents {
    try report(Traces.zipf(exponent, keys: keys, requests: requests))
}
try report(Traces.scans(capacity: capacity, keys: keys, requests: requests))
try report(Traces.loop(capacity: capacity, requests: requests))
try report(Traces.loopBeside(capacity: capacity, keys: keys, requests: requests))
try report(Traces.mix(capacity: capacity, keys: keys, requests: requests))
