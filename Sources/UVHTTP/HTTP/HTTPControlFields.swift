/// What the fields that steer the connection and the body have said so far (RFC 9112 §6, RFC 9110
/// §7.6 to §7.8 and §10.1.1), and whether there are fields that choose the answer; every other
/// field is the application's alone.
struct HTTPControlFields {
    struct Flags: OptionSet {
        var rawValue: UInt16

        /// The message is an answer: Host and Expect mean nothing in it.
        static let answer = Flags(rawValue: 1)
        static let host = Flags(rawValue: 1 << 1)
        static let contentLength = Flags(rawValue: 1 << 2)
        static let transferEncoding = Flags(rawValue: 1 << 3)
        static let chunked = Flags(rawValue: 1 << 4)
        static let otherCoding = Flags(rawValue: 1 << 5)
        static let close = Flags(rawValue: 1 << 6)
        static let keepAlive = Flags(rawValue: 1 << 7)
        static let upgradeOption = Flags(rawValue: 1 << 8)
        static let upgradeField = Flags(rawValue: 1 << 9)
        static let expectContinue = Flags(rawValue: 1 << 10)
        static let condition = Flags(rawValue: 1 << 11)
    }

    var flags: Flags
    var contentLength = 0

    @inline(__always)
    init(_ flags: Flags = []) { self.flags = flags }

    /// Parses field lines up to and with the blank line. Gives the offset behind it, or a stop.
    @inline(__always)
    mutating func scanLines(
        _ bytes: UnsafeRawPointer, from start: Int, count: Int, minorVersion: UInt8, fieldsMax: Int
    ) -> Int {
        var offset = start
        var fieldsLeft = fieldsMax
        while HTTPScanner.pair(bytes, offset) != HTTPScanner.lineEnd {
            if fieldsLeft <= 0 {
                return HTTPFieldLine.stopPastLastField(bytes, at: offset, count: count)
            }
            fieldsLeft &-= 1
            offset = scanLine(bytes, from: offset, count: count, minorVersion: minorVersion)
            if offset < 0 { return offset }
        }
        return offset &+ 2
    }

    /// Parses one field line and takes note of it. Gives the offset of the next line, or a stop.
    @inline(__always)
    private mutating func scanLine(
        _ bytes: UnsafeRawPointer, from start: Int, count: Int, minorVersion: UInt8
    ) -> Int {
        let colon = HTTPFieldLine.nameEnd(bytes, from: start, count: count)
        if colon < 0 { return colon }
        let end = HTTPFieldLine.valueEnd(bytes, from: colon &+ 1, count: count)
        if end < 0 { return end }
        if Self.mayMatter(nameCount: colon &- start, first: HTTPScanner.byte(bytes, start)) {
            let value = UnsafeRawBufferPointer(
                start: bytes + (colon &+ 1), count: end &- colon &- 1)
            if let fault = note(
                bytes + start, nameCount: colon &- start, value: value, minorVersion: minorVersion)
            {
                return fault.stop(at: end &+ 1)
            }
        }
        return end &+ 2
    }

    /// Whether a name of this length and first letter can be one of those that `note` knows: their
    /// sums of both (the letter as its place in the alphabet) are as good as never met otherwise.
    @inline(__always)
    private static func mayMatter(nameCount: Int, first: UInt8) -> Bool {
        let sums: UInt64 =
            1 << (4 + 8)  // Host
            | 1 << (6 + 5)  // Expect
            | 1 << (7 + 21)  // Upgrade
            | 1 << (10 + 3)  // Connection
            | 1 << (14 + 3)  // Content-Length
            | 1 << (17 + 20)  // Transfer-Encoding
            | 1 << (13 + 3)  // Cache-Control, Content-Range
            | 1 << (8 + 9)  // If-Match
            | 1 << (13 + 9)  // If-None-Match
        return sums &>> UInt64(truncatingIfNeeded: nameCount &+ Int(first & 0x1F)) & 1 != 0
    }

