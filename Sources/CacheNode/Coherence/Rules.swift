/// The ten rules of the link (`docs/link.md`). Each is a condition at the places that keep it, so
/// that a build for the simulator (`CANOPY_MUTATIONS`) can take one away and see whether the
/// simulation notices. In every other build the conditions are constant and vanish.
package enum Rule: Int, CaseIterable, Sendable {
    case readIsOneStep = 1
    case oneStream
    case evictionInvalidates
    case tagsPassOn
    case outstandingIsPinned
    case sessionsStartWithNothing
    case sessionEndForgets
    case writersKeep
    case rootCommitsOnce
    case floors

    #if CANOPY_MUTATIONS
        /// The rule that is taken away; one thread sets it, before it starts a world.
        nonisolated(unsafe) package static var removed: Rule?
        var isKept: Bool { Rule.removed != self }
    #else
        @inline(__always) var isKept: Bool { true }
    #endif
}
