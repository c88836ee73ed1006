/// Which writes of each node the root has decided: each one is committed once, however often and by
/// however many ways it arrives (rule 9).
///
/// The writes of an origin arrive in order on every way, and from the oldest that it has no answer
/// to: so the last number says it all, but for the writes that were refused.
struct OriginLedger {
    /// Origins remembered, and refusals of all of them; past either those that were silent longest
    /// are forgotten.
    static let originsMax = 65_536
    static let refusalsMax = 1 << 20
    /// Refusals remembered of each origin: more than a node's conditional writes under way.
    static let originRefusalsMax = 256

    struct Refusal {
        let sequence: UInt64
        let status: UInt16
        let version: Version
    }

    private struct Record {
        var last: UInt64
        var lastUse: UInt64
        var refusals: [Refusal] = []

        mutating func note(_ sequence: UInt64, use: UInt64) {
            last = max(last, sequence)
            lastUse = use
        }
    }

    private var records: [UInt64: Record] = [:]
    private var uses: UInt64 = 0
    private var refusalCount = 0
    /// Origins that were forgotten to keep the limits: should a write of theirs come once more, it
    /// is taken for a new one.
    private(set) var forgottenCount: UInt64 = 0

    /// Whether this write was decided before.
    func isRepeat(origin: UInt64, sequence: UInt64) -> Bool {
        guard let record = records[origin] else { return false }
        return sequence <= record.last
    }

    /// How a write that was decided before was refused; nil if it was committed.
    func refusal(origin: UInt64, sequence: UInt64) -> Refusal? {
        records[origin]?.refusals.first { $0.sequence == sequence }
    }

    /// Notes that a write was committed.
    mutating func onDecided(origin: UInt64, sequence: UInt64) {
        uses += 1
        if records[origin] == nil { makeRoom() }
        records[origin, default: Record(last: 0, lastUse: 0)].note(sequence, use: uses)
    }

    /// Notes that a write was refused.
    mutating func onRefused(origin: UInt64, _ refusal: Refusal) {
        onDecided(origin: origin, sequence: refusal.sequence)
        if records[origin]?.refusals.count == Self.originRefusalsMax {
            records[origin]?.refusals.removeFirst()
        } else {
            refusalCount += 1
        }
        records[origin]?.refusals.append(refusal)
    }

    /// Many at a time, because looking for them takes as long as there are records.
    private mutating func makeRoom() {
        guard records.count >= Self.originsMax || refusalCount >= Self.refusalsMax else { return }
        let uses = records.values.map(\.lastUse).sorted()
        let last = uses[uses.count / 16]
        let count = records.count
        records = records.filter { $0.value.lastUse > last }
        forgottenCount += UInt64(count - records.count)
        refusalCount = records.values.reduce(0) { $0 + $1.refusals.count }
    }
}
