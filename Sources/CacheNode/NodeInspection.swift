/// What tests and the simulator see of a node from outside, beside its answers.
extension Node {
    /// What is held of a key; nil when it isn't held.
    package func copy(of key: [UInt8]) -> HeldCopy? { keyspace?.copy(of: key) }

    /// Whether a key is held with this value: what `copy` says, at less cost.
    package func holds(_ key: [UInt8], value: [UInt8]) -> Bool {
        keyspace?.holds(key, value: value) ?? false
    }

    /// Evicts a key as if memory were needed, if it may be; leaves a tag where one has a use.
    @discardableResult
    package func evict(_ key: [UInt8], leavesTag: Bool) -> Bool {
        keyspace?.evict(key, leavesTag: leavesTag) ?? false
    }

    /// Writes that the root has numbered.
    package var commitCount: UInt64 { metrics.pointee.commits }

    /// All that it counts.
    package var counts: Metrics { metrics.pointee }

    /// Writes that wait for the parent.
    package var queuedCount: Int { keyspace?.upward.count ?? 0 }

    /// The name of the node to which this one is attached; nil at the root, and while it is alone.
    package var parentName: String? { attacher?.attached?.ancestor.name }

    /// The address of that node.
    package var attachedEndpoint: String? { attacher?.attached?.ancestor.endpoint.host }

    /// Whether this node is where it should be: attached by a link to the nearest node above it.
    package var isPlaced: Bool {
        guard let attacher else { return keyspace != nil }
        guard let attached = attacher.attached, let nearest = attacher.ancestors.first else {
            return false
        }
        return attached.session != nil && attached.ancestor.isSame(as: nearest)
    }
}
