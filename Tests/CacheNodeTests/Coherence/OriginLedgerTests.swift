import Testing

@testable import CacheNode

/// `#expect` takes copies, of which a ledger has none: behind a pointer it can be asked.
private final class Ledger {
    private var ledger = OriginLedger()

    var forgottenCount: UInt64 { ledger.forgottenCount }

    func isRepeat(origin: UInt64, sequence: UInt64) -> Bool {
        ledger.isRepeat(origin: origin, sequence: sequence)
    }

    func refusal(origin: UInt64, sequence: UInt64) -> OriginLedger.Refusal? {
        ledger.refusal(origin: origin, sequence: sequence)
    }

    func onDecided(origin: UInt64, sequence: UInt64) {
        ledger.onDecided(origin: origin, sequence: sequence)
    }

    func onRefused(origin: UInt64, _ refusal: OriginLedger.Refusal) {
        ledger.onRefused(origin: origin, refusal)
    }
}

@Suite struct OriginLedgerTests {
    @Test func theOriginsThatWereSilentLongestAreForgottenAndCounted() {
        let ledger = Ledger()
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

    @Test func whatIsRememberedStaysThatOfItsOrigin() {
        let ledger = Ledger()
        let origins = (1...UInt64(OriginLedger.originsMax + 1)).map { $0 &* 0x9E37_79B9_7F4A_7C15 }
        for (index, origin) in origins.enumerated() {
            let sequence = UInt64(index + 1)
            if index % 1000 == 999 {
                ledger.onRefused(
                    origin: origin,
                    OriginLedger.Refusal(sequence: sequence, status: 412, version: .none))
            } else {
                ledger.onDecided(origin: origin, sequence: sequence)
            }
        }
        #expect(ledger.forgottenCount > 0)
        for index in Int(ledger.forgottenCount)..<origins.count {
            let sequence = UInt64(index + 1)
            guard ledger.isRepeat(origin: origins[index], sequence: sequence),
                !ledger.isRepeat(origin: origins[index], sequence: sequence + 1),
                (ledger.refusal(origin: origins[index], sequence: sequence) != nil)
                    == (index % 1000 == 999)
            else { return #expect(Bool(false), "origin \(index)") }
        }
    }
}
