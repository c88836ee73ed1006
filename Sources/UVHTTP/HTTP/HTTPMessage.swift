/// The methods a node knows (RFC 9110 §9, RFC 5789, and QUERY of RFC 10008); any other token is
/// `other`.
public enum HTTPMethod: UInt8, Sendable {
    case get, head, put, post, delete, options, patch, trace, connect, query, other

    /// The method's name on the wire; empty for `other`.
    public var name: StaticString {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .put: "PUT"
        case .post: "POST"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        case .patch: "PATCH"
        case .trace: "TRACE"
        case .connect: "CONNECT"
        case .query: "QUERY"
        case .other: ""
        }
    }
}

/// How the end of a message's body is found (RFC 9112 §6.3).
public enum HTTPBodyFraming: Equatable, Sendable {
    /// No body follows the head.
    case none
    /// Exactly this many bytes (0 or more).
    case length(Int)
    /// Transfer-Encoding: chunked.
    case chunked
    /// Until the connection closes; answers only.
    case untilClose
}

/// A request head as offsets into the bytes it was parsed from; it owns nothing, and holds for
/// those bytes alone.
public struct HTTPRequestHead: Sendable {
    public var method = HTTPMethod.get
    /// The digit after `HTTP/1.`: 0 or 1.
    public var minorVersion: UInt8 = 1
    /// Whether the connection outlives this exchange (RFC 9112 §9.3).
    public var keepsAlive = true
    /// `Expect: 100-continue` was asked for by an HTTP/1.1 client (RFC 9110 §10.1.1).
    public var expectsContinue = false
    /// An `Upgrade` field together with `Connection: upgrade` is present (RFC 9110 §7.8).
    public var asksUpgrade = false
    /// A field is present on which the choice of the answer depends: Cache-Control, If-Match,
    /// If-None-Match or Content-Range.
    public var hasConditions = false
    /// What most requests are: an HTTP/1.1 GET without a body that keeps its connection, without
    /// any field on which the choice of the answer depends.
    public var isPlainGet = false
    public var framing = HTTPBodyFraming.none
    /// The target's path: in origin form from its slash up to `?`; in absolute form the same part
    /// of the URI, where 0 bytes mean `/`. `*` for `OPTIONS *`, the authority for `CONNECT`. Still
    /// percent-encoded.
    public var pathOffset = 0
    public var pathCount = 0
    /// The query without its `?`; 0 bytes when there is none.
    public var queryOffset = 0
    public var queryCount = 0
    /// Where the field lines begin, and the length of the whole head with its blank line.
    public var fieldsOffset = 0
    public var byteCount = 0
    /// Where the value of Content-Type stands, if somebody has looked for it: 0 if nobody has,
    /// `noContentType` if there is none.
    @usableFromInline var contentTypeOffset = 0
    @usableFromInline var contentTypeCount = 0

    static var noContentType: Int { -1 }

    @inlinable @inline(__always) public init() {}
}

/// A response head as offsets into the bytes it was parsed from.
public struct HTTPResponseHead: Sendable {
    /// 100…999.
    public var status = 0
    public var minorVersion: UInt8 = 1
    public var keepsAlive = true
    public var framing = HTTPBodyFraming.none
    public var fieldsOffset = 0
    public var byteCount = 0

    public init() {}
}

/// Why a message was refused: what a server answers before it closes the connection, or why a
/// client gave up on an answer.
public struct HTTPRefusal: Error, Equatable, Sendable {
    /// The status to answer with: 400, 408, 413, 414, 417, 431, 501, 503 or 505.
    public var status: Int
    /// One sentence for the person who reads the answer; never bytes of the peer.
    public var reason: StaticString

    @inlinable
    public init(_ status: Int, _ reason: StaticString) {
        self.status = status
        self.reason = reason
    }

    public static func == (left: HTTPRefusal, right: HTTPRefusal) -> Bool {
        left.status == right.status && left.reason.description == right.reason.description
    }
}

/// What a parser found at the front of the bytes it was given.
public enum HTTPParseOutcome: Equatable, Sendable {
    /// A whole head; its length is in `byteCount`.
    case complete
    /// A valid beginning: call again with more bytes behind these.
    case incomplete
    /// Not HTTP, or past a limit.
    case refused(HTTPRefusal)
}

/// A view of the field lines of a head that has been parsed and found valid; look-ups scan, so they
/// cost only those who ask.
public struct HTTPFields {
    @usableFromInline let bytes: UnsafeRawBufferPointer

    /// `bytes`: the head's field lines, from `fieldsOffset` up to and with the blank line.
    @inlinable @inline(__always)
    public init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// The value of the first field of this name (given in lower case), without the white space
    /// around it; nil when absent.
    public func first(_ lowercaseName: StaticString) -> UnsafeRawBufferPointer? {
        var found: UnsafeRawBufferPointer?
        forEach { name, value in
            if found == nil, name.equalsIgnoringCase(lowercaseName) { found = value }
        }
        return found
    }

    /// Calls `body` with each field's name as it was written and its trimmed value, in order.
    public func forEach(
        _ body: (_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Void
    ) {
        var offset = 0
        while offset < bytes.count, bytes[offset] != ASCII.carriageReturn {
            var colon = offset
            while bytes[colon] != ASCII.colon { colon += 1 }
            var start = colon + 1
            var lineEnd = start
            while bytes[lineEnd] != ASCII.carriageReturn { lineEnd += 1 }
            var end = lineEnd
            while start < end, bytes[start] == ASCII.space || bytes[start] == ASCII.tab {
                start += 1
            }
            while end > start, bytes[end - 1] == ASCII.space || bytes[end - 1] == ASCII.tab {
                end -= 1
            }
            body(
                UnsafeRawBufferPointer(rebasing: bytes[offset..<colon]),
                UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
            offset = lineEnd + 2
        }
    }
}
