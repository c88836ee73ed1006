/// The first record on a connection: who the client was, if it was someone.
struct ConnectRequest {
    /// The server must have seen as much.
    var lastZxid: Int64
    var timeoutMilliseconds: Int32
    /// 0 for a new session.
    var sessionID: Int64
    /// 16 bytes; zeros for a new session.
    var password: [UInt8]
}

/// The server's answer.
struct ConnectResponse {
    /// 0 or less: the session has expired.
    var timeoutMilliseconds: Int32
    var sessionID: Int64
    var password: [UInt8]
}

extension JuteWriter {
    mutating func connect(_ request: ConnectRequest) {
        int32(0)  // protocol version
        int64(request.lastZxid)
        int32(request.timeoutMilliseconds)
        int64(request.sessionID)
        buffer(request.password)
        bool(false)  // not content with a read-only server
    }
}

extension JuteReader {
    mutating func connectResponse() throws(JuteError) -> ConnectResponse {
        let version = try int32()
        guard version == 0 else { throw .invalid("a handshake of another protocol") }
        let response = ConnectResponse(
            timeoutMilliseconds: try int32(), sessionID: try int64(), password: try buffer())
        guard response.password.count <= SessionCredentials.passwordBytesMax else {
            throw .invalid("a session's password that is too long")
        }
        return response
    }
}

extension SessionCredentials {
    /// Far above what any server gives out (16).
    static let passwordBytesMax = 1024
}
