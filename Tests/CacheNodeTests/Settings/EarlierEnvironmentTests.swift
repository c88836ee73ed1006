import Testing
import UVHTTP

@testable import CacheNode

@Suite struct EarlierEnvironmentTests {
    /// What the `/kv` system's Vagrantfile gives its nodes.
    static func kv(id: String, root: String = "1") -> [String: String] {
        var variables = [
            "ZOO_SERVERS": "10.0.1.66", "MY_ID": id, "MY_IP": "10.0.1.\(66 + (Int(id) ?? 0))",
            "ROOT_ID": root, "PATH": "/usr/bin", "HOME": "/root",
        ]
        if id != root { variables["ROOT_IP"] = "10.0.1.\(66 + (Int(root) ?? 0))" }
        return variables
    }

    /// What the `/store` system's Vagrantfile gives its nodes.
    static func store(id: Int, root: Int = 1) -> [String: String] {
        [
            "node_name": "NODE-\(id)", "node_address": "10.0.1.\(66 + id)",
            "zookeeper": "10.0.1.66", "root_node": "NODE-\(root)", "n_nodes": "7",
            "api_port": "5000", "startup_delay": id == root ? "0" : "1", "debug": "true",
            "PATH": "/usr/bin",
        ]
    }

    @Test func startsTheRootOfAKVTree() throws {
        let settings = try parsedSettings([], Self.kv(id: "1")).settings
        #expect(settings.isRoot)
        #expect(settings.name == "NODE-1")
        #expect(settings.layout == .numbered)
        #expect(settings.listen == Endpoint("0.0.0.0:5000"))
        #expect(settings.advertise == Endpoint("10.0.1.67:5000"))
        #expect(settings.depth == 8)
        #expect(settings.legacy == .kv)
        #expect(settings.zookeeper == "10.0.1.66")
    }

    @Test func startsANodeBelowAKVRoot() throws {
        let settings = try parsedSettings([], Self.kv(id: "4", root: "3")).settings
        #expect(settings.name == "NODE-4")
        #expect(settings.root == Endpoint("10.0.1.69:5000"))
        #expect(settings.advertise == Endpoint("10.0.1.70:5000"))
        #expect(settings.legacy == .kv)
    }

    @Test func startsTheRootOfAStoreTree() throws {
        let settings = try parsedSettings([], Self.store(id: 5, root: 5)).settings
        #expect(settings.isRoot)
        #expect(settings.name == "NODE-5")
        #expect(settings.layout == .named)
        #expect(settings.listen == Endpoint("0.0.0.0:5000"))
        #expect(settings.advertise == Endpoint("10.0.1.71:5000"))
        #expect(settings.depth == 3)
        #expect(settings.startupDelaySeconds == 0)
        #expect(settings.logLevel == .debug)
        #expect(settings.legacy == .store)
        #expect(settings.zookeeper == "10.0.1.66")
    }

    @Test func startsANodeBelowAStoreRoot() throws {
        var variables = Self.store(id: 4)
        variables["api_port"] = "8080"
        variables["debug"] = "false"
        variables["n_nodes"] = "15"
        let settings = try parsedSettings([], variables).settings
        #expect(settings.root == Endpoint("NODE-1:8080"))
        #expect(settings.listen == Endpoint("0.0.0.0:8080"))
        #expect(settings.advertise == Endpoint("10.0.1.70:8080"))
        #expect(settings.depth == 4)
        #expect(settings.startupDelaySeconds == 1)
        #expect(settings.logLevel == .info)
    }

    @Test func theirNodesCauseNoWarning() throws {
        #expect(try parsedSettings([], Self.kv(id: "2")).warnings.isEmpty)
        #expect(try parsedSettings([], Self.store(id: 2)).warnings.isEmpty)
    }

    @Test func ourVariablesAndFlagsWinOverTheirs() throws {
        var variables = Self.store(id: 4)
        variables["CANOPY_DEPTH"] = "5"
        variables["CANOPY_LISTEN"] = "127.0.0.1:1"
        let settings = try parsedSettings(["--root", "10.9.9.9:9", "--name", "edge"], variables)
            .settings
        #expect(settings.depth == 5)
        #expect(settings.listen == Endpoint("127.0.0.1:1"))
        #expect(settings.root == Endpoint("10.9.9.9:9"))
        #expect(settings.name == "EDGE")
        #expect(settings.advertise == Endpoint("10.0.1.70:5000"))
        #expect(settings.legacy == .store)
    }

    @Test func aNameOfOursDecidesWhoIsTheRoot() throws {
        let variables = Self.store(id: 4)
        #expect(try parsedSettings(["--name", "NODE-1"], variables).settings.isRoot)
        #expect(try parsedSettings(["--name", "1"], variables).settings.layout == .numbered)
    }

