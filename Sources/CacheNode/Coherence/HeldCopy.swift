/// What a node holds of a key: for whoever looks into it from outside, as simulations do.
package struct HeldCopy: Equatable {
    package struct CommitVersion: Equatable {
        package var epoch: UInt32
        package var sequence: UInt64
    }

    /// Nil when none is known.
    package var version: CommitVersion?
    package var isAbsent: Bool
    /// A write lies over it that the root has not committed, as far as is known here.
    package var isUncommitted: Bool
    package var value: [UInt8]
}
