import Testing
import UVHTTP

@testable import CacheNode

/// Who is the root, and how the others find it.
@Suite struct RoleSettingsTests {
    private func settings(
        _ arguments: String..., environment: [String: String] = [:]
    ) throws -> Settings {
        try parsedSettings(arguments, environment).settings
    }

    @Test func aNodeWithoutAnybodyIsTheRoot() throws {
        #expect(try settings().isRoot)
        #expect(try settings("--name", "A").isRoot)
        #expect(try settings("--role", "root", "--name", "A").isRoot)
    }

    @Test func withZooKeeperAloneTheNameDecides() throws {
        #expect(try settings("--zookeeper", "z").isRoot)
        #expect(try settings("--zookeeper", "z", "--name", "node-1").isRoot)
        #expect(try settings("--zookeeper", "z", "--name", "1").isRoot)
        let child = try settings("--zookeeper", "z", "--name", "NODE-2")
        #expect(!child.isRoot)
        #expect(child.findsRoot)
        #expect(child.root == nil)
    }

    @Test func theRoleOverridesTheName() throws {
        #expect(try settings("--zookeeper", "z", "--name", "A", "--role", "root").isRoot)
        #expect(try settings("--zookeeper", "z", "--name", "NODE-1", "--role", "child").findsRoot)
    }

    @Test func aRootThatIsGivenIsWhereAChildBegins() throws {
        let child = try settings("--zookeeper", "z", "--name", "A", "--root", "h:1")
        #expect(!child.isRoot)
        #expect(!child.findsRoot)
        #expect(child.root == Endpoint(host: "h", port: 1))
        // Its own address.
        #expect(
            try settings("--zookeeper", "z", "--name", "A", "--listen", "h:1", "--root", "h:1")
                .isRoot)
    }

    @Test func contradictionsAreRefused() {
        #expect(
            settingsProblem(["--role", "root", "--name", "A", "--root", "h:1"])
                == "--role root: must not be given together with another's --root")
        let lonely = "must be given together with another node's --root, or with --zookeeper"
        #expect(settingsProblem(["--role", "child", "--name", "A"]) == "--role child: \(lonely)")
        #expect(
            settingsProblem([
                "--role", "child", "--name", "A", "--zookeeper", "z", "--listen", "h:1", "--root",
                "h:1",
            ]) == "--role child: \(lonely)")
        #expect(
            settingsProblem(["--role", "child", "--zookeeper", "z"])
                == "--name: must be given to a child (--name NODE-4)")
    }

    @Test func theEarlierSystemsVariablesNameTheRoot() throws {
        let kv = ["MY_ID": "4", "MY_IP": "10.0.1.70", "ROOT_ID": "1", "ZOO_SERVERS": "z"]
        #expect(try settings(environment: kv).findsRoot)
        #expect(!(try settings(environment: kv.merging(["ROOT_IP": "h"]) { $1 }).findsRoot))
        #expect(try settings(environment: kv.merging(["ROOT_ID": "4"]) { $1 }).isRoot)
        #expect(
            settingsProblem([], kv.filter { $0.key != "ZOO_SERVERS" })
                == "ROOT_IP: must be set, to the root's address")
    }

    @Test func aTimeoutWithoutZooKeeperIsToldToHaveNoEffect() throws {
        #expect(
            try parsedSettings(["--zookeeper-timeout", "2s"]).warnings
                == ["--zookeeper-timeout 2s has no effect without --zookeeper"])
        let settings = try settings("--zookeeper", "z", "--zookeeper-timeout", "2s")
        #expect(settings.zookeeperTimeoutMilliseconds == 2_000)
    }
}
