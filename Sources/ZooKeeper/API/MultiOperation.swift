/// A part of a `multi`: all are done, in order, or none.
public enum MultiOperation: Hashable, Sendable {
    case create(
        path: String, data: [UInt8], mode: CreateMode = .persistent, acl: [ACL] = ACL.anyone)
    /// A nil version matches any.
    case delete(path: String, version: Int32? = nil)
    case set(path: String, data: [UInt8], version: Int32? = nil)
    /// Changes nothing; fails unless the node exists and its data has this version.
    case check(path: String, version: Int32)

    public var path: String {
        switch self {
        case .create(let path, _, _, _), .delete(let path, _), .set(let path, _, _),
            .check(let path, _):
            path
        }
    }
}

/// What became of the operation at the same place in a `multi` that was done.
public enum MultiResult: Hashable, Sendable {
    /// With the number that the server put behind a sequential name.
    case created(path: String)
    case deleted
    case set(Stat)
    case checked
}
