/// What stood behind the target of the last plain GET, to know it again: a client sends the same
/// fields with each of its requests, and bytes that were understood need not be read anew, because
/// no rule for what is behind a target looks at the target.
struct HTTPHeadMemo: ~Copyable {
    /// Bytes from the space behind the target to the end of the head; what is longer isn't kept.
    static var bytesMax: Int { 512 }
    /// `GET /`: of a request that begins otherwise nothing is kept.
    static var pathOffset: Int { 4 }
    /// ` HTTP/1.1` with CR LF.
    private static var versionBytes: Int { 11 }

    private let bytes = UnsafeMutableRawPointer.allocate(
        byteCount: HTTPHeadMemo.bytesMax, alignment: 16)
    private(set) var count = 0
    /// The end of the longest path with which a head that goes on like this keeps the limits; -1:
    /// nothing is kept.
    private var pathEndMax = -1

    deinit { bytes.deallocate() }

    /// The field lines that are kept, with the blank line.
    @inline(__always)
    var fields: HTTPFields {
        HTTPFields(
            UnsafeRawBufferPointer(
                start: bytes + Self.versionBytes, count: count &- Self.versionBytes))
    }

    /// The end of the path, which has no `%`, of a plain GET at the front of `request` whose head
    /// goes on behind its target as the last one did, and so is `count` bytes longer; 0 says
    /// nothing of the request. 16 zero bytes must follow it.
    @inline(__always)
    func pathEnd(_ request: UnsafeRawPointer, count requestCount: Int) -> Int {
        guard HTTPScanner.word(request, 0) << 24 == HTTPScanner.word("\0\0\0GET /") else {
            return 0
        }
        let pathEnd = HTTPScanner.unescapedTargetSuspect(request, Self.pathOffset &+ 1)
        // What is kept has 20 bytes at least.
        guard pathEnd <= pathEndMax, pathEnd &+ count <= requestCount,
            HTTPScanner.areEqual(bytes, request + pathEnd, count)
        else { return 0 }
        return pathEnd
    }

    /// Keeps what is behind the target of a plain GET whose head was parsed within `limits`.
    @inline(never)
    mutating func keep(
        _ request: UnsafeRawPointer, _ head: HTTPRequestHead, limits: HTTPHeadLimits
    ) {
        let pathEnd = head.pathOffset &+ head.pathCount
        guard head.isPlainGet, head.pathOffset == Self.pathOffset, head.queryOffset == pathEnd,
            HTTPScanner.byte(request, Self.pathOffset) == ASCII.slash,
            head.byteCount &- pathEnd <= Self.bytesMax
        else { return }
        count = head.byteCount &- pathEnd
        bytes.copyMemory(from: request + pathEnd, byteCount: count)
        pathEndMax = min(
            limits.headBytesMax &- count,
            limits.targetBytesMax &+ Self.pathOffset)
    }
}
