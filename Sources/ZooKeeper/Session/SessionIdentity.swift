/// Who the session is for the servers, what it has seen, and until when it surely lives.
struct SessionIdentity {
    private(set) var sessionID: Int64 = 0
    private(set) var password = [UInt8](repeating: 0, count: 16)
    /// As granted; before that, as asked for.
    private(set) var timeoutMilliseconds: UInt64
    private let requestedMilliseconds: Int32
    /// The newest transaction seen. No server that is behind it is good enough, unless the session
    /// is lost: then it may be that the ensemble has begun anew, with empty memory, and a session
    /// that insisted on what it has seen would never hear that it has expired.
    private(set) var lastZxid: Int64 = 0
    /// The newest transaction up to which all events of all watches have come.
    private(set) var watchZxid: Int64 = 0
    /// When the newest of what a server has answered to was sent; the server's clock for the
    /// session has begun anew then or later.
    private var confirmedAt: UInt64?
    var isLost = false

    init(options: ZooKeeperOptions) {
        let requested = min(max(1, options.sessionTimeoutMilliseconds), Int(Int32.max))
        requestedMilliseconds = Int32(requested)
        timeoutMilliseconds = UInt64(requested)
        guard let session = options.session, session.sessionID != 0,
            session.password.count <= SessionCredentials.passwordBytesMax
        else { return }
        sessionID = session.sessionID
        password = session.password
    }

    /// There is a session, or there was one that no server has said is over.
    var exists: Bool { sessionID != 0 }

    var credentials: SessionCredentials? {
        exists ? SessionCredentials(sessionID: sessionID, password: password) : nil
    }

    var connectRequest: ConnectRequest {
        ConnectRequest(
            lastZxid: isLost ? 0 : lastZxid, timeoutMilliseconds: requestedMilliseconds,
            sessionID: sessionID, password: password)
    }

    /// When the session may be over for all that is known here; nil when that is so already, or
    /// when no server has ever confirmed it.
    var lostAt: UInt64? {
        isLost ? nil : confirmedAt.map { $0 + timeoutMilliseconds }
    }

    /// Takes what a server has granted; its timeout must be positive.
    mutating func accept(_ response: ConnectResponse) throws(JuteError) {
        guard response.sessionID != 0 else { throw .invalid("a session without a number") }
        guard !exists || response.sessionID == sessionID else {
            throw .invalid("another session than asked for")
        }
        sessionID = response.sessionID
        password = response.password
        timeoutMilliseconds = UInt64(max(1, response.timeoutMilliseconds))
        isLost = false
    }

    /// A server has answered to what was sent then.
    mutating func confirm(at sentAt: UInt64) {
        confirmedAt = max(confirmedAt ?? 0, sentAt)
    }

    /// A reply says that its server has done this transaction.
    mutating func see(_ zxid: Int64, allWatchesAreSet: Bool) {
        lastZxid = max(lastZxid, zxid)
        if allWatchesAreSet { watchZxid = max(watchZxid, zxid) }
    }

    /// The session is over.
    mutating func forget() {
        sessionID = 0
        password = [UInt8](repeating: 0, count: 16)
        timeoutMilliseconds = UInt64(requestedMilliseconds)
        lastZxid = 0
        watchZxid = 0
        confirmedAt = nil
        isLost = false
    }
}
