import ZooKeeper

/// Where things are in ZooKeeper, below the chroot. The tree itself begins at the root's own znode,
/// `/NODE-1` or `/1`.
enum RegistryPaths {
    static let base = "/canopy"
    /// The root's claim: ephemeral, so that there is one live root at most.
    static let root = "/canopy/root"
    /// The number of the last root's incarnation.
    static let epoch = "/canopy/epoch"
    /// One ephemeral node for every live node of the tree.
    static let live = "/canopy/live"

    static func live(_ name: String) -> String { NodePath.child(name, of: live) }
}
