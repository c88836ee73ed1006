import UVHTTP

/// Writes the fields of one frame into the room that was reserved for it.
private struct FrameCursor {
    private var room: UnsafeMutableRawPointer

    /// `byteCount` counts the bytes behind the type.
    @inline(__always)
    init(_ type: UInt8, _ byteCount: Int, _ queue: inout ByteQueue) {
        room = queue.reserve(byteCount &+ 5)
        queue.commit(byteCount &+ 5)
        put(UInt32(truncatingIfNeeded: byteCount &+ 1))
        put(type)
    }

    @inline(__always)
    mutating func put<Number: FixedWidthInteger>(_ number: Number) {
        room.storeBytes(of: number.bigEndian, as: Number.self)
        room += MemoryLayout<Number>.size
    }

    @inline(__always)
    mutating func put(_ version: Version) {
        put(version.epoch)
        put(version.sequence)
    }

    @inline(__always)
    mutating func put(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else { return }
        room.copyShort(from: base, count: bytes.count)
        room += bytes.count
    }

    /// The count, then the bytes.
    @inline(__always)
    mutating func put16(_ bytes: UnsafeRawBufferPointer) {
        put(UInt16(truncatingIfNeeded: bytes.count))
        put(bytes)
    }
}

/// What a node says on a link.
protocol LinkMessage {
    /// Appends the message as a frame.
    func append(to queue: inout ByteQueue)
}

extension UpMessage: LinkMessage {
    /// Appends the message as a frame. Keys have 1 to 511 bytes, names 1 to 64.
    func append(to queue: inout ByteQueue) {
        switch self {
        case .get(let get): get.append(to: &queue)
        case .put(let put): put.append(to: &queue)
        case .evict(let key):
            var frame = FrameCursor(LinkFrames.evict, key.checkedKey.count, &queue)
            frame.put(key)
        case .renew(let token):
            var frame = FrameCursor(LinkFrames.renew, 4, &queue)
            frame.put(token)
        case .hello(let origin, let shown, let name):
            precondition(1...NodeName.bytesMax ~= name.count, "a node's name has 1 to 64 bytes")
            var frame = FrameCursor(LinkFrames.hello, 22 + name.count, &queue)
            frame.put(origin)
            frame.put(shown)
            frame.put16(name)
        }
    }
}

extension GetMessage {
    @inline(__always)
    fileprivate func append(to queue: inout ByteQueue) {
        var frame = FrameCursor(LinkFrames.get, 29 &+ key.checkedKey.count, &queue)
        frame.put(id)
        frame.put(asksRoot ? LinkCode.asksRoot : 0)
        frame.put(floor)
        frame.put(known)
        frame.put(key)
    }
}

extension PutMessage: LinkMessage {
    @inline(__always)
    func append(to queue: inout ByteQueue) {
        let mediaType = isDeletion ? .empty : mediaType.checkedMediaType
        let value = isDeletion ? .empty : value
        let byteCount = 34 &+ mediaType.count &+ key.checkedKey.count &+ value.count
        var frame = FrameCursor(LinkFrames.put, byteCount, &queue)
        frame.put(origin)
        frame.put(sequence)
        let kind = isDeletion ? LinkCode.deletion : LinkCode.value
        frame.put(isAgain ? kind | LinkCode.again : kind)
        frame.put(condition.linkCode)
        frame.put(condition.version)
        frame.put16(mediaType)
        frame.put16(key)
        frame.put(value)
    }
}

extension DownMessage: LinkMessage {
    /// Appends the message as a frame. Keys have 1 to 511 bytes, names 1 to 64; hops and sentences
    /// that are too long are cut.
    func append(to queue: inout ByteQueue) {
        switch self {
        case .reply(let reply): reply.append(to: &queue)
        case .commit(let commit): commit.append(to: &queue)
        case .push(let push): push.append(to: &queue)
        case .accept(let count):
            var frame = FrameCursor(LinkFrames.accept, 8, &queue)
            frame.put(count)
        case .invalidate(let key):
            var frame = FrameCursor(LinkFrames.invalidate, key.checkedKey.count, &queue)
            frame.put(key)
        case .fresh(let token, let ageMilliseconds, let position):
            var frame = FrameCursor(LinkFrames.fresh, 20, &queue)
            frame.put(token)
            frame.put(ageMilliseconds)
            frame.put(position)
        case .flush(let position):
            var frame = FrameCursor(LinkFrames.flush, 12, &queue)
            frame.put(position)
        case .reset(let epoch):
            var frame = FrameCursor(LinkFrames.reset, 4, &queue)
            frame.put(epoch)
        case .welcome(let welcome): welcome.append(to: &queue)
        }
    }
}

