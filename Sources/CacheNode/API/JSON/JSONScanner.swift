import UVHTTP

/// Finds where JSON values begin and end and refuses whatever RFC 8259 doesn't allow; decodes
/// nothing, allocates nothing and doesn't recurse.
///
/// It takes exactly the texts of the RFC's grammar, encoded in UTF-8 without a byte order mark
/// (§8.1), less three that the RFC lets a parser refuse: an escaped surrogate without its other
/// half (`"\ud800"` has no UTF-8 form, §8.2), ill-formed UTF-8, and nesting past `depthMax` (§9).
///
/// Offsets count bytes from the start of `bytes`, which must outlive the scanner.
struct JSONScanner {
    /// Arrays and objects that may be open at once.
    static let depthMax = 128

    /// The next byte to look at, 0…`count`.
    private(set) var offset: Int
    private let base: UnsafeRawPointer
    private let count: Int
    private var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

    init(_ bytes: UnsafeRawBufferPointer, at offset: Int = 0) {
        // Nothing is read at the stand-in for no address, for then the count is 0.
        base = bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 1).unsafelyUnwrapped
        count = bytes.count
        self.offset = offset
    }

    // MARK: Whole texts

    /// Where the one value of a JSON text lies, without the white space around it.
    static func document(_ bytes: UnsafeRawBufferPointer) throws(JSONError) -> Range<Int> {
        var scanner = JSONScanner(bytes)
        scanner.skipWhitespace()
        let start = scanner.offset
        try scanner.scanValue()
        let end = scanner.offset
        try scanner.scanEnd()
        return start..<end
    }

    /// True when `bytes` is a JSON text.
    static func isDocument(_ bytes: UnsafeRawBufferPointer) -> Bool {
        do throws(JSONError) {
            _ = try document(bytes)
            return true
        } catch {
            return false
        }
    }

    // MARK: Steps

    /// The next byte, or 0 at the end: no step of the grammar but a string's inside tells a NUL
    /// from the end.
    @inline(__always)
    var nextByte: UInt8 { byte(at: offset) }

    /// Moves past spaces, tabs, line feeds and carriage returns (RFC 8259 §2).
    @inline(__always)
    mutating func skipWhitespace() {
        while true {
            switch nextByte {
            case ASCII.space, ASCII.lineFeed, ASCII.carriageReturn, ASCII.tab: offset &+= 1
            default: return
            }
        }
    }

    /// Moves past one byte that `nextByte` has shown.
    @inline(__always)
    mutating func skipByte() { offset &+= 1 }

    /// Allows nothing but white space from here on.
    mutating func scanEnd() throws(JSONError) {
        skipWhitespace()
        guard offset == count else { throw JSONError(.extraData, at: offset) }
    }

    /// Moves past the value that begins here, `outerDepth` arrays and objects being open around it.
    ///
    /// A number ends where the grammar's longest match does: of `1.` it is the `1`, and what
    /// follows is the caller's to refuse.
    mutating func scanValue(outerDepth: Int = 0) throws(JSONError) {
        var nesting = JSONNesting(outerDepth: outerDepth)
        repeat {
            while try opensContainer(&nesting) {}
        } while try !endsValue(&nesting)
    }

    /// Moves past an object's name, the colon, and the white space around that.
    @inline(__always)
    mutating func scanName() throws(JSONError) -> JSONString {
        guard nextByte == ASCII.quote else { throw JSONError(.expectedName, at: offset) }
        let name = try scanString()
        skipWhitespace()
        guard nextByte == ASCII.colon else { throw JSONError(.expectedColon, at: offset) }
        offset &+= 1
        skipWhitespace()
        return name
    }

    // MARK: Values

    /// Moves to where the next value begins if this one is an array or object that isn't empty
    /// (true); otherwise past the value (false).
    @inline(__always)
    private mutating func opensContainer(_ nesting: inout JSONNesting) throws(JSONError) -> Bool {
        let opening = nextByte
        let isObject = opening == UInt8(ascii: "{")
        guard isObject || opening == UInt8(ascii: "[") else {
            try scanScalar(opening)
            return false
        }
        guard nesting.open(isObject) else { throw JSONError(.tooDeep, at: offset) }
        offset &+= 1
        skipWhitespace()
        if nextByte == nesting.closingByte {
            offset &+= 1
            nesting.close()
            return false
        }
        if isObject { _ = try scanName() }
        return true
    }

    /// Called behind a value: moves past the brackets that close here, and to where the next value
    /// begins (false), or tells that the outermost value has ended (true).
    @inline(__always)
    private mutating func endsValue(_ nesting: inout JSONNesting) throws(JSONError) -> Bool {
        while !nesting.isEmpty {
            skipWhitespace()
            if nextByte == ASCII.comma {
                offset &+= 1
                skipWhitespace()
                if nesting.isObject { _ = try scanName() }
                return false
            }
            guard nextByte == nesting.closingByte else {
                throw JSONError(.expectedComma, at: offset)
            }
            offset &+= 1
            nesting.close()
        }
        return true
    }

    @inline(__always)
    private mutating func scanScalar(_ first: UInt8) throws(JSONError) {
        switch first {
        case ASCII.quote: _ = try scanString()
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try scanNumber()
        case UInt8(ascii: "t"): try scanLiteral("true")
        case UInt8(ascii: "f"): try scanLiteral("false")
        case UInt8(ascii: "n"): try scanLiteral("null")
        default: throw JSONError(.expectedValue, at: offset)
        }
    }

    private mutating func scanLiteral(_ text: StaticString) throws(JSONError) {
        guard bytes.dropping(offset).starts(with: text) else {
            throw JSONError(.expectedValue, at: offset)
        }
        offset &+= text.utf8CodeUnitCount
    }

    /// RFC 8259 §6: `-`? int frac? exp?, a fraction or exponent without digits not being one.
    private mutating func scanNumber() throws(JSONError) {
        var end = offset
        if byte(at: end) == UInt8(ascii: "-") { end &+= 1 }
        guard isDigit(at: end) else { throw JSONError(.expectedValue, at: offset) }
        end = byte(at: end) == UInt8(ascii: "0") ? end &+ 1 : endOfDigits(from: end)
        if byte(at: end) == UInt8(ascii: "."), isDigit(at: end &+ 1) {
            end = endOfDigits(from: end &+ 1)
        }
        if byte(at: end) | 0x20 == UInt8(ascii: "e") {
            let sign = byte(at: end &+ 1)
            let isSigned = sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-")
            let digits = end &+ (isSigned ? 2 : 1)
            if isDigit(at: digits) { end = endOfDigits(from: digits) }
        }
        offset = end
    }

    @inline(__always)
    private func endOfDigits(from start: Int) -> Int {
        var end = start
        while isDigit(at: end) { end &+= 1 }
        return end
    }

    @inline(__always)
    private func isDigit(at offset: Int) -> Bool { byte(at: offset) &- 0x30 < 10 }

    /// The byte at `offset`, or 0 at the end and beyond.
    @inline(__always)
    private func byte(at offset: Int) -> UInt8 {
        offset < count ? base.load(fromByteOffset: offset, as: UInt8.self) : 0
    }

    // MARK: Strings

    /// Moves past the string whose opening quote is here.
    mutating func scanString() throws(JSONError) -> JSONString {
        let start = offset &+ 1
        var end = start
        var hasEscapes = false
        while true {
            end = ByteScan.endOfPlain(bytes, from: end)
            guard end < count else { throw JSONError(.unterminatedString, at: offset) }
            let byte = self.byte(at: end)
            if byte == ASCII.quote { break }
            if byte == ASCII.backslash {
                hasEscapes = true
                end = try endOfEscape(at: end)
            } else if byte < 0x20 {
                throw JSONError(.controlCharacter, at: end)
            } else {
                end = UTF8Check.endOfNonASCII(bytes, from: end)
                // Where the next byte isn't ASCII either, the sequence there is ill-formed.
                guard self.byte(at: end) < 0x80 else { throw JSONError(.notUTF8, at: end) }
            }
        }
        offset = end &+ 1
        return JSONString(content: bytes.slice(start..<end), hasEscapes: hasEscapes)
    }

    /// The end of the escape whose backslash is at `backslash`: of both, for a surrogate pair.
    private func endOfEscape(at backslash: Int) throws(JSONError) -> Int {
        guard backslash &+ 1 < count else {
            throw JSONError(.unterminatedString, at: offset)
        }
        switch bytes[backslash &+ 1] {
        case ASCII.quote, ASCII.backslash, ASCII.slash, UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return backslash &+ 2
        case UInt8(ascii: "u"):
            return try endOfUnicodeEscape(at: backslash)
        default:
            throw JSONError(.badEscape, at: backslash)
        }
    }

    private func endOfUnicodeEscape(at backslash: Int) throws(JSONError) -> Int {
        let unit = try codeUnit(at: backslash)
        guard unit & 0xF800 == 0xD800 else { return backslash &+ 6 }
        let second = backslash &+ 6
        guard unit < 0xDC00, byte(at: second) == ASCII.backslash,
            byte(at: second &+ 1) == UInt8(ascii: "u"),
            try codeUnit(at: second) & 0xFC00 == 0xDC00
        else { throw JSONError(.loneSurrogate, at: backslash) }
        return backslash &+ 12
    }

    /// The UTF-16 code unit that the `\uXXXX` at `backslash` stands for.
    private func codeUnit(at backslash: Int) throws(JSONError) -> UInt16 {
        // As in Python, an escape that the text ends with is a bad one, not an unterminated string.
        guard backslash &+ 6 < count,
            let unit = JSONString.codeUnit(bytes, at: backslash &+ 2)
        else { throw JSONError(.badUnicodeEscape, at: backslash &+ 1) }
        return unit
    }
}

/// The arrays and objects open around a place in a JSON text: one bit each, the innermost lowest.
private struct JSONNesting {
    private var kinds = UInt128(0)
    private var depth: Int
    private let outerDepth: Int

    @inline(__always)
    init(outerDepth: Int) {
        depth = outerDepth
        self.outerDepth = outerDepth
    }

    @inline(__always) var isEmpty: Bool { depth == outerDepth }
    @inline(__always) var isObject: Bool { kinds & 1 == 1 }
    @inline(__always) var closingByte: UInt8 { isObject ? 0x7D : 0x5D }

    /// False when too many are open already.
    @inline(__always)
    mutating func open(_ isObject: Bool) -> Bool {
        guard depth < JSONScanner.depthMax else { return false }
        kinds = kinds &<< 1 | (isObject ? 1 : 0)
        depth &+= 1
        return true
    }

    @inline(__always)
    mutating func close() {
        kinds &>>= 1
        depth &-= 1
    }
}
