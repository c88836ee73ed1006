/// What the server knows of a znode beside its data. Transactions are numbered by zxids, which grow
/// through the whole ensemble's life.
public struct Stat: Hashable, Sendable {
    /// The transactions that created the node and that last changed its data.
    public var createdZxid: Int64
    public var modifiedZxid: Int64
    /// When, in milliseconds since 1970 by the leader's clock.
    public var createdMilliseconds: Int64
    public var modifiedMilliseconds: Int64
    /// How often the data, the list of children and the access rules have changed.
    public var version: Int32
    public var childrenVersion: Int32
    public var aclVersion: Int32
    /// The session with which an ephemeral node ends; 0 for a persistent one.
    public var ephemeralOwner: Int64
    /// Bytes of data.
    public var dataLength: Int32
    public var childCount: Int32
    /// The transaction that last added or removed a child.
    public var childrenModifiedZxid: Int64

    public init(
        createdZxid: Int64 = 0, modifiedZxid: Int64 = 0, createdMilliseconds: Int64 = 0,
        modifiedMilliseconds: Int64 = 0, version: Int32 = 0, childrenVersion: Int32 = 0,
        aclVersion: Int32 = 0, ephemeralOwner: Int64 = 0, dataLength: Int32 = 0,
        childCount: Int32 = 0, childrenModifiedZxid: Int64 = 0
    ) {
        self.createdZxid = createdZxid
        self.modifiedZxid = modifiedZxid
        self.createdMilliseconds = createdMilliseconds
        self.modifiedMilliseconds = modifiedMilliseconds
        self.version = version
        self.childrenVersion = childrenVersion
        self.aclVersion = aclVersion
        self.ephemeralOwner = ephemeralOwner
        self.dataLength = dataLength
        self.childCount = childCount
        self.childrenModifiedZxid = childrenModifiedZxid
    }
}

/// How long a new znode lives and whether the server completes its name.
public enum CreateMode: Int32, Hashable, Sendable, CaseIterable {
    /// Until it is deleted.
    case persistent = 0
    /// Until the session ends; can't have children.
    case ephemeral = 1
    /// As the first two, with a number of ten digits put behind the name, one more for every child
    /// that the parent has been given.
    case persistentSequential = 2
    case ephemeralSequential = 3

    public var isSequential: Bool { self == .persistentSequential || self == .ephemeralSequential }
    public var isEphemeral: Bool { self == .ephemeral || self == .ephemeralSequential }
}

/// What someone may do with a znode.
public struct Permissions: OptionSet, Hashable, Sendable {
    public let rawValue: Int32
    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// Read the data and list the children.
    public static let read = Permissions(rawValue: 1)
    /// Set the data.
    public static let write = Permissions(rawValue: 2)
    /// Create children.
    public static let create = Permissions(rawValue: 4)
    /// Delete children.
    public static let delete = Permissions(rawValue: 8)
    /// Set the access rules.
    public static let admin = Permissions(rawValue: 16)
    public static let all: Permissions = [.read, .write, .create, .delete, .admin]
}

/// One access rule of a znode. Rules aren't inherited by children.
public struct ACL: Hashable, Sendable {
    public var permissions: Permissions
    /// `world`, `auth`, `digest`, `ip`, …
    public var scheme: String
    /// Who, in the form of the scheme.
    public var id: String

    public init(_ permissions: Permissions, scheme: String, id: String) {
        self.permissions = permissions
        self.scheme = scheme
        self.id = id
    }

    /// Everyone may do everything.
    public static let anyone = [ACL(.all, scheme: "world", id: "anyone")]
    /// Everyone may read.
    public static let readByAnyone = [ACL(.read, scheme: "world", id: "anyone")]
    /// Those as whom the session has authenticated may do everything; the server puts their ids in
    /// its place. Refused (`invalidACL`) in a session without authentication.
    public static let creator = [ACL(.all, scheme: "auth", id: "")]
}

/// A znode that was created.
public struct CreatedNode: Hashable, Sendable {
    /// With the number that the server put behind a sequential name.
    public var path: String
    public var stat: Stat

    public init(path: String, stat: Stat) {
        self.path = path
        self.stat = stat
    }
}

/// The data of a znode; a node that was created without any has none.
public struct NodeData: Hashable, Sendable {
    public var data: [UInt8]
    public var stat: Stat

    public init(data: [UInt8], stat: Stat) {
        self.data = data
        self.stat = stat
    }
}

/// The names (not the paths) of a znode's children, in no order.
public struct NodeChildren: Hashable, Sendable {
    public var names: [String]
    public var stat: Stat

    public init(names: [String], stat: Stat) {
        self.names = names
        self.stat = stat
    }
}

/// The access rules of a znode.
public struct NodeACL: Hashable, Sendable {
    public var rules: [ACL]
    public var stat: Stat

    public init(rules: [ACL], stat: Stat) {
        self.rules = rules
        self.stat = stat
    }
}

/// A znode of a subtree that was read.
public struct SubtreeNode: Hashable, Sendable {
    public var path: String
    public var data: [UInt8]
    public var stat: Stat

    public init(path: String, data: [UInt8], stat: Stat) {
        self.path = path
        self.data = data
        self.stat = stat
    }
}
