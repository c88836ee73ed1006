/// Percent-encoding (RFC 3986 §2.1), over bytes: the result of decoding may be any bytes.
public enum PercentCoding {
    /// Decodes `bytes` once into `room`, which must hold as many bytes as there are; they must not
    /// overlap. Gives the decoded length, or nil for a `%` without two hexadecimal digits behind
    /// it. A `+` stays a `+`: it means a space in forms alone.
    public static func decode(
        _ bytes: UnsafeRawBufferPointer, into room: UnsafeMutableRawPointer
    ) -> Int? {
        guard let source = bytes.baseAddress else { return 0 }
        var read = 0
        var written = 0
        while read < bytes.count {
            if read &+ 8 <= bytes.count {
                let word = source.loadUnaligned(fromByteOffset: read, as: UInt64.self)
                let difference = word ^ HTTPScanner.each(ASCII.percent)
                // Zero bytes of the difference are percent signs. A false hit needs a true one
                // below.
                if (difference &- HTTPScanner.each(1)) & ~difference & HTTPScanner.each(0x80) == 0 {
                    room.storeBytes(of: word, toByteOffset: written, as: UInt64.self)
                    read &+= 8
                    written &+= 8
                    continue
                }
            }
            var byte = bytes[read]
            if byte == ASCII.percent {
                guard
                    read &+ 2 < bytes.count, let high = ASCII.hexadecimalValue(bytes[read &+ 1]),
                    let low = ASCII.hexadecimalValue(bytes[read &+ 2])
                else { return nil }
                byte = high << 4 | low
                read &+= 2
            }
            room.storeBytes(of: byte, toByteOffset: written, as: UInt8.self)
            read &+= 1
            written &+= 1
        }
        return written
    }

    /// Appends `bytes` with everything but unreserved characters (RFC 3986 §2.3) escaped, a slash
    /// too: fit to be one segment of a path or one value of a query.
    public static func encode(_ bytes: UnsafeRawBufferPointer, into queue: inout ByteQueue) {
        let room = queue.reserve(3 * bytes.count)
        var written = 0
        for byte in bytes {
            if isUnreserved(byte) {
                room.storeBytes(of: byte, toByteOffset: written, as: UInt8.self)
                written &+= 1
            } else {
                room.storeBytes(of: ASCII.percent, toByteOffset: written, as: UInt8.self)
                room.storeBytes(of: digit(byte >> 4), toByteOffset: written &+ 1, as: UInt8.self)
                room.storeBytes(of: digit(byte & 15), toByteOffset: written &+ 2, as: UInt8.self)
                written &+= 3
            }
        }
        queue.commit(written)
    }

    /// The same as an array.
    public static func encode(_ bytes: [UInt8]) -> [UInt8] {
        var queue = ByteQueue()
        bytes.withUnsafeBytes { encode($0, into: &queue) }
        return Array(queue.readable)
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? 0x30 &+ value : 0x37 &+ value
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        let letter = (byte | 0x20) &- 0x61
        switch byte {
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"): return true
        default: return letter < 26 || byte &- 0x30 < 10
        }
    }
}

/// The query of a target, `name=value` pairs between `&`s, as it was written: nothing is decoded,
/// so a name is found when it was sent unescaped.
public struct HTTPQuery {
    private let bytes: UnsafeRawBufferPointer

    /// `bytes`: the query without its `?`; borrowed.
    public init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// The raw value of the first parameter of this name: empty bytes without a `=`, nil without
    /// the parameter.
    public func value(of name: StaticString) -> UnsafeRawBufferPointer? {
        var offset = 0
        while let (found, value) = nextPair(&offset) {
            if found.equals(name) { return value }
        }
        return nil
    }

    /// The value as its writer meant it: escapes decoded and `+` a space, as forms write queries
    /// (WHATWG URL, application/x-www-form-urlencoded). Nil without the parameter; a value with a
    /// bad escape stays as it was written.
    public func decodedValue(of name: StaticString) -> [UInt8]? {
        guard let raw = value(of: name) else { return nil }
        let spaced = raw.map { $0 == UInt8(ascii: "+") ? ASCII.space : $0 }
        let decoded = [UInt8](unsafeUninitializedCapacity: spaced.count) { room, count in
            guard let start = room.baseAddress else { return }
            count = spaced.withUnsafeBytes { PercentCoding.decode($0, into: start) } ?? 0
        }
        return decoded.isEmpty ? spaced : decoded
    }

    /// Calls `body` with each parameter's raw name and value, in order; empty pairs are left out.
    public func forEach(
        _ body: (_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Void
    ) {
        var offset = 0
        while let (name, value) = nextPair(&offset) { body(name, value) }
    }

    private func nextPair(
        _ offset: inout Int
    ) -> (UnsafeRawBufferPointer, UnsafeRawBufferPointer)? {
        while offset < bytes.count, bytes[offset] == UInt8(ascii: "&") { offset += 1 }
        guard offset < bytes.count else { return nil }
        let start = offset
        var equals: Int?
        while offset < bytes.count, bytes[offset] != UInt8(ascii: "&") {
            if equals == nil, bytes[offset] == ASCII.equals { equals = offset }
            offset += 1
        }
        let nameEnd = equals ?? offset
        return (
            UnsafeRawBufferPointer(rebasing: bytes[start..<nameEnd]),
            UnsafeRawBufferPointer(rebasing: bytes[min(nameEnd + 1, offset)..<offset])
        )
    }
}
