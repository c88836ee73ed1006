/// A request while it is being answered: borrowed from the connection's buffers, gone when the call
/// that got it returns.
public struct HTTPRequest {
    @usableFromInline let base: UnsafeRawPointer
    @usableFromInline let head: UnsafePointer<HTTPRequestHead>
    /// The whole body, decoded; empty while the service is asked for admission.
    public let body: UnsafeRawBufferPointer

    @inlinable @inline(__always)
    public init(
        base: UnsafeRawPointer, head: UnsafePointer<HTTPRequestHead>, body: UnsafeRawBufferPointer
    ) {
        self.base = base
        self.head = head
        self.body = body
    }

    @inlinable @inline(__always) public var method: HTTPMethod { head.pointee.method }

    /// A field is present on which the choice of the answer depends: Cache-Control, If-Match,
    /// If-None-Match or Content-Range.
    @inlinable @inline(__always) public var hasConditions: Bool { head.pointee.hasConditions }

    /// The target's path, still percent-encoded, starting with `/` (or `*`); empty for an absolute
    /// form without one.
    @inlinable @inline(__always)
    public var path: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: base + head.pointee.pathOffset, count: head.pointee.pathCount)
    }

    /// The query without its `?`, still percent-encoded.
    @inlinable @inline(__always)
    public var query: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
            start: base + head.pointee.queryOffset, count: head.pointee.queryCount)
    }

    @inlinable @inline(__always)
    public var fields: HTTPFields {
        HTTPFields(
            UnsafeRawBufferPointer(
                start: base + head.pointee.fieldsOffset,
                count: head.pointee.byteCount &- head.pointee.fieldsOffset))
    }

    /// The media type of the body; nil if no field names one.
    public var contentType: UnsafeRawBufferPointer? {
        guard head.pointee.contentTypeOffset != 0 else { return fields.contentType }
        guard head.pointee.contentTypeOffset > 0 else { return nil }
        return UnsafeRawBufferPointer(
            start: base + head.pointee.contentTypeOffset, count: head.pointee.contentTypeCount)
    }

    /// Whether the client offers to go on in this protocol (given in lower case), and may: an
    /// HTTP/1.1 request whose `Upgrade` names it, with `Connection: upgrade` (RFC 9110 §7.8).
    ///
    /// A server may ignore an upgrade as it likes; this one ignores it in a request with a body.
    /// The body would have to be read as HTTP first, and no protocol here needs one.
    public func asksUpgrade(to lowercaseProtocol: StaticString) -> Bool {
        guard head.pointee.asksUpgrade else { return false }
        switch head.pointee.framing {
        case .none, .length(0): return fields.list("upgrade", has: lowercaseProtocol)
        case .length, .chunked, .untilClose: return false
        }
    }
}

/// Is given a connected stream that speaks HTTP no more, at most once, and gives whom it belongs to
/// from now on. It may write to the stream at once; what the peer has sent already, the handler is
/// told by its first `onRead`.
public typealias HTTPStreamTakeOver = (any ByteStream) -> any StreamHandler

/// What a service says when it has seen a head whose body is still on its way.
public enum HTTPAdmission {
    /// Read the body, then ask for the answer.
    case readBody
    /// The answer doesn't depend on the body: ask for it now, and don't read the body.
    case answerNow
}

/// The application behind a server. Every call comes on the loop's thread, to completion.
public protocol HTTPService: AnyObject {
    /// Whether the request is answered when there is no place for further connections: one that the
    /// cluster, or who operates it, can't do without. Its body, if it has one, may not be there
    /// yet.
    func isVital(_ request: HTTPRequest) -> Bool

    /// The head is there, the body isn't: is it worth reading? A client that sent `Expect:
    /// 100-continue` is answered accordingly. Not asked when a body of known length came together
    /// with the head.
    func admit(_ request: HTTPRequest) -> HTTPAdmission

    /// A large request is whole (one with a chunked body: as far as it has come): is there room for
    /// what it brings? If not, it is asked again in the next turn of the loop, for a while.
    func isReady(for request: HTTPRequest) -> Bool

    /// Plain GETs to be answered at once and in their order: returns how many, from the first on,
    /// are answered as a whole. The next is then given again, or, if that is the first, to
    /// `respond(to:_:)`.
    func respond(toPlainGets gets: HTTPPlainGets) -> Int

    /// The request is whole. Answer through `responder` before returning, or take
    /// `responder.later()` and answer then.
    func respond(to request: HTTPRequest, _ responder: HTTPResponder)
}

extension HTTPService {
    public func isVital(_ request: HTTPRequest) -> Bool { false }
    public func isReady(for request: HTTPRequest) -> Bool { true }
    public func respond(toPlainGets gets: HTTPPlainGets) -> Int { 0 }
}
