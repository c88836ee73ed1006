import UVHTTP

/// One member of an object.
struct JSONMember {
    let name: JSONString
    /// Where the value lies in the scanned bytes, without the white space around it.
    let value: Range<Int>
}

/// The members of one object in order, each scanned as it is asked for: duplicates come as often as
/// they stand there.
struct JSONMembers {
    private var scanner: JSONScanner
    private var isFirst = true

    /// `scanner` must stand at the object's opening brace.
    init(_ scanner: JSONScanner) {
        self.scanner = scanner
        self.scanner.skipByte()
    }

    /// The next member, or nil when the object has ended; not to be called again after that.
    mutating func next() throws(JSONError) -> JSONMember? {
        scanner.skipWhitespace()
        if scanner.nextByte == UInt8(ascii: "}") {
            scanner.skipByte()
            return nil
        }
        if !isFirst {
            guard scanner.nextByte == ASCII.comma else {
                throw JSONError(.expectedComma, at: scanner.offset)
            }
            scanner.skipByte()
            scanner.skipWhitespace()
        }
        isFirst = false
        let name = try scanner.scanName()
        let start = scanner.offset
        try scanner.scanValue(outerDepth: 1)
        return JSONMember(name: name, value: start..<scanner.offset)
    }

    // MARK: Whole texts

    /// Scans a whole JSON text and, if it is an object, shows `visit` its members in order. Gives
    /// where the text's value lies, without the white space around it.
    static func document(
        _ bytes: UnsafeRawBufferPointer, _ visit: (JSONMember) -> Void
    ) throws(JSONError) -> Range<Int> {
        var scanner = JSONScanner(bytes)
        scanner.skipWhitespace()
        guard scanner.nextByte == UInt8(ascii: "{") else { return try JSONScanner.document(bytes) }
        let start = scanner.offset
        var members = JSONMembers(scanner)
        while let member = try members.next() { visit(member) }
        let end = members.scanner.offset
        try members.scanner.scanEnd()
        return start..<end
    }
}
