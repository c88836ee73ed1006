/// Parses request heads (RFC 9112 §2, §3, §5 and §6, as an origin server and a cache). What another
/// party could understand otherwise is refused with 400, never repaired.
public enum HTTPRequestParser {
    /// Parses the head at the front of `bytes`, which must be followed by 16 zero bytes; reads
    /// nothing behind those and allocates nothing. `head` is valid after `complete` alone; its
    /// `byteCount` includes empty lines that were skipped before the request line.
    ///
    /// The bytes decide, not how they arrived: what is refused here would be refused with the same
    /// words by any further bytes, and `incomplete` is said only while the head may become valid.
    public static func parse(
        _ bytes: UnsafeRawPointer, count: Int, limits: HTTPHeadLimits,
        into head: inout HTTPRequestHead
    ) -> HTTPParseOutcome {
        // The common request from front to end, with every rule that bears on it: GET or PUT of a
        // path, HTTP/1.1, a plain Host, nothing more. Whatever it meets that is rarer it leaves to
        // the functions below; calling them last of all keeps this one almost free of saved
        // registers.
        let beginning = HTTPScanner.word(bytes, 0) << 24
        let isPut = beginning == HTTPScanner.word("\0\0\0PUT /")
        guard isPut || beginning == HTTPScanner.word("\0\0\0GET /") else {
            return parseWhole(bytes, count: count, limits: limits, into: &head)
        }
        let end = HTTPScanner.targetSuspect(bytes, 5)
        guard HTTPScanner.byte(bytes, end) == ASCII.space else {
            return parseWithQuery(
                bytes, pathEnd: end, count: count, limits: limits, into: &head)
        }
        return parseBehindTarget(
            bytes, isPut: isPut, pathEnd: end, end: end, count: count, limits: limits, into: &head)
    }

    /// The same for a target with a query, if there is a question mark at `pathEnd`.
    @inline(never)
    private static func parseWithQuery(
        _ bytes: UnsafeRawPointer, pathEnd: Int, count: Int, limits: HTTPHeadLimits,
        into head: inout HTTPRequestHead
    ) -> HTTPParseOutcome {
        var end = pathEnd
        if HTTPScanner.byte(bytes, pathEnd) == ASCII.question {
            repeat {
                end = HTTPScanner.targetSuspect(bytes, end &+ 1)
            } while HTTPByteClass.isTarget(HTTPScanner.byte(bytes, end))
        }
        guard HTTPScanner.byte(bytes, end) == ASCII.space else {
            return parseWhole(bytes, count: count, limits: limits, into: &head)
        }
        let isPut = HTTPScanner.byte(bytes, 0) == UInt8(ascii: "P")
        return parseBehindTarget(
            bytes, isPut: isPut, pathEnd: pathEnd, end: end, count: count, limits: limits,
            into: &head)
    }

    @inline(__always)
    private static func parseBehindTarget(
        _ bytes: UnsafeRawPointer, isPut: Bool, pathEnd: Int, end: Int, count: Int,
        limits: HTTPHeadLimits, into head: inout HTTPRequestHead
    ) -> HTTPParseOutcome {
        guard end &- 4 <= limits.targetBytesMax,
            HTTPScanner.word(bytes, end &+ 1) == HTTPScanner.word("HTTP/1.1"),
            HTTPScanner.pair(bytes, end &+ 9) == HTTPScanner.lineEnd
        else { return parseWhole(bytes, count: count, limits: limits, into: &head) }
        head = HTTPRequestHead()
        head.method = isPut ? .put : .get
        head.pathOffset = 4
        head.pathCount = pathEnd &- 4
        // Without a query both are `end`.
        head.queryOffset = pathEnd == end ? end : pathEnd &+ 1
        head.queryCount = end &- head.queryOffset
        head.fieldsOffset = end &+ 11
        return parseBehindRequestLine(bytes, count: count, limits: limits, into: &head)
    }

