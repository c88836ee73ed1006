extension HTTPFields {
    /// What `first("content-type")` gives, for fields that lie in a connection's input: 16 bytes
    /// behind them may be loaded. Looks at words and lines, because every PUT asks for it.
    public var contentType: UnsafeRawBufferPointer? {
        guard let base = bytes.baseAddress else { return nil }
        var offset = 0
        while HTTPScanner.byte(base, offset) != ASCII.carriageReturn {
            if Self.isContentType(base + offset) { return Self.value(base, from: offset &+ 13) }
            offset = Self.lineEnd(base, from: offset) &+ 2
        }
        return nil
    }

    /// Whether the name of the field line at `line` is Content-Type. A name has token characters
    /// alone, so setting 0x20 maps only letters to letters.
    @inline(__always)
    private static func isContentType(_ line: UnsafeRawPointer) -> Bool {
        let lower = HTTPScanner.each(0x20)
        return HTTPScanner.word(line, 0) | lower == HTTPScanner.word("content-")
            && HTTPScanner.word(line, 4) | lower == HTTPScanner.word("ent-type")
            && HTTPScanner.byte(line, 12) == ASCII.colon
    }

    /// The offset of the CR LF that ends the line of a valid field; `offset` is in the line.
    @inline(__always)
    private static func lineEnd(_ bytes: UnsafeRawPointer, from offset: Int) -> Int {
        var end = HTTPScanner.valueSuspect(bytes, offset)
        while HTTPScanner.byte(bytes, end) != ASCII.carriageReturn {
            end = HTTPScanner.valueSuspect(bytes, end &+ 1)
        }
        return end
    }

    private static func value(
        _ bytes: UnsafeRawPointer, from start: Int
    ) -> UnsafeRawBufferPointer {
        let count = lineEnd(bytes, from: start) &- start
        return UnsafeRawBufferPointer(start: bytes + start, count: count).trimmed
    }
}