    @Test func namesAreComparedInCapitals() throws {
        var variables = Self.store(id: 1)
        variables["node_name"] = "node-1"
        #expect(try parsedSettings([], variables).settings.isRoot)
    }

    @Test(arguments: [
        ("MY_ID", "four", "MY_ID=four: must be a whole number from 0 to 2147483647"),
        ("MY_ID", "NODE-4", "MY_ID=NODE-4: must be a whole number from 0 to 2147483647"),
        ("ROOT_ID", "-1", "ROOT_ID=-1: must be a whole number from 0 to 2147483647"),
        (
            "MY_IP", "10.0.1.70:1",
            "MY_IP=10.0.1.70:1: must be a host name or an address, without a port"
        ),
        ("ROOT_IP", "10.0.1", "ROOT_IP=10.0.1: must be a host name or an address, without a port"),
        (
            "ZOO_SERVERS", "a b",
            #"ZOO_SERVERS="a b": must be HOST:PORT,HOST:PORT… and an optional /path"#
        ),
        ("MY_ID", nil, "MY_ID: must be set, to a node's name"),
        ("ROOT_ID", nil, "ROOT_ID: must be set, to the root's name"),
        (
            "node_name", "NODE-4",
            "MY_ID and node_name: must not both be set, they start two systems"
        ),
    ])
    func aWrongVariableOfTheKVSystemIsNamed(_ row: (String, String?, String)) {
        var variables = Self.kv(id: "4")
        variables[row.0] = row.1
        #expect(settingsProblem([], variables) == row.2)
    }

    @Test(arguments: [
        (
            "node_name", "NODE 4",
            #"node_name="NODE 4": must be 1 to 64 letters, digits, '.', '_' and '-', or a number i for NODE-i"#
        ),
        (
            "root_node", "a/b",
            "root_node=a/b: must be 1 to 64 letters, digits, '.', '_' and '-', or a number i for NODE-i"
        ),
        ("node_address", "?", "node_address=?: must be a host name or an address, without a port"),
        ("n_nodes", "5", "n_nodes=5: must be 2^depth - 1, from 1, 3, 7, 15 to 65535"),
        ("n_nodes", "0", "n_nodes=0: must be 2^depth - 1, from 1, 3, 7, 15 to 65535"),
        ("n_nodes", "131071", "n_nodes=131071: must be 2^depth - 1, from 1, 3, 7, 15 to 65535"),
        ("api_port", "0", "api_port=0: must be a whole number from 1 to 65535"),
        ("api_port", "http", "api_port=http: must be a whole number from 1 to 65535"),
        ("startup_delay", "soon", "startup_delay=soon: must be a whole number from 0 to 3600"),
        ("debug", "maybe", "debug=maybe: must be true or false"),
        ("zookeeper", ",", "zookeeper=,: must be HOST:PORT,HOST:PORT… and an optional /path"),
        ("node_name", nil, "node_name: must be set, to a node's name"),
        ("root_node", nil, "root_node: must be set, to the root's name"),
    ])
    func aWrongVariableOfTheStoreSystemIsNamed(_ row: (String, String?, String)) {
        var variables = Self.store(id: 4)
        variables[row.0] = row.1
        #expect(settingsProblem([], variables) == row.2)
    }

    @Test(arguments: 1...16)
    func theNumberOfNodesGivesTheDepth(_ depth: Int) throws {
        var variables = Self.store(id: 4)
        variables["n_nodes"] = "\((1 << depth) - 1)"
        #expect(try parsedSettings([], variables).settings.depth == depth)
    }

    @Test(arguments: [("true", LogLevel.debug), ("1", .debug), ("False", .info), ("", .info)])
    func debugTurnsTheLogLevel(_ row: (String, LogLevel)) throws {
        var variables = Self.store(id: 4)
        variables["debug"] = row.0
        #expect(try parsedSettings([], variables).settings.logLevel == row.1)
    }

    @Test func onlyTheZooKeeperVariablesCountByThemselves() throws {
        let others = ["debug": "x", "api_port": "y", "MY_IP": "?", "n_nodes": "5"]
        #expect(try parsedSettings([], others).settings == parsedSettings().settings)
        #expect(try parsedSettings([], ["zookeeper": "a"]).settings.zookeeper == "a")
        #expect(
            try parsedSettings([], ["zookeeper": "a", "ZOO_SERVERS": "b"]).settings.zookeeper == "b"
        )
        let flag = try parsedSettings(["--zookeeper", "c"], ["ZOO_SERVERS": "b"])
        #expect(flag.settings.zookeeper == "c")
    }
}
