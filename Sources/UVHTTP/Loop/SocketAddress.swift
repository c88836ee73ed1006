import CLibUV
import Glibc

/// An IPv4 or IPv6 address and a port, both numbers; names are for `EventLoop.resolve`.
public struct SocketAddress: Hashable, CustomStringConvertible, Sendable {
    /// The address as its bytes lie in memory, in network order; IPv4 uses half of `first`.
    private let first: UInt64
    private let second: UInt64
    /// The interface of an IPv6 address that holds on one link only; else 0.
    private let scope: UInt32
    private let isIPv6: Bool
    /// 0…65535.
    public let port: UInt16

    /// Parses `127.0.0.1` or `::1` (no brackets; `fe80::1%eth0` names an interface); nil for
    /// everything else, host names too.
    public init?(numericHost: String, port: UInt16) {
        guard !numericHost.utf8.contains(0) else { return nil }
        var ipv4 = sockaddr_in()
        if uv_ip4_addr(numericHost, Int32(port), &ipv4) == 0 {
            self.init(ipv4)
            return
        }
        var ipv6 = sockaddr_in6()
        guard uv_ip6_addr(numericHost, Int32(port), &ipv6) == 0 else { return nil }
        self.init(ipv6)
    }

    /// Whether only this machine can reach it: 127.0.0.0/8, ::1.
    public var isLoopback: Bool {
        let octets = withUnsafeBytes(of: (first, second)) { Array($0) }
        if !isIPv6 { return octets[0] == 127 }
        let isMapped = octets.starts(with: Array(repeating: 0, count: 10) + [0xFF, 0xFF])
        return isMapped
            ? octets[12] == 127 : octets.dropLast().allSatisfy { $0 == 0 } && octets[15] == 1
    }

    /// The address in its usual text form, without brackets.
    public var host: String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { buffer in
            guard let start = buffer.baseAddress else { return "" }
            if isIPv6 {
                var address = ipv6
                uv_ip6_name(&address, start, buffer.count)
            } else {
                var address = ipv4
                uv_ip4_name(&address, start, buffer.count)
            }
            return String(cString: start) + scopeSuffix
        }
    }

    /// `127.0.0.1:5004`, `[::1]:5004`.
    public var description: String { isIPv6 ? "[\(host)]:\(port)" : "\(host):\(port)" }

    private var scopeSuffix: String {
        guard scope != 0 else { return "" }
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(IF_NAMESIZE)) { buffer in
            guard let name = if_indextoname(scope, buffer.baseAddress) else { return "" }
            return "%" + String(cString: name)
        }
    }
}

// To and from the C library's forms.
extension SocketAddress {
    init(_ address: sockaddr_in) {
        first = UInt64(address.sin_addr.s_addr)
        second = 0
        scope = 0
        isIPv6 = false
        port = UInt16(bigEndian: address.sin_port)
    }

    init(_ address: sockaddr_in6) {
        (first, second) = withUnsafeBytes(of: address.sin6_addr) { bytes in
            (
                bytes.loadUnaligned(as: UInt64.self),
                bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
            )
        }
        scope = address.sin6_scope_id
        isIPv6 = true
        port = UInt16(bigEndian: address.sin6_port)
    }

    /// Nil for a family that is not IP. `address` must be as long as its family says.
    init?(_ address: UnsafePointer<sockaddr>) {
        let bytes = UnsafeRawPointer(address)
        switch Int32(address.pointee.sa_family) {
        case AF_INET: self.init(bytes.loadUnaligned(as: sockaddr_in.self))
        case AF_INET6: self.init(bytes.loadUnaligned(as: sockaddr_in6.self))
        default: return nil
        }
    }

    /// The same address with another port.
    func with(port: UInt16) -> SocketAddress {
        SocketAddress(first: first, second: second, scope: scope, isIPv6: isIPv6, port: port)
    }

    /// `AF_INET` or `AF_INET6`.
    var family: Int32 { isIPv6 ? AF_INET6 : AF_INET }

    /// Lends the address to a C function.
    func withSocketAddress<Result>(
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        isIPv6 ? Self.lend(ipv6, to: body) : Self.lend(ipv4, to: body)
    }

    private init(first: UInt64, second: UInt64, scope: UInt32, isIPv6: Bool, port: UInt16) {
        self.first = first
        self.second = second
        self.scope = scope
        self.isIPv6 = isIPv6
        self.port = port
    }

    private static func lend<Address, Result>(
        _ address: Address, to body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<Address>.size))
            }
        }
    }

    private var ipv4: sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(truncatingIfNeeded: first)
        return address
    }

    private var ipv6: sockaddr_in6 {
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = port.bigEndian
        address.sin6_scope_id = scope
        withUnsafeMutableBytes(of: &address.sin6_addr) { bytes in
            bytes.storeBytes(of: first, as: UInt64.self)
            bytes.storeBytes(of: second, toByteOffset: 8, as: UInt64.self)
        }
        return address
    }
}
