import UVHTTP

/// One JSON value that has been scanned and found valid, without white space around it. Borrowed:
/// it holds while the scanned bytes do.
struct JSONValue {
    enum Kind {
        case object, array, string, number, boolean, null
    }

    let bytes: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var kind: Kind {
        switch bytes[0] {
        case UInt8(ascii: "{"): .object
        case UInt8(ascii: "["): .array
        case ASCII.quote: .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): .boolean
        case UInt8(ascii: "n"): .null
        default: .number
        }
    }

    /// nil when it isn't a string.
    var string: JSONString? {
        guard kind == .string else { return nil }
        let content = bytes.slice(1..<bytes.count - 1)
        return JSONString(content: content, hasEscapes: content.contains(ASCII.backslash))
    }

    /// nil when it isn't `true` or `false`.
    var boolean: Bool? { kind == .boolean ? bytes[0] == UInt8(ascii: "t") : nil }

    /// nil when it isn't a number written as an integer (`2.0` and `2e0` aren't) that fits.
    var integer: Int? { kind == .number ? Int(bytes.text) : nil }

    /// The integer that a number equals, however it is written: `2`, `2.0` and `20e-1` are 2. nil
    /// when there is none, or the number has more bytes than anybody needs for one.
    var wholeNumber: Int? {
        guard kind == .number, bytes.count <= Self.wholeNumberBytesMax else { return nil }
        if let integer { return integer }
        return Double(bytes.text).flatMap { Int(exactly: $0) }
    }

    private static let wholeNumberBytesMax = 256

    /// The elements of an array in order; nil when it isn't one.
    var elements: [JSONValue]? {
        guard kind == .array else { return nil }
        var scanner = JSONScanner(bytes, at: 1)
        var elements: [JSONValue] = []
        scanner.skipWhitespace()
        while scanner.nextByte != UInt8(ascii: "]") {
            let start = scanner.offset
            // The whole was scanned before, so this can't fail; nil keeps that from mattering.
            guard (try? scanner.scanValue(outerDepth: 1)) != nil else { return nil }
            elements.append(JSONValue(bytes.slice(start..<scanner.offset)))
            scanner.skipWhitespace()
            if scanner.nextByte == ASCII.comma { scanner.skipByte() }
            scanner.skipWhitespace()
        }
        return elements
    }
}
