/// The request line in all its forms (RFC 9112 §3).
enum HTTPRequestLine {
    /// Empty lines borne before a request: some old clients end a body with one (RFC 9112 §2.2).
    static var emptyLinesMax: Int { 4 }
    /// Bytes of a method; a longer one is longer than any known one (RFC 9112 §3).
    static var methodBytesMax: Int { 32 }

    /// Parses the request line at the front of `bytes`, and empty lines before it. Gives the offset
    /// of the field lines, or a stop.
    static func end(
        _ bytes: UnsafeRawPointer, count: Int, targetBytesMax: Int, head: inout HTTPRequestHead
    ) -> Int {
        let target = methodEnd(bytes, count: count, head: &head)
        if target < 0 { return target }
        let end = targetEnd(
            bytes, from: target, count: count, bytesMax: targetBytesMax, head: &head)
        if end < 0 { return end }
        return versionEnd(bytes, from: end &+ 1, count: count, head: &head)
    }

    /// Skips empty lines and parses the method and its space. Gives the offset of the target, or a
    /// stop.
    private static func methodEnd(
        _ bytes: UnsafeRawPointer, count: Int, head: inout HTTPRequestHead
    ) -> Int {
        let start = emptyLinesEnd(bytes, count: count)
        if start < 0 { return start }
        var end = start
        while HTTPByteClass.isToken(HTTPScanner.byte(bytes, end)) {
            if end &- start == methodBytesMax { return HTTPFault.methodTooLong.stop(at: end) }
            end &+= 1
        }
        guard HTTPScanner.byte(bytes, end) == ASCII.space, end > start else {
            return HTTPFault.method.stop(at: end, unlessAfter: count)
        }
        head.method = method(bytes, from: start, count: end &- start)
        // What comes behind a CONNECT may be meant for somebody else (RFC 9110 §9.3.6).
        head.keepsAlive = head.method != .connect
        return end &+ 1
    }

    private static func emptyLinesEnd(_ bytes: UnsafeRawPointer, count: Int) -> Int {
        var offset = 0
        while HTTPScanner.byte(bytes, offset) == ASCII.carriageReturn {
            guard HTTPScanner.byte(bytes, offset &+ 1) == ASCII.lineFeed else {
                return HTTPFault.lineEnd.stop(at: offset &+ 1, unlessAfter: count)
            }
            offset &+= 2
            if offset > 2 &* emptyLinesMax { return HTTPFault.emptyLines.stop(at: offset &- 1) }
        }
        return offset
    }

    private static func method(_ bytes: UnsafeRawPointer, from start: Int, count: Int) -> HTTPMethod
    {
        guard count <= 8 else { return .other }
        switch HTTPScanner.word(bytes, start) << UInt64(64 &- 8 &* count) {
        case HTTPScanner.word("\0\0\0\0\0GET"): return .get
        case HTTPScanner.word("\0\0\0\0\0PUT"): return .put
        case HTTPScanner.word("\0\0\0\0HEAD"): return .head
        case HTTPScanner.word("\0\0\0\0POST"): return .post
        case HTTPScanner.word("\0\0DELETE"): return .delete
        case HTTPScanner.word("\0OPTIONS"): return .options
        case HTTPScanner.word("\0\0\0PATCH"): return .patch
        case HTTPScanner.word("\0\0\0TRACE"): return .trace
        case HTTPScanner.word("\0CONNECT"): return .connect
        case HTTPScanner.word("\0\0\0QUERY"): return .query
        default: return .other
        }
    }

    /// Parses the target that begins at `start` in whichever form. Gives the offset of the space
    /// behind it, or a stop.
    private static func targetEnd(
        _ bytes: UnsafeRawPointer, from start: Int, count: Int, bytesMax: Int,
        head: inout HTTPRequestHead
    ) -> Int {
        let first = HTTPScanner.byte(bytes, start)
        guard mayBegin(first, head.method) else {
            return HTTPFault.targetForm.stop(at: start, unlessAfter: count)
        }
        var question: Int?
        var end = start
        while true {
            end = HTTPScanner.targetSuspect(bytes, end)
            let byte = HTTPScanner.byte(bytes, end)
            guard HTTPByteClass.isTarget(byte) else { break }
            if byte == ASCII.question, question == nil { question = end }
            end &+= 1
        }
        if end &- start > bytesMax { return HTTPFault.targetTooLong.stop(at: start &+ bytesMax) }
        guard HTTPScanner.byte(bytes, end) == ASCII.space else {
            return HTTPFault.target.stop(at: end, unlessAfter: count)
        }
        let pathEnd = question ?? end
        head.queryOffset = question.map { $0 &+ 1 } ?? end
        head.queryCount = end &- head.queryOffset
        let pathOffset = pathOffset(bytes, from: start, to: pathEnd, head.method, end: end)
        if pathOffset < 0 { return pathOffset }
        head.pathOffset = pathOffset
        head.pathCount = pathEnd &- pathOffset
        return end
    }

