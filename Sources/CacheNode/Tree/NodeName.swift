import UVHTTP

/// The names of nodes. A name is 1 to 64 letters, digits, dots, underscores and hyphens, and is
/// kept in capitals; a number *i* alone is short for `NODE-`*i*.
public enum NodeName {
    public static let bytesMax = 64

    /// The one spelling of a name (`node-4`, `4` and `004` give `NODE-4`), or nil for what is no
    /// name. `.` and `..` are none, because ZooKeeper has no such znodes.
    public static func canonical(_ text: some StringProtocol) -> String? {
        let bytes = Array(text.utf8)
        guard 1...bytesMax ~= bytes.count, bytes.allSatisfy(isAllowed) else { return nil }
        if let number = bytes.withUnsafeBytes({ ASCII.decimal($0) }) { return "NODE-\(number)" }
        guard bytes != [dot], bytes != [dot, dot] else { return nil }
        let capitals = bytes.map { 0x61...0x7A ~= $0 ? $0 & 0xDF : $0 }
        return String(decoding: capitals, as: UTF8.self)
    }

    /// The number *i* of a canonical name `NODE-`*i*; nil for every other name, `NODE-07` among
    /// them, so that no two names have one number.
    public static func number(ofCanonical name: String) -> Int? {
        let digits = Array(name.utf8.dropFirst(prefix.utf8.count))
        guard name.utf8.starts(with: prefix.utf8), digits.first != zero || digits.count == 1 else {
            return nil
        }
        return digits.withUnsafeBytes { ASCII.decimal($0) }
    }

    private static let prefix = "NODE-"
    private static let dot = UInt8(ascii: ".")
    private static let zero = UInt8(ascii: "0")

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case dot, UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: false
        }
    }
}
