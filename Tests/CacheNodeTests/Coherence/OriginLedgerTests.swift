import Testing

@testable import CacheNode

@Suite struct OriginLedgerTests {
    @Test func theOriginsThatWereSilentLongestAreForgottenAndCounted() {
        var ledger = OriginLedger()
        for origin in 1...UInt64(OriginLedger.originsMax) {
            ledger.onDecided(origin: origin, sequence: 1)
        }
        #expect(ledger.forgottenCount == 0)
        ledger.onDecided(origin: 1, sequence: 2)
        ledger.onDecided(origin: .max, sequence: 1)
        #expect(ledger.forgottenCount > 0)
        #expect(ledger.isRepeat(origin: 1, sequence: 2))
        #expect(!ledger.isRepeat(origin: 2, sequence: 1))
        #expect(ledger.isRepeat(origin: .max, sequence: 1))
    }
}
