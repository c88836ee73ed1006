/// What a session asks of a server and gets a reply to, in order. Paths are the server's.
enum Request {
    case create(path: String, data: [UInt8], mode: CreateMode, acl: [ACL])
    case delete(path: String, version: Int32?)
    case exists(path: String, watch: Bool)
    case get(path: String, watch: Bool)
    case set(path: String, data: [UInt8], version: Int32?)
    case children(path: String, watch: Bool)
    case getACL(path: String)
    case setACL(path: String, acl: [ACL], version: Int32?)
    case multi([MultiOperation])
    case sync(path: String)
    case addWatch(path: String, mode: WatchMode)
    case removeWatches(path: String, kind: WatchKind)
    case closeSession

    var opcode: Opcode {
        switch self {
        case .create: .create2
        case .delete: .delete
        case .exists: .exists
        case .get: .getData
        case .set: .setData
        case .children: .getChildren2
        case .getACL: .getACL
        case .setACL: .setACL
        case .multi: .multi
        case .sync: .sync
        case .addWatch: .addWatch
        case .removeWatches: .removeWatches
        case .closeSession: .closeSession
        }
    }

    /// What the reply will do to the session's watches.
    var watchChange: WatchChange {
        switch self {
        case .exists(let path, true): .exists(path)
        case .get(let path, true): .add(.data, path)
        case .children(let path, true): .add(.children, path)
        case .addWatch(let path, .persistent): .add(.persistent, path)
        case .addWatch(let path, .persistentRecursive): .add(.persistentRecursive, path)
        case .removeWatches(let path, .children): .remove(.children, path)
        case .removeWatches(let path, .data): .remove([.data, .exists], path)
        case .removeWatches(let path, .any): .remove(.all, path)
        default: .none
        }
    }
}

/// What a reply without an error does to the session's watches.
enum WatchChange {
    case none
    case add(WatchSet, String)
    case remove(WatchSet, String)
    /// A data watch if the node is there, else an exists watch.
    case exists(String)
}

extension JuteWriter {
    /// The record of `request`, behind its header.
    mutating func request(_ request: Request, xid: Int32) {
        header(xid: xid, request.opcode)
        switch request {
        case .create(let path, let data, let mode, let acl):
            create(path, data, mode, acl)
        case .set(let path, let data, let version):
            set(path, data, version)
        case .setACL(let path, let acl, let version):
            string(path)
            self.acl(acl)
            self.version(version)
        case .delete(let path, let version):
            string(path)
            self.version(version)
        case .exists(let path, let watch), .get(let path, let watch),
            .children(let path, let watch):
            string(path)
            bool(watch)
        case .addWatch(let path, let mode):
            string(path)
            int32(mode.rawValue)
        case .removeWatches(let path, let kind):
            string(path)
            int32(kind.rawValue)
        case .getACL(let path), .sync(let path): string(path)
        case .multi(let operations): multi(operations)
        case .closeSession: break
        }
    }

    mutating func ping() { header(xid: Xid.ping, .ping) }

    mutating func auth(_ authentication: Authentication) {
        header(xid: Xid.auth, .auth)
        int32(0)
        string(authentication.scheme)
        buffer(authentication.credentials)
    }

    mutating func header(xid: Int32, _ opcode: Opcode) {
        int32(xid)
        int32(opcode.rawValue)
    }

    private mutating func multi(_ operations: [MultiOperation]) {
        for operation in operations {
            switch operation {
            case .create(let path, let data, let mode, let acl):
                multiHeader(.create)
                create(path, data, mode, acl)
            case .delete(let path, let version):
                multiHeader(.delete)
                string(path)
                self.version(version)
            case .set(let path, let data, let version):
                multiHeader(.setData)
                set(path, data, version)
            case .check(let path, let version):
                multiHeader(.check)
                string(path)
                int32(version)
            }
        }
        multiHeader(.error, isEnd: true)
    }

    private mutating func multiHeader(_ opcode: Opcode, isEnd: Bool = false) {
        int32(opcode.rawValue)
        bool(isEnd)
        int32(-1)
    }

    private mutating func create(
        _ path: String, _ data: [UInt8], _ mode: CreateMode, _ acl: [ACL]
    ) {
        string(path)
        buffer(data)
        self.acl(acl)
        int32(mode.rawValue)
    }

    private mutating func set(_ path: String, _ data: [UInt8], _ version: Int32?) {
        string(path)
        buffer(data)
        self.version(version)
    }

    /// -1 matches any.
    private mutating func version(_ version: Int32?) {
        int32(version ?? -1)
    }
}
