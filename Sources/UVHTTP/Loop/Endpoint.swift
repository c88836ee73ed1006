/// A host and a port as people write them: `10.0.1.67:5000`, `NODE-2:5000`, `[::1]:5001`.
public struct Endpoint: Hashable, CustomStringConvertible, Sendable {
    /// A name, or a numeric address without brackets.
    public var host: String
    /// 0…65535.
    public var port: UInt16

    public init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// An endpoint of a host that came from outside; nil when `checkedHost` is no name (letters,
    /// digits, dots, underscores and hyphens) and no numeric address (without brackets).
    public init?(checkedHost host: String, port: UInt16) {
        let isNumeric = host.utf8.contains(ASCII.colon)
        let isValid =
            isNumeric
            ? SocketAddress(numericHost: host, port: port) != nil
            : !host.isEmpty && host.utf8.allSatisfy(Self.isNameCharacter)
        guard isValid else { return nil }
        self.init(host: host, port: port)
    }

    private static func isNameCharacter(_ byte: UInt8) -> Bool {
        let isLetter = (byte | 0x20) &- 0x61 < 26
        let isMark = byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_")
        return isLetter || byte &- 0x30 < 10 || isMark || byte == UInt8(ascii: "-")
    }

    /// Parses `host:port`; nil when the host is empty, has white space, or the port is no number
    /// from 0 to 65535. `defaultPort`, when given, stands in for a missing `:port`.
    public init?(_ text: some StringProtocol, defaultPort: UInt16? = nil) {
        let bytes = Array(text.utf8)
        guard bytes.allSatisfy({ $0 > ASCII.space && $0 < 0x7F && $0 != ASCII.slash }) else {
            return nil
        }
        var hostBytes = bytes[...]
        var portBytes: ArraySlice<UInt8>?
        if bytes.first == UInt8(ascii: "[") {
            guard let end = bytes.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            hostBytes = bytes[1..<end]
            let rest = bytes[(end + 1)...]
            guard rest.isEmpty || rest.first == ASCII.colon else { return nil }
            portBytes = rest.isEmpty ? nil : rest.dropFirst()
        } else if let colon = bytes.firstIndex(of: ASCII.colon) {
            guard colon == bytes.lastIndex(of: ASCII.colon) else { return nil }
            hostBytes = bytes[..<colon]
            portBytes = bytes[(colon + 1)...]
        }
        guard !hostBytes.isEmpty else { return nil }
        host = String(decoding: hostBytes, as: UTF8.self)
        guard let portBytes else {
            guard let defaultPort else { return nil }
            port = defaultPort
            return
        }
        let number = Array(portBytes).withUnsafeBytes { ASCII.decimal($0) }
        guard let number, number <= 65535 else { return nil }
        port = UInt16(number)
    }

    public var description: String {
        host.utf8.contains(ASCII.colon) ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
