import Testing

@testable import CacheNode

/// Whole trees, in histories drawn from seeds.
@Suite struct CoherenceModelTests {
    private static let seedsPerTest = scaled(debug: 10, release: 100)

    @Test(arguments: 0..<30) func noHistoryBreaksAPromise(part: Int) {
        for index in 1...Self.seedsPerTest {
            let setup = ModelSetup(seed: UInt64(part * Self.seedsPerTest + index))
            let problems = CoherenceModel(setup).run()
            if !problems.isEmpty { Issue.record("seed \(setup.seed): \(problems)") }
        }
    }

    @Test func theSameSeedHasTheSameHistory() {
        let fingerprints = (0..<2).map { _ in
            let model = CoherenceModel(ModelSetup(seed: 5))
            _ = model.run()
            return model.world.fingerprint
        }
        #expect(fingerprints[0] == fingerprints[1])
    }
}

#if CANOPY_MUTATIONS
    /// Only for itself: `swift test -Xswiftc -DCANOPY_MUTATIONS --filter LinkRuleTests`.
    @Suite(.serialized) struct LinkRuleTests {
        @Test(arguments: Rule.allCases) func noRuleCanBeTakenAway(rule: Rule) {
            Rule.removed = rule
            defer { Rule.removed = nil }
            let isNoticed = (1...1000).contains {
                !CoherenceModel(ModelSetup(seed: UInt64($0))).run().isEmpty
            }
            #expect(isNoticed)
        }
    }
#endif
