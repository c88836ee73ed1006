import UVHTTP

/// What the Authorization fields of a request present (RFC 6750 §2.1). Tokens in bodies and queries
/// are not looked for.
enum BearerCredentials {
    /// No credentials, or those of another scheme.
    case none
    /// The token's bytes, borrowed from the request.
    case token(UnsafeRawBufferPointer)
    /// `Bearer` with what is no token.
    case malformed
    /// More than one Authorization: which of them counts can't be known.
    case repeated

    init(_ fields: HTTPFields) {
        var value: UnsafeRawBufferPointer?
        var isRepeated = false
        fields.forEach { name, found in
            guard name.count == 13, name.equalsIgnoringCase("authorization") else { return }
            isRepeated = value != nil
            value = found
        }
        self = isRepeated ? .repeated : value.map(Self.init(value:)) ?? .none
    }

    private init(value: UnsafeRawBufferPointer) {
        let scheme = "bearer" as StaticString
        let count = scheme.utf8CodeUnitCount
        guard value.count >= count,
            UnsafeRawBufferPointer(rebasing: value[..<count]).equalsIgnoringCase(scheme),
            value.count == count || value[count] == ASCII.space
        else {
            self = .none
            return
        }
        var token = value.dropping(count)
        while token.first == ASCII.space { token = token.dropping(1) }
        self = Self.isToken(token) ? .token(token) : .malformed
    }

    /// Whether `bytes` have the form of a token (b64token in RFC 6750 §2.1).
    static func isToken(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var end = bytes.count
        while end > 0, bytes[end - 1] == ASCII.equals { end -= 1 }
        return end > 0 && bytes[..<end].allSatisfy(isTokenByte)
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"),
            UInt8(ascii: "+"), ASCII.slash:
            true
        default: byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26
        }
    }
}
