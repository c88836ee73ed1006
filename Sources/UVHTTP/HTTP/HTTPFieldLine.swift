/// The rules of one field line (RFC 9112 §5): a token, a colon directly behind it, a value without
/// controls, CR LF. A folded line is refused.
enum HTTPFieldLine {
    /// The offset of the colon of the field line that begins at `start` (at most `count`), or a
    /// stop.
    @inline(__always)
    static func nameEnd(_ bytes: UnsafeRawPointer, from start: Int, count: Int) -> Int {
        let end = HTTPScanner.nameSuspect(bytes, start)
        if HTTPScanner.byte(bytes, end) == ASCII.colon, end != start { return end }
        return uncommonNameEnd(bytes, from: start, count: count)
    }

    /// The offset of the CR LF that ends the value beginning at `start`, or a stop. A reason phrase
    /// has the same bytes (RFC 9112 §4).
    @inline(__always)
    static func valueEnd(_ bytes: UnsafeRawPointer, from start: Int, count: Int) -> Int {
        let end = HTTPScanner.valueSuspect(bytes, start)
        if HTTPScanner.pair(bytes, end) == HTTPScanner.lineEnd { return end }
        return uncommonValueEnd(bytes, from: end, count: count)
    }

    @inline(never)
    private static func uncommonNameEnd(
        _ bytes: UnsafeRawPointer, from start: Int, count: Int
    ) -> Int {
        var end = start
        while HTTPByteClass.isToken(HTTPScanner.byte(bytes, end)) { end &+= 1 }
        let byte = HTTPScanner.byte(bytes, end)
        if byte == ASCII.colon, end != start { return end }
        if end == start {
            switch byte {
            case ASCII.carriageReturn:
                // Not the blank line, or not yet: that was looked for before.
                return HTTPFault.lineEnd.stop(at: end &+ 1, unlessAfter: count)
            case ASCII.space, ASCII.tab: return HTTPFault.fieldFolded.stop(at: end)
            default: break
            }
        }
        let fault = byte == ASCII.lineFeed ? HTTPFault.lineEnd : .fieldName
        return fault.stop(at: end, unlessAfter: count)
    }

    /// Goes on from a suspect.
    @inline(never)
    private static func uncommonValueEnd(
        _ bytes: UnsafeRawPointer, from start: Int, count: Int
    ) -> Int {
        var end = start
        while true {
            let byte = HTTPScanner.byte(bytes, end)
            if !HTTPByteClass.isFieldValue(byte) {
                guard byte == ASCII.carriageReturn else {
                    let fault = byte == ASCII.lineFeed ? HTTPFault.lineEnd : .fieldValue
                    return fault.stop(at: end, unlessAfter: count)
                }
                if HTTPScanner.pair(bytes, end) == HTTPScanner.lineEnd { return end }
                return HTTPFault.lineEnd.stop(at: end &+ 1, unlessAfter: count)
            }
            end = HTTPScanner.valueSuspect(bytes, end &+ 1)
        }
    }

    /// What stops a head whose fields are used up, at the beginning of a further line.
    @inline(never)
    static func stopPastLastField(_ bytes: UnsafeRawPointer, at offset: Int, count: Int) -> Int {
        if HTTPScanner.byte(bytes, offset) == ASCII.carriageReturn {
            return HTTPFault.lineEnd.stop(at: offset &+ 1, unlessAfter: count)
        }
        return HTTPFault.fieldsTooMany.stop(at: offset, unlessAfter: count)
    }
}

/// The members of a comma-separated list (RFC 9110 §5.6.1), trimmed, empty ones included.
struct HTTPListMembers: Sequence, IteratorProtocol {
    private let bytes: UnsafeRawBufferPointer
    private var offset = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    mutating func next() -> UnsafeRawBufferPointer? {
        guard offset <= bytes.count else { return nil }
        let start = offset
        while offset < bytes.count, bytes[offset] != ASCII.comma { offset += 1 }
        defer { offset += 1 }
        return UnsafeRawBufferPointer(rebasing: bytes[start..<offset]).trimmed
    }
}

extension HTTPFields {
    /// Whether the list in the fields of this name (in lower case) has `lowercaseMember`, in any
    /// case.
    func list(_ lowercaseName: StaticString, has lowercaseMember: StaticString) -> Bool {
        count(lowercaseName, where: { $0.equalsIgnoringCase(lowercaseMember) }) > 0
    }

    /// Whether that list has no other member.
    func list(_ lowercaseName: StaticString, isOnly lowercaseMember: StaticString) -> Bool {
        list(lowercaseName, has: lowercaseMember)
            && count(lowercaseName, where: { !$0.equalsIgnoringCase(lowercaseMember) }) == 0
    }

    private func count(
        _ lowercaseName: StaticString, where isCounted: (UnsafeRawBufferPointer) -> Bool
    ) -> Int {
        var count = 0
        forEach { name, value in
            guard name.equalsIgnoringCase(lowercaseName) else { return }
            for member in HTTPListMembers(value) where !member.isEmpty && isCounted(member) {
                count += 1
            }
        }
        return count
    }
}

extension UnsafeRawBufferPointer {
    /// These bytes without the spaces and tabs at both ends (OWS, RFC 9110 §5.6.3).
    var trimmed: UnsafeRawBufferPointer {
        var start = 0
        var end = count
        while start < end, self[start] == ASCII.space || self[start] == ASCII.tab { start &+= 1 }
        while end > start, self[end &- 1] == ASCII.space || self[end &- 1] == ASCII.tab {
            end &-= 1
        }
        return UnsafeRawBufferPointer(rebasing: self[start..<end])
    }

    /// True when these bytes are one token (RFC 9110 §5.6.2).
    var isToken: Bool { !isEmpty && allSatisfy(HTTPByteClass.isToken) }
}
