import Testing

@testable import UVHTTP

@Suite struct SocketAddressTests {
    @Test(arguments: ["127.0.0.1", "0.0.0.0", "255.255.255.255", "10.0.1.67"])
    func readsIPv4(_ host: String) throws {
        let address = try #require(SocketAddress(numericHost: host, port: 5004))
        #expect(address.host == host)
        #expect(address.port == 5004)
        #expect(address.description == "\(host):5004")
    }

    @Test(arguments: ["::1", "::", "2001:db8::ff00:42:8329", "fe80::1"])
    func readsIPv6(_ host: String) throws {
        let address = try #require(SocketAddress(numericHost: host, port: 65535))
        #expect(address.host == host)
        #expect(address.description == "[\(host)]:65535")
    }

    @Test func keepsTheInterfaceOfALinkLocalAddress() throws {
        let address = try #require(SocketAddress(numericHost: "fe80::1%lo", port: 1))
        #expect(address.host == "fe80::1%lo")
        #expect(address != SocketAddress(numericHost: "fe80::1", port: 1))
    }

    @Test(arguments: [
        "", "localhost", "127.1", "256.0.0.1", "1.2.3.4.5", "[::1]", "::1::", "127.0.0.1 ",
        "127.0.0.1\0", ":", "1.2.3.4:5",
    ])
    func refusesWhatIsNoNumber(_ host: String) {
        #expect(SocketAddress(numericHost: host, port: 1) == nil)
    }

    @Test func comparesAddressAndPort() {
        let one = SocketAddress(numericHost: "127.0.0.1", port: 1)
        #expect(one == SocketAddress(numericHost: "127.0.0.1", port: 1))
        #expect(one != SocketAddress(numericHost: "127.0.0.1", port: 2))
        #expect(one != SocketAddress(numericHost: "127.0.0.2", port: 1))
        #expect(
            SocketAddress(numericHost: "::", port: 1)
                != SocketAddress(numericHost: "0.0.0.0", port: 1))
    }

    @Test(arguments: ["192.168.17.3", "2001:db8::7"])
    func survivesTheWayThroughC(_ host: String) throws {
        let address = try #require(SocketAddress(numericHost: host, port: 40_001))
        #expect(address.withSocketAddress { raw, _ in SocketAddress(raw) } == address)
        #expect(address.with(port: 2) == SocketAddress(numericHost: host, port: 2))
    }
}
