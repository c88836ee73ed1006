/// What stood behind the target of a PUT, to know it again, as `HTTPHeadMemo` does for plain GETs.
/// Of all that is behind a target only the digits of Content-Length differ between the PUTs of a
/// client, and no other rule looks at them: a length is a length.
struct HTTPPutMemo: ~Copyable {
    /// Bytes from the space behind the target to the end of the head; what is longer isn't kept.
    static var bytesMax: Int { 512 }
    /// Digits of a Content-Length that is known again.
    static var digitsMax: Int { 7 }
    /// `PUT /`: of a request that begins otherwise nothing is kept.
    private static var pathOffset: Int { 4 }
    /// ` HTTP/1.1` with CR LF.
    private static var versionBytes: Int { 11 }
    /// Of the heads that aren't known one in so many is kept in the place of another: to keep costs
    /// more than to know saves, where clients that differ take turns.
    private static var patience: UInt8 { 16 }

    /// What is kept up to the digits, and from behind them on.
    private let prefix = UnsafeMutableRawPointer.allocate(
        byteCount: HTTPPutMemo.bytesMax, alignment: 16)
    private let suffix = UnsafeMutableRawPointer.allocate(
        byteCount: HTTPPutMemo.bytesMax, alignment: 16)
    /// 0: nothing is kept.
    private var prefixCount = 0
    private var suffixCount = 0
    /// The head of a request with an empty target, no digits and no body.
    private var head = HTTPRequestHead()
    private var isTypeBehindDigits = false
    private var unknownCount: UInt8 = 0

    init() {}

    deinit {
        prefix.deallocate()
        suffix.deallocate()
    }

    /// Makes `head` that of the PUT at the front of `request`, if it has no query and goes on
    /// behind its target as the one that is kept. If not, `head` is as it was, and nothing is said
    /// of the request. 16 zero bytes must follow it.
    @inline(__always)
    func recognize(
        _ request: UnsafeRawPointer, count: Int, limits: UnsafePointer<HTTPLimits>,
        into head: UnsafeMutablePointer<HTTPRequestHead>
    ) -> Bool {
        guard HTTPScanner.word(request, 0) << 24 == HTTPScanner.word("\0\0\0PUT /"),
            prefixCount > 0
        else { return false }
        return recognizePut(request, count: count, limits: limits, into: head)
    }

    @inline(never)
    private func recognizePut(
        _ request: UnsafeRawPointer, count: Int, limits: UnsafePointer<HTTPLimits>,
        into head: UnsafeMutablePointer<HTTPRequestHead>
    ) -> Bool {
        let pathEnd = HTTPScanner.targetSuspect(request, Self.pathOffset &+ 1)
        let start = pathEnd &+ prefixCount
        guard start < count, pathEnd &- Self.pathOffset <= limits.pointee.targetBytesMax,
            Self.areEqual(prefix, request + pathEnd, prefixCount)
        else { return false }
        let digitCount = HTTPScanner.digitCount(request, start)
        let end = start &+ digitCount &+ suffixCount
        guard 1...Self.digitsMax ~= digitCount, end <= count,
            end <= limits.pointee.headBytesMax,
            Self.areEqual(suffix, request + (start &+ digitCount), suffixCount)
        else { return false }
        head.pointee = self.head
        head.pointee.pathCount = pathEnd &- Self.pathOffset
        head.pointee.queryOffset = pathEnd
        head.pointee.fieldsOffset = pathEnd &+ Self.versionBytes
        head.pointee.byteCount = end
        head.pointee.framing = .length(Self.number(request + start, digitCount))
        if self.head.contentTypeOffset > 0 {
            head.pointee.contentTypeOffset &+=
                pathEnd &+ (isTypeBehindDigits ? digitCount : 0)
        }
        return true
    }

    @inline(__always)
    private static func number(_ digits: UnsafeRawPointer, _ count: Int) -> Int {
        var number = 0
        for index in 0..<count {
            number = number &* 10 &+ Int(HTTPScanner.byte(digits, index) & 0x0F)
        }
        return number
    }

    /// Whether `count` bytes are the same; they are 4 at least, as CR LF twice.
    @inline(__always)
    private static func areEqual(
        _ kept: UnsafeMutableRawPointer, _ other: UnsafeRawPointer, _ count: Int
    ) -> Bool {
        guard count >= 16 else { return areFewEqual(kept, other, count) }
        return HTTPScanner.areEqual(kept, other, count)
    }

    @inline(__always)
    private static func areFewEqual(
        _ kept: UnsafeRawPointer, _ other: UnsafeRawPointer, _ count: Int
    ) -> Bool {
        if count >= 8 {
            return HTTPScanner.word(kept, 0) == HTTPScanner.word(other, 0)
                && HTTPScanner.word(kept, count &- 8) == HTTPScanner.word(other, count &- 8)
        }
        return HTTPScanner.half(kept, 0) == HTTPScanner.half(other, 0)
            && HTTPScanner.half(kept, count &- 4) == HTTPScanner.half(other, count &- 4)
    }

    /// Keeps what is behind the target of a PUT whose head was parsed, unless another was kept a
    /// moment ago.
    @inline(never)
    mutating func keep(_ request: UnsafeRawPointer, _ head: HTTPRequestHead) {
        let pathEnd = head.pathOffset &+ head.pathCount
        let fields = HTTPFields(
            UnsafeRawBufferPointer(
                start: request + head.fieldsOffset, count: head.byteCount &- head.fieldsOffset))
        guard case .length = head.framing, isTimeToKeep(), head.method == .put,
            head.keepsAlive, head.minorVersion == 1, head.pathOffset == Self.pathOffset,
            head.queryOffset == pathEnd,
            HTTPScanner.byte(request, Self.pathOffset) == ASCII.slash,
            head.byteCount &- pathEnd <= Self.bytesMax,
            let digits = fields.first("content-length"),
            let first = digits.baseAddress, 1...Self.digitsMax ~= digits.count
        else { return }
        let start = first - request
        let end = start &+ digits.count
        prefixCount = start &- pathEnd
        suffixCount = head.byteCount &- end
        prefix.copyMemory(from: request + pathEnd, byteCount: prefixCount)
        suffix.copyMemory(from: request + end, byteCount: suffixCount)
        self.head = head
        noteType(fields.contentType, request, pathEnd, start, digits.count)
    }

    private mutating func isTimeToKeep() -> Bool {
        unknownCount = (unknownCount &+ 1) % Self.patience
        return prefixCount == 0 || unknownCount == 0
    }

    /// Where the Content-Type stands behind a target that ends at 0, had the length no digits.
    private mutating func noteType(
        _ type: UnsafeRawBufferPointer?, _ request: UnsafeRawPointer, _ pathEnd: Int, _ start: Int,
        _ digitCount: Int
    ) {
        guard let type, let first = type.baseAddress else {
            head.contentTypeOffset = HTTPRequestHead.noContentType
            return
        }
        let offset = first - request
        isTypeBehindDigits = offset > start
        head.contentTypeOffset =
            offset &- pathEnd &- (isTypeBehindDigits ? digitCount : 0)
        head.contentTypeCount = type.count
    }
}
