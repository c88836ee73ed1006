import UVHTTP

// What a frame says; the message's bytes are borrowed from it. A frame has one meaning at most, and
// a message one frame: encoding what came out gives the same bytes.

extension UpMessage {
    static func decode(_ frame: LinkFrame) throws(LinkFault) -> UpMessage {
        var fields = frame.fields
        let type = frame.type
        switch type {
        case LinkFrames.get: return .get(try GetMessage(&fields))
        case LinkFrames.put: return .put(try PutMessage(frame))
        case LinkFrames.evict: return .evict(key: try fields.lastKey())
        case LinkFrames.renew:
            let token: UInt32 = try fields.fixed(4).number(0)
            try fields.end()
            return .renew(token: token)
        case LinkFrames.hello: return try decodeHello(&fields)
        case LinkFrames.welcome...LinkFrames.flush: throw .outOfTurn(type)
        default: throw .unknownType(type)
        }
    }

    private static func decodeHello(_ fields: inout LinkFields) throws(LinkFault) -> UpMessage {
        let fixed = try fields.fixed(20)
        let name = try fields.name()
        try fields.end()
        return .hello(origin: fixed.number(0), shown: try fixed.version(8), name: name)
    }
}

extension GetMessage {
    @inline(__always)
    fileprivate init(_ fields: inout LinkFields) throws(LinkFault) {
        let fixed = try fields.fixed(29)
        id = fixed.number(0)
        asksRoot = try fixed.flag(4, LinkCode.asksRoot)
        floor = try fixed.version(5)
        known = try fixed.version(17)
        key = try fields.lastKey()
    }
}

extension PutMessage {
    /// From a frame of the type `put`.
    @inline(__always)
    init(_ frame: LinkFrame) throws(LinkFault) {
        var fields = frame.fields
        let fixed = try fields.fixed(30)
        origin = fixed.number(0)
        sequence = try fixed.writeSequence(8)
        let kind = try fixed.flags(16, LinkCode.deletion | LinkCode.again)
        isDeletion = kind & LinkCode.deletion != 0
        isAgain = kind & LinkCode.again != 0
        condition = try WriteCondition(linkCode: fixed.number(17), version: fixed.version(18))
        mediaType = try fields.mediaType()
        key = try fields.key()
        value = fields.rest
        if isDeletion { try fields.end(without: mediaType) }
    }
}

extension DownMessage {
    static func decode(_ frame: LinkFrame) throws(LinkFault) -> DownMessage {
        var fields = frame.fields
        let type = frame.type
        switch type {
        case LinkFrames.reply: return .reply(try ReplyMessage(&fields))
        case LinkFrames.commit: return .commit(try CommitMessage(frame))
        case LinkFrames.push: return .push(try PushMessage(&fields))
        case LinkFrames.invalidate: return .invalidate(key: try fields.lastKey())
        case LinkFrames.welcome: return .welcome(try WelcomeMessage(&fields))
        case LinkFrames.hello...LinkFrames.renew: throw .outOfTurn(type)
        default:
            let message = try decodeFixed(type, &fields)
            try fields.end()
            return message
        }
    }

    @inline(__always)
    private static func decodeFixed(
        _ type: UInt8, _ fields: inout LinkFields
    ) throws(LinkFault) -> DownMessage {
        switch type {
        case LinkFrames.accept:
            let count: UInt64 = try fields.fixed(8).number(0)
            guard count <= Version.sequenceMax else { throw .sequence(count) }
            return .accept(count: count)
        case LinkFrames.reset: return .reset(epoch: try fields.fixed(4).number(0))
        case LinkFrames.fresh:
            let fixed = try fields.fixed(20)
            return .fresh(
                token: fixed.number(0), ageMilliseconds: fixed.number(4),
                position: try fixed.version(8))
        case LinkFrames.flush:
            return .flush(position: try fields.fixed(12).version(0))
        default: throw .unknownType(type)
        }
    }
}

extension WelcomeMessage {
    fileprivate init(_ fields: inout LinkFields) throws(LinkFault) {
        let fixed = try fields.fixed(33)
        guard let mode = CoherenceMode(linkCode: fixed.number(0)) else { throw .code }
        policy = CoherencePolicy()
        policy.mode = mode
        policy.ttlMilliseconds = fixed.number(1)
        policy.syncIntervalMilliseconds = fixed.number(5)
        policy.maxStalenessMilliseconds = fixed.number(9)
        policy.staleIfErrorMilliseconds = fixed.number(13)
        position = try fixed.version(17)
        ageMilliseconds = fixed.number(29)
        name = try fields.name()
        try fields.end()
    }
}

extension ReplyMessage {
    @inline(__always)
    fileprivate init(_ fields: inout LinkFields) throws(LinkFault) {
        let fixed = try fields.fixed(22)
        id = fixed.number(0)
        isFollowed = try fixed.flag(5, LinkCode.isFollowed)
        version = try fixed.version(6)
        ageMilliseconds = fixed.number(18)
        hops = try fields.hops()
        let mediaType = try fields.mediaType()
        let code: UInt8 = fixed.number(4)
        if code == LinkCode.value {
            outcome = .content(.value(fields.rest, mediaType: mediaType))
            return
        }
        guard mediaType.isEmpty else { throw .code }
        if code == LinkCode.unavailable {
            outcome = .unavailable(try fields.sentence())
            return
        }
        try fields.end()
        switch code {
        case LinkCode.absent: outcome = .content(.absent)
        case LinkCode.notModified: outcome = .notModified
        default: throw .code
        }
    }
}

extension CommitMessage {
    /// From a frame of the type `commit`.
    @inline(__always)
    init(_ frame: LinkFrame) throws(LinkFault) {
        var fields = frame.fields
        let fixed = try fields.fixed(31)
        origin = fixed.number(0)
        sequence = try fixed.writeSequence(8)
        version = try fixed.version(17)
        let status: UInt16 = fixed.number(29)
        let mediaType = try fields.mediaType()
        outcome = try Self.outcome(fixed.number(16), status, mediaType, fields)
    }

    @inline(__always)
    private static func outcome(
        _ code: UInt8, _ status: UInt16, _ mediaType: UnsafeRawBufferPointer, _ fields: LinkFields
    ) throws(LinkFault) -> Outcome {
        if code == LinkCode.refused {
            guard 400...599 ~= status, mediaType.isEmpty else { throw .code }
            return .refused(status: status, try fields.sentence())
        }
        guard status == 0 else { throw .code }
        if code == LinkCode.superseded {
            return .superseded(.value(fields.rest, mediaType: mediaType))
        }
        try fields.end(without: mediaType)
        switch code {
        case LinkCode.committed: return .committed
        case LinkCode.supersededByAbsence: return .superseded(.absent)
        default: throw .code
        }
    }
}

extension PushMessage {
    @inline(__always)
    fileprivate init(_ fields: inout LinkFields) throws(LinkFault) {
        let fixed = try fields.fixed(13)
        version = try fixed.version(0)
        let isDeletion = try fixed.flag(12, LinkCode.deletion)
        let mediaType = try fields.mediaType()
        key = try fields.key()
        content = isDeletion ? .absent : .value(fields.rest, mediaType: mediaType)
        if isDeletion { try fields.end(without: mediaType) }
    }
}