    @inline(never)
    private mutating func note(
        _ name: UnsafeRawPointer, nameCount: Int, value: UnsafeRawBufferPointer, minorVersion: UInt8
    ) -> HTTPFault? {
        // The name is made of token characters, so setting 0x20 maps only letters to letters; the
        // colon and more follow it, so eight bytes may always be loaded.
        let lower = HTTPScanner.each(0x20)
        let first = HTTPScanner.word(name, 0) | lower
        let last = HTTPScanner.word(name, max(0, nameCount &- 8)) | lower
        switch nameCount {
        case 4 where first << 32 == HTTPScanner.word("\0\0\0\0host"):
            return noteHost(value.trimmed)
        case 6 where first << 16 == HTTPScanner.word("\0\0expect"):
            return noteExpect(value, minorVersion: minorVersion)
        case 7 where first << 8 == HTTPScanner.word("\0upgrade"):
            flags.insert(.upgradeField)
        case 8 where first == HTTPScanner.word("if-match"): flags.insert(.condition)
        case 10 where first == HTTPScanner.word("connecti") && last == HTTPScanner.word("nnection"):
            return noteConnection(value)
        case 13 where first == HTTPScanner.word("cache-co") && last == HTTPScanner.word("-control"),
            13 where first == HTTPScanner.word("if-none-") && last == HTTPScanner.word("ne-match"),
            13 where first == HTTPScanner.word("content-") && last == HTTPScanner.word("nt-range"):
            flags.insert(.condition)
        case 14 where first == HTTPScanner.word("content-") && last == HTTPScanner.word("t-length"):
            return noteContentLength(value.trimmed)
        case 17 where first == HTTPScanner.word("transfer") && last == HTTPScanner.word("encoding"):
            if HTTPScanner.byte(name, 8) == UInt8(ascii: "-") {
                return noteTransferEncoding(value, minorVersion: minorVersion)
            }
        default: break
        }
        return nil
    }

    /// An empty Host is what a client sends that has no authority to name (RFC 9112 §3.2).
    private mutating func noteHost(_ value: UnsafeRawBufferPointer) -> HTTPFault? {
        if flags.contains(.answer) { return nil }
        if flags.contains(.host) { return .hostRepeated }
        flags.insert(.host)
        return value.isEmpty || HTTPAuthority.isValid(value) ? nil : .hostInvalid
    }

    private mutating func noteExpect(
        _ value: UnsafeRawBufferPointer, minorVersion: UInt8
    ) -> HTTPFault? {
        if flags.contains(.answer) || minorVersion == 0 { return nil }
        for member in HTTPListMembers(value) where !member.isEmpty {
            guard member.equalsIgnoringCase("100-continue") else { return .expectation }
            flags.insert(.expectContinue)
        }
        return nil
    }

    private mutating func noteConnection(_ value: UnsafeRawBufferPointer) -> HTTPFault? {
        for member in HTTPListMembers(value) where !member.isEmpty {
            if member.equalsIgnoringCase("close") {
                flags.insert(.close)
            } else if member.equalsIgnoringCase("keep-alive") {
                flags.insert(.keepAlive)
            } else if member.equalsIgnoringCase("upgrade") {
                flags.insert(.upgradeOption)
            } else if !member.isToken {
                return .connectionInvalid
            }
        }
        return nil
    }

    /// Repeats are refused even when they agree (RFC 9112 §6.3 leaves it open). A length too large
    /// for an integer is too large for every limit.
    private mutating func noteContentLength(_ value: UnsafeRawBufferPointer) -> HTTPFault? {
        if flags.contains(.contentLength) { return .lengthRepeated }
        if flags.contains(.transferEncoding) { return .lengthAndCoding }
        flags.insert(.contentLength)
        var digits = value
        while digits.count > 18, digits[0] == UInt8(ascii: "0") { digits = digits.dropping(1) }
        if let number = ASCII.decimal(digits) {
            contentLength = number
            return nil
        }
        let isNumber = !digits.isEmpty && digits.allSatisfy { $0 &- 0x30 < 10 }
        return isNumber ? .lengthTooLarge : .lengthInvalid
    }

    /// `chunked` must come exactly once and last, over all fields of this name together; parameters
    /// and empty members are taken for an attempt to hide it (RFC 9112 §6.1 and §7.1).
    private mutating func noteTransferEncoding(
        _ value: UnsafeRawBufferPointer, minorVersion: UInt8
    ) -> HTTPFault? {
        if minorVersion == 0 { return .codingInOldVersion }
        if flags.contains(.contentLength) { return .lengthAndCoding }
        flags.insert(.transferEncoding)
        for member in HTTPListMembers(value) {
            if flags.contains(.chunked) || !member.isToken { return .codingInvalid }
            flags.insert(member.equalsIgnoringCase("chunked") ? .chunked : .otherCoding)
        }
        return nil
    }

    // MARK: At the end of the head

    /// What is wrong with the transfer codings as a whole; their order was seen to by
    /// `noteTransferEncoding`.
    var codingFault: HTTPFault? {
        guard flags.contains(.transferEncoding) else { return nil }
        return flags.contains(.otherCoding) ? .codingUnsupported : nil
    }

    /// The framing that valid fields ask for; nil when they say nothing.
    var framing: HTTPBodyFraming? {
        if flags.contains(.transferEncoding) { return .chunked }
        return flags.contains(.contentLength) ? .length(contentLength) : nil
    }

    /// RFC 9112 §9.3.
    func keepsAlive(minorVersion: UInt8) -> Bool {
        !flags.contains(.close) && (minorVersion == 1 || flags.contains(.keepAlive))
    }
}
