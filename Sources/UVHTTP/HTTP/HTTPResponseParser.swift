/// Parses the heads of answers (RFC 9112 §4, §5 and §6), as strictly as those of requests.
public enum HTTPResponseParser {
    /// Parses the head at the front of `bytes`, which must be followed by 16 zero bytes; reads
    /// nothing behind those and allocates nothing. `method` is the request's: the framing depends
    /// on it (RFC 9112 §6.3). `head` is valid after `complete` alone. A refusal's status has no
    /// meaning but to name the kind of fault.
    public static func parse(
        _ bytes: UnsafeRawPointer, count: Int, answering method: HTTPMethod, limits: HTTPHeadLimits,
        into head: inout HTTPResponseHead
    ) -> HTTPParseOutcome {
        head = HTTPResponseHead()
        let end = parseHead(bytes, count: count, answering: method, limits: limits, into: &head)
        if end >= 0 {
            head.byteCount = end
            return .complete
        }
        return HTTPFault.outcome(ofStop: end, headBytesMax: limits.headBytesMax)
    }

    /// Gives the offset behind the head, or a stop.
    private static func parseHead(
        _ bytes: UnsafeRawPointer, count: Int, answering method: HTTPMethod, limits: HTTPHeadLimits,
        into head: inout HTTPResponseHead
    ) -> Int {
        var offset = parseStatusLine(bytes, count: count, into: &head)
        if offset < 0 { return offset }
        head.fieldsOffset = offset
        var fields = HTTPControlFields(.answer)
        offset = fields.scanLines(
            bytes, from: offset, count: count, minorVersion: head.minorVersion,
            fieldsMax: limits.headFieldsMax)
        if offset < 0 { return offset }
        if offset > limits.headBytesMax {
            return HTTPFault.headTooLong.stop(at: limits.headBytesMax)
        }
        if let fault = fields.codingFault { return fault.stop(at: offset &- 1) }
        let hasBody = hasBody(status: head.status, answering: method)
        head.framing = hasBody ? fields.framing ?? .untilClose : .none
        head.keepsAlive =
            head.framing != .untilClose && fields.keepsAlive(minorVersion: head.minorVersion)
        return announcesBody(fields) ? conclude(announcing: &head, at: offset) : offset
    }

    private static func announcesBody(_ fields: HTTPControlFields) -> Bool {
        fields.flags.contains(.transferEncoding) || fields.contentLength > 0
    }

    /// A body is announced where none can be: an informational answer and a 204 must not do that
    /// (RFC 9112 §6.1, RFC 9110 §8.6). A 304 may, telling of the body that it leaves out; but a
    /// peer that sends the body all the same would have it read as the next answer, so this one is
    /// the connection's last.
    private static func conclude(announcing head: inout HTTPResponseHead, at offset: Int) -> Int {
        if head.status < 200 || head.status == 204 {
            return HTTPFault.bodyAnnounced.stop(at: offset &- 1)
        }
        if head.status == 304 { head.keepsAlive = false }
        return offset
    }

    /// RFC 9112 §6.3, rules 1 and 2.
    private static func hasBody(status: Int, answering method: HTTPMethod) -> Bool {
        if method == .head || status < 200 || status == 204 || status == 304 { return false }
        return !(method == .connect && status < 300)
    }

    /// Parses `HTTP/1.x SP 3DIGIT [SP reason] CRLF`: some servers leave the reason's space out.
    /// Gives the offset of the field lines, or a stop.
    private static func parseStatusLine(
        _ bytes: UnsafeRawPointer, count: Int, into head: inout HTTPResponseHead
    ) -> Int {
        var offset = HTTPVersion.end(bytes, from: 0, count: count)
        if offset < 0 { return offset }
        head.minorVersion = HTTPVersion.minor(bytes, end: offset)
        guard HTTPScanner.byte(bytes, offset) == ASCII.space else {
            return HTTPFault.statusLine.stop(at: offset, unlessAfter: count)
        }
        offset &+= 1
        for index in 0..<3 {
            let digit = HTTPScanner.byte(bytes, offset) &- 0x30
            guard digit < 10, index > 0 || digit > 0 else {
                return HTTPFault.statusLine.stop(at: offset, unlessAfter: count)
            }
            head.status = head.status &* 10 &+ Int(digit)
            offset &+= 1
        }
        let next = HTTPScanner.byte(bytes, offset)
        guard next == ASCII.space || next == ASCII.carriageReturn else {
            return HTTPFault.statusLine.stop(at: offset, unlessAfter: count)
        }
        let end = HTTPFieldLine.valueEnd(bytes, from: offset, count: count)
        return end < 0 ? end : end &+ 2
    }
}
