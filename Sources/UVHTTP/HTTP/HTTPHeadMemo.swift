/// What stood behind the target of the last plain GET, to know it again: a client sends the same
/// fields with each of its requests, and bytes that were understood need not be read anew, because
/// no rule for what is behind a target looks at the target.
struct HTTPHeadMemo: ~Copyable {
    /// Bytes from the space behind the target to the end of the head; what is longer isn't kept.
    static var bytesMax: Int { 256 }
    /// `GET /`: of a request that begins otherwise nothing is kept.
    private static var pathOffset: Int { 4 }

    private let bytes = UnsafeMutableRawPointer.allocate(
        byteCount: HTTPHeadMemo.bytesMax, alignment: 16)
    /// 0: nothing is kept.
    private var count = 0

    deinit { bytes.deallocate() }

    /// Whether a plain GET is at the front of `request`, behind which 16 zero bytes must follow,
    /// whose head goes on behind its target as the last one did; `head` is then what the parser
    /// would make of it. False says nothing of the request.
    @inline(__always)
    func recognizes(
        _ request: UnsafeRawPointer, count requestCount: Int,
        limits: UnsafePointer<HTTPLimits>, into head: inout HTTPRequestHead
    ) -> Bool {
        guard HTTPScanner.word(request, 0) << 24 == HTTPScanner.word("\0\0\0GET /"), count > 0
        else { return false }
        let pathEnd = HTTPScanner.targetSuspect(request, Self.pathOffset &+ 1)
        let end = pathEnd &+ count
        guard end <= requestCount, end <= limits.pointee.headBytesMax,
            pathEnd &- Self.pathOffset <= limits.pointee.targetBytesMax,
            isKept(request + pathEnd)
        else { return false }
        head = HTTPRequestHead()
        head.isPlainGet = true
        head.pathOffset = Self.pathOffset
        head.pathCount = pathEnd &- Self.pathOffset
        head.queryOffset = pathEnd
        head.fieldsOffset = pathEnd &+ 11
        head.byteCount = end
        return true
    }

    /// Whether the `count` (11 or more) bytes at `other` are those that are kept.
    @inline(__always)
    private func isKept(_ other: UnsafeRawPointer) -> Bool {
        var offset = 0
        while offset &+ 8 < count {
            if HTTPScanner.word(bytes, offset) != HTTPScanner.word(other, offset) { return false }
            offset &+= 8
        }
        return HTTPScanner.word(bytes, count &- 8) == HTTPScanner.word(other, count &- 8)
    }

    /// Keeps what is behind the target of a request whose head was parsed, if it is a plain GET.
    @inline(never)
    mutating func keep(_ request: UnsafeRawPointer, _ head: HTTPRequestHead) {
        let pathEnd = head.pathOffset &+ head.pathCount
        guard head.isPlainGet, head.pathOffset == Self.pathOffset, head.queryOffset == pathEnd,
            HTTPScanner.byte(request, Self.pathOffset) == ASCII.slash,
            head.byteCount &- pathEnd <= Self.bytesMax
        else { return }
        count = head.byteCount &- pathEnd
        bytes.copyMemory(from: request + pathEnd, byteCount: count)
    }
}
