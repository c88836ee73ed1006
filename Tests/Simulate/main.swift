import CacheNode
import ClusterSimulation

import Glibc
func say(_ line: String) {
    var line = line + "\n"
    line.withUTF8 { _ = write(1, $0.baseAddress, $0.count) }
}
let a = CommandLine.arguments
let from = UInt64(a[1])!, to = UInt64(a[2])!
let story = a.count > 3 ? Story { say($0) } : Story()
var events = 0
var virtual: UInt64 = 0
var bad = 0, reads = 0, writes = 0
for seed in from..<to {
    let outcome = ClusterRun.outcome(of: ClusterPlan(seed: seed, mode: CoherenceMode.none), story)
    events += outcome.eventCount
    reads += outcome.readCount
    writes += outcome.writeCount
    virtual += outcome.virtualMicroseconds
    if !outcome.violations.isEmpty {
        bad += 1
        print("seed \(seed):", outcome.violations.first!)
    }
}
print("events", events, "virtual s", virtual / 1_000_000, "bad", bad, "reads", reads, "writes", writes)
