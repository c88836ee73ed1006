/// The grammar of a host with an optional port, as the Host field and absolute targets carry it
/// (RFC 9110 §7.2, RFC 3986 §3.2.2).
enum HTTPAuthority {
    /// Whether `bytes` are a host that isn't empty, and a port after a colon if any. `needsPort`
    /// asks for one digit at least behind the colon (RFC 9110 §9.3.6). User information is never
    /// valid (RFC 9110 §4.2.4).
    static func isValid(_ bytes: UnsafeRawBufferPointer, needsPort: Bool = false) -> Bool {
        guard let first = bytes.first else { return false }
        let end = first == UInt8(ascii: "[") ? literalEnd(bytes) : registeredNameEnd(bytes)
        guard let end, end > 0 else { return false }
        guard end < bytes.count else { return !needsPort }
        guard bytes[end] == ASCII.colon else { return false }
        let port = bytes.dropping(end + 1)
        return port.allSatisfy { $0 &- 0x30 < 10 } && !(needsPort && port.isEmpty)
    }

    /// Behind the bracket of an IPv6 address, or nil. Addresses with a zone and those of later
    /// versions have no meaning between machines and are refused.
    private static func literalEnd(_ bytes: UnsafeRawBufferPointer) -> Int? {
        var offset = 1
        while offset < bytes.count, bytes[offset] != UInt8(ascii: "]") {
            let byte = bytes[offset]
            guard
                ASCII.hexadecimalValue(byte) != nil || byte == ASCII.colon
                    || byte == UInt8(ascii: ".")
            else { return nil }
            offset += 1
        }
        return offset < bytes.count && offset > 2 ? offset + 1 : nil
    }

    /// Where a registered name or an IPv4 address ends; nil for a broken escape.
    private static func registeredNameEnd(_ bytes: UnsafeRawBufferPointer) -> Int? {
        var offset = 0
        while offset < bytes.count {
            if bytes[offset] == ASCII.percent {
                guard
                    offset + 2 < bytes.count, ASCII.hexadecimalValue(bytes[offset + 1]) != nil,
                    ASCII.hexadecimalValue(bytes[offset + 2]) != nil
                else { return nil }
                offset += 3
            } else if HTTPByteClass.isRegisteredName(bytes[offset]) {
                offset += 1
            } else {
                break
            }
        }
        return offset
    }
}