extension WelcomeMessage {
    fileprivate func append(to queue: inout ByteQueue) {
        precondition(1...NodeName.bytesMax ~= name.count, "a node's name has 1 to 64 bytes")
        var frame = FrameCursor(LinkFrames.welcome, 35 + name.count, &queue)
        frame.put(policy.mode.linkCode)
        frame.put(policy.ttlMilliseconds)
        frame.put(policy.syncIntervalMilliseconds)
        frame.put(policy.maxStalenessMilliseconds)
        frame.put(policy.staleIfErrorMilliseconds)
        frame.put(position)
        frame.put(ageMilliseconds)
        frame.put16(name)
    }
}

extension ReplyMessage {
    @inline(__always)
    fileprivate func append(to queue: inout ByteQueue) {
        let hops = hops.lastHops
        let (code, mediaType, value) = encodedOutcome
        let byteCount = 26 &+ hops.count &+ mediaType.count &+ value.count
        var frame = FrameCursor(LinkFrames.reply, byteCount, &queue)
        frame.put(id)
        frame.put(code)
        frame.put(isFollowed ? LinkCode.isFollowed : 0)
        frame.put(version)
        frame.put(ageMilliseconds)
        frame.put16(hops)
        frame.put16(mediaType)
        frame.put(value)
    }

    @inline(__always)
    private var encodedOutcome: (UInt8, UnsafeRawBufferPointer, UnsafeRawBufferPointer) {
        switch outcome {
        case .content(.value(let value, let mediaType)):
            (LinkCode.value, mediaType.checkedMediaType, value)
        case .content(.absent): (LinkCode.absent, .empty, .empty)
        case .notModified: (LinkCode.notModified, .empty, .empty)
        case .unavailable(let sentence): (LinkCode.unavailable, .empty, sentence.cutSentence)
        }
    }
}

extension CommitMessage: LinkMessage {
    @inline(__always)
    func append(to queue: inout ByteQueue) {
        let (code, status, mediaType, value) = encodedOutcome
        let byteCount = 33 &+ mediaType.count &+ value.count
        var frame = FrameCursor(LinkFrames.commit, byteCount, &queue)
        frame.put(origin)
        frame.put(sequence)
        frame.put(code)
        frame.put(version)
        frame.put(status)
        frame.put16(mediaType)
        frame.put(value)
    }

    @inline(__always)
    private var encodedOutcome: (UInt8, UInt16, UnsafeRawBufferPointer, UnsafeRawBufferPointer) {
        switch outcome {
        case .committed: (LinkCode.committed, 0, .empty, .empty)
        case .superseded(.value(let value, let mediaType)):
            (LinkCode.superseded, 0, mediaType.checkedMediaType, value)
        case .superseded(.absent): (LinkCode.supersededByAbsence, 0, .empty, .empty)
        case .refused(let status, let sentence):
            (LinkCode.refused, status, .empty, sentence.cutSentence)
        }
    }
}

extension PushMessage {
    @inline(__always)
    fileprivate func append(to queue: inout ByteQueue) {
        var kind = LinkCode.deletion
        var mediaType = UnsafeRawBufferPointer.empty
        var value = UnsafeRawBufferPointer.empty
        if case .value(let bytes, let type) = content {
            (kind, mediaType, value) = (LinkCode.value, type.checkedMediaType, bytes)
        }
        let byteCount = 17 &+ mediaType.count &+ key.checkedKey.count &+ value.count
        var frame = FrameCursor(LinkFrames.push, byteCount, &queue)
        frame.put(version)
        frame.put(kind)
        frame.put16(mediaType)
        frame.put16(key)
        frame.put(value)
    }
}

extension UnsafeRawBufferPointer {
    @inline(__always)
    fileprivate var checkedKey: Self {
        precondition(1...LinkFrames.keyBytesMax ~= count, "a key has 1 to 511 bytes")
        return self
    }

    /// None, if it is too long for a frame: a parent of an earlier system may have sent it.
    @inline(__always)
    fileprivate var checkedMediaType: Self {
        count <= LinkFrames.mediaTypeBytesMax ? self : .empty
    }

    /// Cut between two characters where the limit is.
    fileprivate var cutSentence: Self {
        guard count > LinkFrames.sentenceBytesMax else { return self }
        var end = LinkFrames.sentenceBytesMax
        while end > 0, self[end] & 0xC0 == 0x80 { end -= 1 }
        return Self(rebasing: self[..<end])
    }

    /// The members of the nearest nodes, as many as may be.
    @inline(__always)
    fileprivate var lastHops: Self {
        count <= LinkFrames.hopsBytesMax ? self : cutHops
    }

    private var cutHops: Self {
        let rest = self[(count - LinkFrames.hopsBytesMax)...]
        guard let comma = rest.firstIndex(of: ASCII.comma) else { return .empty }
        return Self(rebasing: rest[(comma + 1)...].drop { $0 == ASCII.space })
    }
}
