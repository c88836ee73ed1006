/// What must hold in a simulated cluster.
package enum Invariant: String, CaseIterable, Sendable {
    case everyRequestIsAnswered = "every request is answered"
    case valuesAreThoseWritten = "a value that is read was written to this key"
    case refusedWritesChangeNothing = "a write that was refused changes nothing"
    case acknowledgedWritesAreKept = "an acknowledged write is present or overwritten"
    case writesArriveOnce = "the root commits a write once"
    case conditionsHold = "a conditional write was done only where its condition held"
    case versionsNameOneContent = "a version names one content"
    case versionsNeverFall = "the versions that a node shows of a key never fall"
    case ownWritesAreRead = "a node reads the writes it has acknowledged"
    case stalenessIsBounded = "an answer is no older than it says"
    case boundsAreKept = "an answer is no older than the limit, or says so"
    case theTreeHeals = "the tree is whole again in time"
    case copiesAgree = "after healing all copies equal the root's"
    case bitsAgree = "bits and copies agree"
    case queuesAreBounded = "queues keep their limits"
    case theRunEnds = "a run ends"
}

/// An invariant that didn't hold, and where.
package struct Violation: CustomStringConvertible, Sendable {
    package var invariant: Invariant
    package var detail: String

    package init(_ invariant: Invariant, _ detail: String) {
        self.invariant = invariant
        self.detail = detail
    }

    package var description: String { "VIOLATED: \(invariant.rawValue): \(detail)" }
}
