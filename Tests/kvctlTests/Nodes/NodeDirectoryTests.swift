import Testing
import UVHTTP

@testable import kvctl

@Suite struct NodeDirectoryTests {
    private func endpoint(
        _ environment: [String: String] = [:], node: Int = 7, host: String? = nil,
        basePort: String? = nil, inside: Bool = false
    ) throws -> String {
        let directory = try NodeDirectory(
            host: host, basePort: basePort, inside: inside, environment: environment)
        return try directory.address(of: NodeName(number: node)).endpoint.description
    }

    private func failure(_ body: () throws -> String) -> Failure? {
        do {
            _ = try body()
            return nil
        } catch {
            return error as? Failure
        }
    }

    @Test func onTheHostANodeIsAPortOfLocalhost() throws {
        #expect(try endpoint() == "localhost:5007")
    }

    @Test func insideANodesNameIsItsAddress() throws {
        #expect(try endpoint(inside: true) == "NODE-7:5000")
        #expect(try endpoint(["KVCTL_INSIDE": "1"]) == "NODE-7:5000")
        #expect(try endpoint(["KVCTL_INSIDE": "0"]) == "localhost:5007")
        #expect(try endpoint(["KVCTL_INSIDE": ""]) == "localhost:5007")
    }

    @Test func flagsWinOverTheEnvironmentAndThatOverTheDefaults() throws {
        let environment = ["KVCTL_HOST": "box", "KVCTL_BASE_PORT": "6000"]
        #expect(try endpoint(environment) == "box:6007")
        #expect(try endpoint(environment, host: "other") == "other:6007")
        #expect(try endpoint(environment, basePort: "7000") == "box:7007")
        #expect(try endpoint(environment, host: "other", basePort: "7000") == "other:7007")
        #expect(try endpoint(environment, inside: true) == "NODE-7:5000")
        #expect(try endpoint(["KVCTL_HOST": "", "KVCTL_BASE_PORT": ""]) == "localhost:5007")
    }

    @Test func aFlagForOutsideWinsOverInsideInTheEnvironment() throws {
        #expect(try endpoint(["KVCTL_INSIDE": "1"], host: "box") == "box:5007")
        #expect(try endpoint(["KVCTL_INSIDE": "1"], basePort: "6000") == "localhost:6007")
    }

    @Test func addressesOfBothFamiliesAreHosts() throws {
        #expect(try endpoint(host: "10.0.1.1") == "10.0.1.1:5007")
        #expect(try endpoint(host: "::1") == "[::1]:5007")
        #expect(try endpoint(host: "[::1]") == "[::1]:5007")
    }

    @Test(arguments: ["", "-1", "65535", "x", "5000.0", "99999999999999999999"])
    func aWrongBasePortIsNamed(_ text: String) {
        let flag = failure { try endpoint(basePort: text) }
        #expect(flag?.status == .usage)
        #expect(flag?.message.contains("--base-port is '\(text)'") == true)
        guard !text.isEmpty else { return }
        let variable = failure { try endpoint(["KVCTL_BASE_PORT": text]) }
        #expect(variable?.message.contains("KVCTL_BASE_PORT is '\(text)'") == true)
    }

    @Test(arguments: ["http://box", "box:5000", "a b", ""])
    func aWrongHostIsNamed(_ text: String) {
        let flag = failure { try endpoint(host: text) }
        #expect(flag?.status == .usage)
        #expect(flag?.message.contains("--host is '\(text)'") == true)
    }

    @Test func contradictionsAreRefused() {
        #expect(failure { try endpoint(host: "box", inside: true) }?.status == .usage)
        #expect(failure { try endpoint(["KVCTL_INSIDE": "maybe"]) }?.status == .usage)
        #expect(failure { try endpoint(node: 65_535) }?.status == .usage)
        #expect(failure { try endpoint(node: 10, basePort: "65530") }?.status == .usage)
    }

    @Test func theAdviceFitsThePlace() throws {
        #expect(NodeDirectory(.host("localhost", basePort: 5000)).advice.hasSuffix("cluster up"))
        #expect(
            NodeDirectory(.host("localhost", basePort: 6000)).advice
                .hasSuffix("cluster up --base-port 6000"))
        #expect(NodeDirectory(.host("box", basePort: 5000)).advice.contains("ports of box"))
        #expect(NodeDirectory(.inside).advice.contains("--inside"))
    }
}
