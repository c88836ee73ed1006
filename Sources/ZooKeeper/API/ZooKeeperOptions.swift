/// How a client behaves; the defaults suit an ensemble in one place.
public struct ZooKeeperOptions: Sendable {
    /// The session timeout to ask for, 1…; the server answers with one between its bounds (by
    /// default 2 and 20 of its ticks), which then holds.
    ///
    /// Everything else follows from it: a ping after a third of it without a request, another
    /// server after two thirds without an answer, and a third of it, shared by all addresses, for
    /// reaching a server.
    public var sessionTimeoutMilliseconds = 10_000

    /// The longest pause before all servers are tried again; the first is a 64th of it, and each
    /// is twice the one before. It is never more than a sixth of the session timeout.
    public var retryMillisecondsMax = 2_000

    /// Requests that wait for their reply, and bytes of them. Past either, a request is refused
    /// with `tooManyRequests`.
    public var pendingRequestsMax = 100_000
    public var pendingBytesMax = 64 << 20

    /// The largest request in bytes. A ZooKeeper server ends the connection over a larger one than
    /// its `jute.maxbuffer`, whose default this is.
    public var requestBytesMax = 0xFFFFF

    /// The largest reply or event in bytes that is accepted: `jute.maxbuffer`, and some for what
    /// comes around the data.
    public var replyBytesMax = 0xFFFFF + 65_536

    /// As whom each connection authenticates, before anything else is sent.
    public var authentications: [Authentication] = []

    /// A session to go on with instead of a new one: of a client that ended without closing it. If
    /// it has expired, the state is `expired` first, and then there is a new one.
    public var session: SessionCredentials?

    public init() {}
}

/// A claim to be someone, for access rules.
public struct Authentication: Hashable, Sendable {
    public var scheme: String
    public var credentials: [UInt8]

    public init(scheme: String, credentials: [UInt8]) {
        self.scheme = scheme
        self.credentials = credentials
    }

    /// The scheme `digest`. The password goes over the connection as it is. A server accepts any;
    /// a wrong one shows where rules ask for another (`noAuth`).
    public static func digest(user: String, password: String) -> Authentication {
        Authentication(scheme: "digest", credentials: Array("\(user):\(password)".utf8))
    }
}

/// What it takes to take a session over.
public struct SessionCredentials: Hashable, Sendable {
    /// Never 0.
    public var sessionID: Int64
    /// A secret, 16 bytes.
    public var password: [UInt8]

    public init(sessionID: Int64, password: [UInt8]) {
        self.sessionID = sessionID
        self.password = password
    }
}
