import Foundation

/// Finding out before anything is started that a port belongs to another program.
enum PortCheck {
    /// Those of `ports` that a program listens on, at 127.0.0.1 or at ::1: `localhost` may mean
    /// either, so one that listens at ::1 alone would get what is meant for the node.
    static func used(among ports: [UInt16]) -> [UInt16] {
        ports.filter { !canListen(onIPv4: $0) || !canListen(onIPv6: $0) }
    }

    private static func canListen(onIPv4 port: UInt16) -> Bool {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return canBind(AF_INET, &address)
    }

    private static func canListen(onIPv6 port: UInt16) -> Bool {
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = port.bigEndian
        address.sin6_addr = in6addr_loopback
        return canBind(AF_INET6, &address)
    }

    /// False only when the port is in use: where a family isn't there, nobody listens in it.
    private static func canBind<Address>(_ family: Int32, _ address: inout Address) -> Bool {
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return true }
        defer { close(descriptor) }
        // As servers do, so that connections of a cluster just stopped don't count as use.
        var yes: Int32 = 1
        let yesSize = socklen_t(MemoryLayout<Int32>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, yesSize)
        if family == AF_INET6 {
            setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &yes, yesSize)
        }
        let size = socklen_t(MemoryLayout<Address>.size)
        let code = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size)
            }
        }
        return code == 0 || errno != EADDRINUSE
    }
}
