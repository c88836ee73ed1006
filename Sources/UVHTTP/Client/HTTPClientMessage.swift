/// A request as a client sends it. `Host`, `Content-Length` and `Connection` are the client's to
/// add.
public struct HTTPClientRequest: Sendable {
    public var method: HTTPMethod
    /// Path and query in origin form, already percent-encoded: `/kv/a%20b?wait_propagate=0`.
    public var target: [UInt8]
    /// The value of Content-Type; empty for none.
    public var contentType: [UInt8]
    /// Further field lines, each with its CR LF, which must be valid.
    public var fieldLines: [UInt8]
    /// Sent with Content-Length when it isn't empty or the method is PUT, POST or PATCH.
    public var body: [UInt8]

    public init(
        _ method: HTTPMethod, _ target: [UInt8], contentType: [UInt8] = [],
        fieldLines: [UInt8] = [], body: [UInt8] = []
    ) {
        self.method = method
        self.target = target
        self.contentType = contentType
        self.fieldLines = fieldLines
        self.body = body
    }

    public init(
        _ method: HTTPMethod, _ target: String, contentType: String = "", body: [UInt8] = []
    ) {
        self.init(method, Array(target.utf8), contentType: Array(contentType.utf8), body: body)
    }
}

/// A whole answer.
public struct HTTPClientResponse: Sendable {
    /// 200…999: informational answers never reach the caller.
    public var status: Int
    /// The field lines as they came, each with its CR LF; see `field`.
    public var fieldLines: [UInt8]
    public var body: [UInt8]

    /// The trimmed value of the first field of this name (in lower case), or nil.
    public func field(_ lowercaseName: StaticString) -> [UInt8]? {
        fieldLines.withUnsafeBytes { bytes in HTTPFields(bytes).first(lowercaseName).map(Array.init)
        }
    }
}

/// Why a request has no answer.
public enum HTTPClientError: Error, Equatable, Sendable {
    /// The name has no address.
    case unresolved(UVError)
    /// No connection could be made; nothing was sent.
    case unreachable(UVError)
    /// The connection ended, or fell silent past the timeout, after the request may have been sent.
    case disconnected
    /// No whole answer within the request's time.
    case timedOut
    /// The answer was not HTTP, or past a limit.
    case malformed(HTTPRefusal)
    /// Too many requests wait for this peer already; nothing was sent.
    case overloaded
    /// The client was closed.
    case closed
}

extension HTTPClientError {
    /// The reason in a few words, for messages: `connection refused`.
    public var sentence: String {
        switch self {
        case .unresolved(let error): "its name has no address (\(error.message))"
        case .unreachable(let error): error.message
        case .disconnected: "the connection ended before the answer"
        case .timedOut: "no answer in time"
        case .malformed(let refusal): "its answer is not valid HTTP: \(refusal.reason)"
        case .overloaded: "too many requests wait for it already"
        case .closed: "this client is closed"
        }
    }
}
