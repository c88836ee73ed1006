/// A watch that stays until it is removed or the session ends.
public enum WatchMode: Int32, Hashable, Sendable {
    /// The node's creation, deletion and data, and its list of children.
    case persistent = 0
    /// The same of the node and of every node below; children tell of themselves, so there is no
    /// `childrenChanged`.
    case persistentRecursive = 1
}

/// Which watches `removeWatches` removes. The raw values are the protocol's.
public enum WatchKind: Int32, Hashable, Sendable {
    /// Those left by `children`.
    case children = 1
    /// Those left by `exists` and `get`.
    case data = 2
    /// Persistent ones too.
    case any = 3
}

/// A watch has fired: something happened to the node, and a watch left by `exists`, `get` or
/// `children` is used up.
///
/// An event says that something has changed, not what it is now; more may have happened since. It
/// comes before the reply to any request that would show the change.
public struct ZooKeeperEvent: Hashable, Sendable {
    /// The raw values are the protocol's.
    public enum Kind: Int32, Hashable, Sendable {
        case created = 1
        case deleted = 2
        case dataChanged = 3
        case childrenChanged = 4
    }

    public var kind: Kind
    public var path: String

    public init(kind: Kind, path: String) {
        self.kind = kind
        self.path = path
    }
}
