import CacheNode
import ClusterSimulation
import Testing

/// A few of the histories that `simulate` lives through by the thousand.
@Suite struct SimClusterTests {
    @Test(arguments: CoherenceMode.allCases) func nothingIsViolated(mode: CoherenceMode) {
        for seed in 0..<8 as Range<UInt64> {
            let outcome = ClusterRun.outcome(of: ClusterPlan(seed: seed, mode: mode))
            for violation in outcome.violations {
                Issue.record(
                    "simulate --seed \(seed) --mode \(mode.rawValue) --verbose: \(violation)")
            }
            #expect(outcome.readCount > 0)
        }
    }

    @Test func aSeedReplaysExactly() {
        for seed in 100..<104 as Range<UInt64> {
            let plan = ClusterPlan(seed: seed)
            let first = ClusterRun.outcome(of: plan)
            let second = ClusterRun.outcome(of: plan)
            #expect(first.fingerprint == second.fingerprint)
            #expect(first.readCount == second.readCount)
        }
    }
}
