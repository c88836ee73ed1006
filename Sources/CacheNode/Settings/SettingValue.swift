import Glibc
import UVHTTP

/// The kinds of values that settings have. Each function takes the text a person wrote and gives
/// the value, or says what is allowed.
enum SettingValue {
    static let defaultPort: UInt16 = 5000

    static func wholeNumber(
        _ text: String, _ range: ClosedRange<Int>
    ) throws(SettingProblem) -> Int {
        guard let number = decimal(text), range ~= number else {
            throw SettingProblem(
                "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// A number of bytes: `8388608`, `8192KiB`, `8MiB`, the unit in any case. No fractions and no
    /// units of a thousand: 1.5GiB is 1536MiB.
    static func byteCount(
        _ text: String, _ range: ClosedRange<Int>
    ) throws(SettingProblem) -> Int {
        let units: [(name: String, bytes: Int)] = [
            ("kib", 1 << 10), ("mib", 1 << 20), ("gib", 1 << 30), ("b", 1),
        ]
        let lowercase = text.lowercased()
        let unit = units.first { lowercase.hasSuffix($0.name) }
        let digits = lowercase.dropLast(unit?.name.utf8.count ?? 0)
        if let number = decimal(digits) {
            let (bytes, overflow) = number.multipliedReportingOverflow(by: unit?.bytes ?? 1)
            if !overflow, range ~= bytes { return bytes }
        }
        throw SettingProblem(
            "must be from \(byteCountText(range.lowerBound)) to \(byteCountText(range.upperBound))"
                + ", in bytes or with KiB, MiB or GiB (64MiB)")
    }

    /// A number of bytes in the largest unit that leaves it whole.
    static func byteCountText(_ bytes: Int) -> String {
        if bytes % (1 << 30) == 0 { return "\(bytes >> 30)GiB" }
        if bytes % (1 << 20) == 0 { return "\(bytes >> 20)MiB" }
        if bytes % (1 << 10) == 0 { return "\(bytes >> 10)KiB" }
        return "\(bytes) bytes"
    }

    /// A time span in milliseconds: `250ms`, `10s`, `5m`, `1h`, `7d`, the unit in any case; a
    /// number alone is in seconds. No fractions: 1.5s is 1500ms.
    static func milliseconds(
        _ text: String, _ range: ClosedRange<Int>
    ) throws(SettingProblem) -> UInt32 {
        let lowercase = text.lowercased()
        let unit = durationUnits.first { lowercase.hasSuffix($0.name) }
        let digits = lowercase.dropLast(unit?.name.utf8.count ?? 0)
        if let number = decimal(digits) {
            let (span, overflow) = number.multipliedReportingOverflow(
                by: unit?.milliseconds ?? 1000)
            if !overflow, range ~= span, let milliseconds = UInt32(exactly: span) {
                return milliseconds
            }
        }
        throw SettingProblem(
            "must be from \(durationText(range.lowerBound)) to \(durationText(range.upperBound)),"
                + " in seconds or with ms, s, m, h or d (250ms, 10s, 5m)")
    }

    /// A time span in the largest unit that leaves it whole.
    static func durationText(_ milliseconds: some BinaryInteger) -> String {
        let span = Int(milliseconds)
        let unit = durationUnits.last { span % $0.milliseconds == 0 }
        guard let unit, span > 0 else { return "\(span / 1000)s" }
        return "\(span / unit.milliseconds)\(unit.name)"
    }

    /// From the smallest to the largest; `ms` before the two that end in its letters.
    private static var durationUnits: [(name: String, milliseconds: Int)] {
        [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)]
    }

    /// `HOST:PORT`, or `HOST` alone with the default port.
    static func endpoint(
        _ text: String, portMin: UInt16
    ) throws(SettingProblem) -> Endpoint {
        guard let endpoint = Endpoint(text, defaultPort: defaultPort),
            endpoint.port >= portMin, isHost(endpoint.host)
        else {
            throw SettingProblem(
                "must be HOST:PORT, the port from \(portMin) to 65535"
                    + " (10.0.1.67:5000, NODE-1:5000, [::1]:5000)")
        }
        return endpoint
    }

    /// A host without a port; an IPv6 address without brackets.
    static func host(_ text: String) throws(SettingProblem) -> String {
        guard isHost(text) else {
            throw SettingProblem("must be a host name or an address, without a port")
        }
        return text
    }

    static func name(_ text: String) throws(SettingProblem) -> String {
        guard let name = NodeName.canonical(text) else {
            throw SettingProblem(
                "must be 1 to 64 letters, digits, '.', '_' and '-', or a number i for NODE-i")
        }
        return name
    }

    static func choice<Choice>(_ text: String) throws(SettingProblem) -> Choice
    where Choice: CaseIterable & RawRepresentable, Choice.RawValue == String {
        guard let choice = Choice(rawValue: text.lowercased()) else {
            throw SettingProblem("must be \(alternatives(Choice.allCases.map(\.rawValue)))")
        }
        return choice
    }

    /// The path of a file, which is looked at later.
    static func path(_ text: String) throws(SettingProblem) -> String {
        guard !text.isEmpty, text.utf8.allSatisfy({ $0 >= ASCII.space && $0 != 0x7F }) else {
            throw SettingProblem("must be the path of a file")
        }
        return text
    }

    /// `HOST[:PORT],HOST[:PORT]…[/chroot]`, kept as it is written.
    static func connectString(_ text: String) throws(SettingProblem) -> String {
        let servers = text.prefix { $0 != "/" }
        let chroot = text.dropFirst(servers.count)
        let areHosts = servers.split(separator: ",", omittingEmptySubsequences: false).allSatisfy {
            Endpoint($0, defaultPort: 2181).map { isHost($0.host) && $0.port > 0 } ?? false
        }
        guard areHosts, chroot.utf8.allSatisfy({ $0 > ASCII.space && $0 < 0x7F }),
            !chroot.hasSuffix("/")
        else {
            throw SettingProblem("must be HOST:PORT,HOST:PORT… and an optional /path")
        }
        return text
    }

    /// True for the addresses that stand for every interface.
    static func isEveryInterface(_ host: String) -> Bool {
        var address = in6_addr()
        guard inet_pton(AF_INET6, host, &address) == 1 else { return host == "0.0.0.0" }
        return withUnsafeBytes(of: &address) { $0.allSatisfy { $0 == 0 } }
    }

    /// `text` or `json`; `a, b or c`.
    static func alternatives(_ words: [String]) -> String {
        guard let last = words.last, words.count > 1 else { return words.joined() }
        return words.dropLast().joined(separator: ", ") + " or " + last
    }

    static func decimal(_ text: some StringProtocol) -> Int? {
        Array(text.utf8).withUnsafeBytes { ASCII.decimal($0) }
    }

    /// An address that the system can read, or a name of letters, digits, `.`, `_` and `-`. What
    /// ends in a number is an address, never a name (as in URLs), so `10.0.1` and `256.1.1.1` are
    /// refused here instead of by a look-up later.
    private static func isHost(_ host: String) -> Bool {
        var address = in6_addr()
        if host.utf8.contains(ASCII.colon) {
            let withoutZone = String(host.prefix { $0 != "%" })
            return inet_pton(AF_INET6, withoutZone, &address) == 1
        }
        let last = host.split(separator: ".").last ?? ""
        if last.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) {
            return inet_pton(AF_INET, host, &address) == 1
        }
        return host.utf8.count <= 253
            && host.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"): true
                default: false
                }
            }
    }
}
