/// The kinds of requests (`ZooDefs.OpCode`).
enum Opcode: Int32 {
    /// In a `multi` alone, where servers make this of `create2`.
    case create = 1
    case delete = 2
    case exists = 3
    case getData = 4
    case setData = 5
    case getACL = 6
    case setACL = 7
    case sync = 9
    case ping = 11
    case getChildren2 = 12
    case check = 13
    case multi = 14
    case create2 = 15
    case removeWatches = 18
    case auth = 100
    case setWatches2 = 105
    case addWatch = 106
    case closeSession = -11
    /// In a `multi` alone: the end of a request or reply, and the result of what was refused.
    case error = -1
}

/// The numbers that stand for themselves; a request's own begin at 1.
enum Xid {
    static let watchEvent: Int32 = -1
    static let ping: Int32 = -2
    static let auth: Int32 = -4
    static let setWatches: Int32 = -8
}

extension ZooKeeperError {
    /// What a reply's code says (`KeeperException.Code`); nil for 0.
    init?(code: Int32) {
        switch code {
        case 0: return nil
        case -4: self = .connectionLoss
        case -8: self = .badArguments
        case -101: self = .noNode
        case -102: self = .noAuth
        case -103: self = .badVersion
        case -108: self = .noChildrenForEphemerals
        case -110: self = .nodeExists
        case -111: self = .notEmpty
        case -112: self = .sessionExpired
        case -114: self = .invalidACL
        case -115: self = .authFailed
        case -118: self = .sessionMoved
        case -121: self = .noWatcher
        case -125: self = .quotaExceeded
        default: self = .server(code: code)
        }
    }
}