    /// Parses the rest of an HTTP/1.1 head from `fieldsOffset` on.
    @inline(__always)
    private static func parseBehindRequestLine(
        _ bytes: UnsafeRawPointer, count: Int, limits: HTTPHeadLimits,
        into head: inout HTTPRequestHead
    ) -> HTTPParseOutcome {
        let hostEnd = commonHostEnd(bytes, from: head.fieldsOffset)
        guard HTTPScanner.pair(bytes, hostEnd) == HTTPScanner.lineEnd else {
            head.byteCount = head.fieldsOffset
            return parseFields(bytes, count: count, limits: limits, into: &head)
        }
        guard HTTPScanner.pair(bytes, hostEnd &+ 2) == HTTPScanner.lineEnd,
            hostEnd &+ 4 <= limits.headBytesMax
        else {
            head.byteCount = hostEnd &+ 2
            return parseFields(bytes, count: count, limits: limits, into: &head)
        }
        head.byteCount = hostEnd &+ 4
        head.isPlainGet = head.method == .get
        return .complete
    }

    /// The end of the value if a Host field of the common kind begins at `start`: letters, digits,
    /// `-` and `.`, then perhaps a port. Where it isn't one, no line ends at the offset given.
    @inline(__always)
    private static func commonHostEnd(_ bytes: UnsafeRawPointer, from start: Int) -> Int {
        let name = (HTTPScanner.word(bytes, start) | 0x2020_2020) << 16
        guard name == HTTPScanner.word("\0\0host: ") else { return start &- 1 }
        let end = HTTPScanner.hostSuspect(bytes, start &+ 6)
        guard HTTPScanner.byte(bytes, end) == ASCII.colon, end != start &+ 6 else { return end }
        return end &+ 1 &+ HTTPScanner.digitCount(bytes, end &+ 1)
    }

    /// Parses any head from its beginning.
    @inline(never)
    private static func parseWhole(
        _ bytes: UnsafeRawPointer, count: Int, limits: HTTPHeadLimits,
        into head: inout HTTPRequestHead
    ) -> HTTPParseOutcome {
        head = HTTPRequestHead()
        let end = HTTPRequestLine.end(
            bytes, count: count, targetBytesMax: limits.targetBytesMax, head: &head)
        if end < 0 {
            return HTTPFault.outcome(ofStop: end, headBytesMax: limits.headBytesMax)
        }
        head.fieldsOffset = end
        if head.minorVersion == 1 {
            return parseBehindRequestLine(bytes, count: count, limits: limits, into: &head)
        }
        head.byteCount = end
        return parseFields(bytes, count: count, limits: limits, into: &head)
    }

    /// Parses the rest of a head of which `byteCount` bytes are parsed: the request line, or that
    /// and a Host field.
    @inline(never)
    private static func parseFields(
        _ bytes: UnsafeRawPointer, count: Int, limits: HTTPHeadLimits,
        into head: inout HTTPRequestHead
    ) -> HTTPParseOutcome {
        let hasHost = head.byteCount > head.fieldsOffset
        var fields = HTTPControlFields(hasHost ? .host : [])
        var end = fields.scanLines(
            bytes, from: head.byteCount, count: count, minorVersion: head.minorVersion,
            fieldsMax: limits.headFieldsMax &- (hasHost ? 1 : 0))
        if end > limits.headBytesMax { end = HTTPFault.headTooLong.stop(at: limits.headBytesMax) }
        if end >= 0 { end = conclude(fields, at: end, into: &head) }
        if end < 0 { return HTTPFault.outcome(ofStop: end, headBytesMax: limits.headBytesMax) }
        head.byteCount = end
        return .complete
    }

    /// What all fields together ask for, for a head that ends at `end`; gives `end` or a stop.
    private static func conclude(
        _ fields: HTTPControlFields, at end: Int, into head: inout HTTPRequestHead
    ) -> Int {
        let isCurrent = head.minorVersion == 1
        if isCurrent, !fields.flags.contains(.host) {
            return HTTPFault.hostMissing.stop(at: end &- 1)
        }
        if let fault = fields.codingFault { return fault.stop(at: end &- 1) }
        head.framing = fields.framing ?? .none
        head.keepsAlive =
            head.keepsAlive && fields.keepsAlive(minorVersion: head.minorVersion)
        head.expectsContinue = fields.flags.contains(.expectContinue)
        head.asksUpgrade =
            isCurrent && fields.flags.isSuperset(of: [.upgradeField, .upgradeOption])
        head.hasConditions = fields.flags.contains(.condition)
        head.isPlainGet =
            isCurrent && head.method == .get && head.keepsAlive && head.framing == .none
            && !head.hasConditions && !head.asksUpgrade && !head.expectsContinue
        return end
    }
}
