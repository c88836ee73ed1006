/// Which writes of each node the root has decided: each one is committed once, however often and by
/// however many ways it arrives (rule 9).
///
/// The writes of an origin arrive in order on every way, and from the oldest that it has no answer
/// to: so the last number says it all, but for the writes that were refused.
struct OriginLedger: ~Copyable {
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
        let origin: UInt64
        var last: UInt64 = 0
        var lastUse: UInt64 = 0
        var refusals: [Refusal] = []

        @inline(__always)
        mutating func note(_ sequence: UInt64, use: UInt64) {
            last = max(last, sequence)
            lastUse = use
        }
    }

    private var records: [Record] = []
    /// Which record is an origin's, counted from 1.
    private var places = WordTable()
    private var uses: UInt64 = 0
    private var refusalCount = 0
    /// Origins that were forgotten to keep the limits: should a write of theirs come once more, it
    /// is taken for a new one.
    private(set) var forgottenCount: UInt64 = 0

    /// Whether this write was decided before.
    @inline(__always)
    func isRepeat(origin: UInt64, sequence: UInt64) -> Bool {
        let place = places[origin]
        return place != 0 && sequence <= records[Int(place) - 1].last
    }

    /// How a write that was decided before was refused; nil if it was committed.
    func refusal(origin: UInt64, sequence: UInt64) -> Refusal? {
        let place = places[origin]
        guard place != 0 else { return nil }
        return records[Int(place) - 1].refusals.first { $0.sequence == sequence }
    }

    /// Notes that a write was committed.
    mutating func onDecided(origin: UInt64, sequence: UInt64) {
        _ = note(origin, sequence)
    }

    /// Notes that a write was refused.
    mutating func onRefused(origin: UInt64, _ refusal: Refusal) {
        let index = note(origin, refusal.sequence)
        if records[index].refusals.count == Self.originRefusalsMax {
            records[index].refusals.removeFirst()
        } else {
            refusalCount += 1
        }
        records[index].refusals.append(refusal)
    }

    /// Gives the index of the origin's record.
    private mutating func note(_ origin: UInt64, _ sequence: UInt64) -> Int {
        uses += 1
        var place = places[origin]
        if place == 0 {
            makeRoom()
            records.append(Record(origin: origin))
            place = UInt64(records.count)
            places[origin] = place
        }
        let index = Int(place) - 1
        records[index].note(sequence, use: uses)
        return index
    }

    /// Many at a time, because looking for them takes as long as there are records.
    private mutating func makeRoom() {
        guard records.count >= Self.originsMax || refusalCount >= Self.refusalsMax else { return }
        let uses = records.map(\.lastUse).sorted()
        let last = uses[uses.count / 16]
        let count = records.count
        records.removeAll { $0.lastUse <= last }
        places.removeAll()
        for (index, record) in records.enumerated() { places[record.origin] = UInt64(index + 1) }
        forgottenCount += UInt64(count - records.count)
        refusalCount = records.reduce(0) { $0 + $1.refusals.count }
    }
}
