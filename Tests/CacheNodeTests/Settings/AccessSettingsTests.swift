import Testing
import UVHTTP

@testable import CacheNode

@Suite struct AccessSettingsTests {
    @Test func tokensAreInFilesAndNoneIsTheDefault() throws {
        let none = try parsedSettings().settings
        #expect(none.tokenFile == nil && none.clusterTokenFile == nil)
        #expect(none.listen.host == "127.0.0.1")
        let given = try parsedSettings(
            ["--token-file", "/etc/a b"], ["CANOPY_CLUSTER_TOKEN_FILE": "./nodes"])
        #expect(given.settings.tokenFile == "/etc/a b")
        #expect(given.settings.clusterTokenFile == "./nodes")
        #expect(given.settings.listen.host == "127.0.0.1")
        #expect(given.warnings.isEmpty)
    }

    @Test func aPathIsPrintable() {
        #expect(
            settingsProblem(["--token-file="]) == #"--token-file "": must be the path of a file"#)
        #expect(
            settingsProblem(["--cluster-token-file", "a\nb"])
                .hasSuffix(": must be the path of a file"))
    }
}

@Suite struct LoopbackTests {
    @Test(arguments: ["127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1"])
    func someAddressesAreReachedFromThisMachineAlone(host: String) {
        #expect(SocketAddress(numericHost: host, port: 1)?.isLoopback == true)
    }

    @Test(arguments: [
        "0.0.0.0", "10.0.0.1", "128.0.0.1", "::", "fe80::1", "::ffff:10.0.0.1", "1::1",
    ])
    func othersAreNot(host: String) {
        #expect(SocketAddress(numericHost: host, port: 1)?.isLoopback == false)
    }
}
