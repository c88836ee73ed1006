import CacheNode

/// The rules of docs/link.md as a simulation can take them away.
package enum LinkRules {
    package static let all = 1...10

    /// Whether this build has switches for them.
    package static var areRemovable: Bool {
        #if CANOPY_MUTATIONS
            true
        #else
            false
        #endif
    }

    /// Takes a rule away from every node of this process; nil gives all back.
    package static func remove(_ number: Int?) {
        #if CANOPY_MUTATIONS
            Rule.removed = number.flatMap { Rule(rawValue: $0) }
        #endif
    }
}
