/// What a server answers to a `Request` that it has done. Paths are the server's.
enum Reply {
    case done
    case created(CreatedNode)
    case stat(Stat)
    /// `exists` of a node that doesn't.
    case noStat
    case data(NodeData)
    case children(NodeChildren)
    case acl(NodeACL)
    case multi([MultiResult])
}

/// What stands in front of every reply and event.
struct ReplyHeader {
    var xid: Int32
    /// The last transaction that the server had done; 0 or less when it doesn't say.
    var zxid: Int64
    /// 0 or a code of `KeeperException.Code`.
    var code: Int32
}

extension JuteReader {
    mutating func replyHeader() throws(JuteError) -> ReplyHeader {
        ReplyHeader(xid: try int32(), zxid: try int64(), code: try int32())
    }

    /// The reply to a request of the kind `opcode` that was answered with `code`; its failure is
    /// the server's.
    mutating func reply(
        to opcode: Opcode, code: Int32
    ) throws(JuteError) -> Result<Reply, ZooKeeperError> {
        if let error = ZooKeeperError(code: code) {
            return opcode == .exists && error == .noNode ? .success(.noStat) : .failure(error)
        }
        switch opcode {
        case .create2: return .success(.created(try createdNode()))
        case .exists, .setData, .setACL: return .success(.stat(try stat()))
        case .getData: return .success(.data(NodeData(data: try buffer(), stat: try stat())))
        case .getChildren2:
            return .success(.children(NodeChildren(names: try strings(), stat: try stat())))
        case .getACL: return .success(.acl(NodeACL(rules: try acl(), stat: try stat())))
        case .multi: return try multi()
        default: return .success(.done)
        }
    }

    /// The kind is nil for what a server sends that isn't a change of a node.
    mutating func watchEvent() throws(JuteError) -> (kind: ZooKeeperEvent.Kind?, path: String) {
        let kind = ZooKeeperEvent.Kind(rawValue: try int32())
        _ = try int32()
        return (kind, try string())
    }

    private mutating func createdNode() throws(JuteError) -> CreatedNode {
        CreatedNode(path: try string(), stat: try stat())
    }

    /// The results, or the first real error: those in front of it are 0, those behind it say that
    /// they weren't tried.
    private mutating func multi() throws(JuteError) -> Result<Reply, ZooKeeperError> {
        var results: [MultiResult] = []
        var index = 0
        var refusal: ZooKeeperError?
        while true {
            let opcode = Opcode(rawValue: try int32())
            let isEnd = try bool()
            _ = try int32()
            if isEnd { break }
            switch opcode {
            case .create: results.append(.created(path: try string()))
            case .create2: results.append(.created(path: try createdNode().path))
            case .delete: results.append(.deleted)
            case .setData: results.append(.set(try stat()))
            case .check: results.append(.checked)
            case .error:
                let code = try int32()
                if refusal == nil, let error = ZooKeeperError(code: code) {
                    refusal = .multi(operation: index, error: error)
                }
            default: throw .invalid("a multi's result of an unknown kind")
            }
            index += 1
        }
        if let refusal { return .failure(refusal) }
        guard results.count == index else { throw .invalid("a multi that is neither done nor not") }
        return .success(.multi(results))
    }
}
