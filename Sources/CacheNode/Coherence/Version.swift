/// When the root committed a value: one total order over all keys, without a clock.
struct Version: Hashable, Comparable {
    /// Before every commit.
    static let none = Version(epoch: 0, sequence: 0)
    /// After every commit: a floor that only the root itself can meet.
    static let newest = Version(epoch: .max, sequence: sequenceMax)
    /// Sequences have 48 bits: a million writes a second fill them in nine years.
    static let sequenceMax: UInt64 = (1 << 48) - 1

    /// Grows with each incarnation of the root.
    var epoch: UInt32
    /// The number of the commit in its epoch: 1, 2, … `sequenceMax`.
    var sequence: UInt64

    static func < (left: Version, right: Version) -> Bool {
        (left.epoch, left.sequence) < (right.epoch, right.sequence)
    }
}

extension Version: CustomStringConvertible {
    /// As it stands in an ETag.
    var description: String { "\(epoch).\(sequence)" }
}