    /// Whether a target of this method can begin with this byte: an authority for CONNECT alone
    /// (RFC 9112 §3.2.3), a slash, a star, or the `h` of a scheme for all others.
    private static func mayBegin(_ first: UInt8, _ method: HTTPMethod) -> Bool {
        if method == .connect { return HTTPByteClass.isTarget(first) && first != ASCII.slash }
        return first == ASCII.slash || first == UInt8(ascii: "*")
            || ASCII.lowercase(first) == UInt8(ascii: "h")
    }

    /// Where the path begins in the target from `start` to `end` whose path would end at `pathEnd`,
    /// or a stop. An authority counts as the path of CONNECT.
    private static func pathOffset(
        _ bytes: UnsafeRawPointer, from start: Int, to pathEnd: Int, _ method: HTTPMethod, end: Int
    ) -> Int {
        let target = UnsafeRawBufferPointer(start: bytes + start, count: end &- start)
        if method == .connect {
            let isValid = HTTPAuthority.isValid(target, needsPort: true)
            return isValid ? start : HTTPFault.authority.stop(at: end)
        }
        switch target[0] {
        case ASCII.slash: return start
        case UInt8(ascii: "*"):
            let isValid = method == .options && target.count == 1
            return isValid ? start : HTTPFault.targetForm.stop(at: end)
        default:
            guard let schemeCount = schemeCount(target) else {
                return HTTPFault.targetForm.stop(at: end)
            }
            let path = target[schemeCount..<(pathEnd &- start)]
            let authorityEnd = path.firstIndex(of: ASCII.slash) ?? path.endIndex
            let authority = UnsafeRawBufferPointer(rebasing: target[schemeCount..<authorityEnd])
            let isValid = HTTPAuthority.isValid(authority)
            return isValid ? start &+ authorityEnd : HTTPFault.authority.stop(at: end)
        }
    }

    /// The length of `http://` or `https://` in any case at the front of a target. A `?` can't
    /// come before the end of it, so the path never ends inside.
    private static func schemeCount(_ target: UnsafeRawBufferPointer) -> Int? {
        for count in 7...8 where target.count >= count {
            let scheme = UnsafeRawBufferPointer(rebasing: target[0..<count])
            if scheme.equalsIgnoringCase(count == 7 ? "http://" : "https://") { return count }
        }
        return nil
    }

    /// Parses the version and the line end of a request line whose target ended before `start`.
    /// Gives the offset of the field lines, or a stop.
    private static func versionEnd(
        _ bytes: UnsafeRawPointer, from start: Int, count: Int, head: inout HTTPRequestHead
    ) -> Int {
        let end = HTTPVersion.end(bytes, from: start, count: count)
        if end < 0 { return end }
        guard HTTPScanner.pair(bytes, end) == HTTPScanner.lineEnd else {
            let isReturn = HTTPScanner.byte(bytes, end) == ASCII.carriageReturn
            return HTTPFault.lineEnd.stop(at: isReturn ? end &+ 1 : end, unlessAfter: count)
        }
        head.minorVersion = HTTPVersion.minor(bytes, end: end)
        return end &+ 2
    }
}

/// `HTTP/1.0` or `HTTP/1.1` at the front of an answer and the end of a request line. RFC 9110 §2.5
/// lets 1.2 to 1.9 be taken for 1.1, or be refused with 505 (§15.6.6): there are no such versions,
/// and what they would mean nobody knows.
enum HTTPVersion {
    /// Gives the offset behind the version that begins at `start`, or a stop.
    static func end(_ bytes: UnsafeRawPointer, from start: Int, count: Int) -> Int {
        let text: StaticString = "HTTP/1."
        for index in 0..<7 {
            let byte = HTTPScanner.byte(bytes, start &+ index)
            if byte == text.utf8Start[index] { continue }
            let isOtherMajor = index == 5 && byte &- 0x30 < 10
            let fault = isOtherMajor ? HTTPFault.versionUnsupported : .version
            return fault.stop(at: start &+ index, unlessAfter: count)
        }
        let minor = HTTPScanner.byte(bytes, start &+ 7) &- 0x30
        guard minor < 2 else {
            let fault = minor < 10 ? HTTPFault.versionUnsupported : .version
            return fault.stop(at: start &+ 7, unlessAfter: count)
        }
        return start &+ 8
    }

    /// The minor version that ends at `end`.
    static func minor(_ bytes: UnsafeRawPointer, end: Int) -> UInt8 {
        HTTPScanner.byte(bytes, end &- 1) == UInt8(ascii: "0") ? 0 : 1
    }
}
