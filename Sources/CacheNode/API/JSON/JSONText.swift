import UVHTTP

/// Bytes written as JSON strings (RFC 8259 §7): `"`, `\` and controls are escaped, everything else
/// stands as it is, without `\u` for what isn't ASCII.
enum JSONText {
    /// Bytes of `utf8` as a string, its quotes included. `utf8` must be well-formed.
    static func byteCount(utf8: UnsafeRawBufferPointer) -> Int {
        var count = utf8.count &+ 2
        var offset = ByteScan.endOfUnescaped(utf8, from: 0)
        while offset < utf8.count {
            count &+= shortEscape(utf8[offset]) == 0 ? 5 : 1
            offset = ByteScan.endOfUnescaped(utf8, from: offset &+ 1)
        }
        return count
    }

    /// Appends `utf8`, which must be well-formed, as a string.
    static func append(utf8: UnsafeRawBufferPointer, to output: inout ByteQueue) {
        output.append(ASCII.quote)
        var start = 0
        while true {
            let end = ByteScan.endOfUnescaped(utf8, from: start)
            output.append(utf8.slice(start..<end))
            guard end < utf8.count else { break }
            appendEscape(utf8[end], to: &output)
            start = end &+ 1
        }
        output.append(ASCII.quote)
    }

    /// Appends `bytes` as a string, U+FFFD standing for each maximal subpart of what isn't UTF-8.
    static func append(anyBytes bytes: UnsafeRawBufferPointer, to output: inout ByteQueue) {
        output.append(ASCII.quote)
        var start = 0
        while true {
            var end = ByteScan.endOfPlain(bytes, from: start)
            output.append(bytes.slice(start..<end))
            guard end < bytes.count else { break }
            start = end
            if bytes[end] < 0x80 {
                appendEscape(bytes[end], to: &output)
                end &+= 1
            } else {
                end = UTF8Check.endOfNonASCII(bytes, from: end)
                output.append(bytes.slice(start..<end))
                if end < bytes.count, bytes[end] >= 0x80 {
                    output.append("\u{FFFD}" as StaticString)
                    end &+= UTF8Check.maximalSubpartByteCount(bytes, at: end)
                }
            }
            start = end
        }
        output.append(ASCII.quote)
    }

    private static func appendEscape(_ byte: UInt8, to output: inout ByteQueue) {
        output.append(ASCII.backslash)
        let short = shortEscape(byte)
        if short != 0 { return output.append(short) }
        output.append("u00" as StaticString)
        output.append(0x30 | byte >> 4)
        output.append(byte & 15 < 10 ? 0x30 | byte & 15 : 0x57 &+ byte & 15)
    }

    /// The letter of a two-character escape, or 0 when `byte` needs `\u00XX`.
    private static func shortEscape(_ byte: UInt8) -> UInt8 {
        switch byte {
        case ASCII.quote, ASCII.backslash: byte
        case 0x08: UInt8(ascii: "b")
        case 0x09: UInt8(ascii: "t")
        case 0x0A: UInt8(ascii: "n")
        case 0x0C: UInt8(ascii: "f")
        case 0x0D: UInt8(ascii: "r")
        default: 0
        }
    }
}
