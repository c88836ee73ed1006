import Foundation
import Testing

@testable import kvctl

@Suite struct ClusterPlanTests {
    private func plan(
        depth: Int = 3, basePort: Int = 5000, coherence: [String] = [], memory: String? = nil,
        zookeeper: String? = nil, force: Bool = false, _ nodeArguments: String...
    ) throws -> ClusterPlan {
        try ClusterPlan(
            depth: depth, basePort: basePort, coherence: ClusterCoherence.parse(coherence),
            memory: memory, zookeeper: zookeeper, nodeArguments: nodeArguments, force: force)
    }

    @Test func theRootHasNoRootAndTheOthersHaveIt() throws {
        let plan = try plan(basePort: 6000, memory: "64M", "--log-level", "debug")
        #expect(
            plan.arguments(for: NodeName(number: 1)) == [
                "--name", "NODE-1", "--listen", "127.0.0.1:6001", "--advertise", "127.0.0.1:6001",
                "--depth", "3", "--coherence", "push", "--memory", "64M", "--log-level", "debug",
            ])
        #expect(
            plan.arguments(for: NodeName(number: 4)).starts(with: [
                "--name", "NODE-4", "--listen", "127.0.0.1:6004", "--advertise", "127.0.0.1:6004",
                "--root", "127.0.0.1:6001", "--depth", "3", "--memory",
            ]))
        #expect(plan.nodes.map(\.number) == Array(1...7))
    }

    @Test func withZooKeeperTheNodesFindTheirRootThere() throws {
        let plan = try plan(depth: 2, zookeeper: "127.0.0.1:2181/mine")
        let zookeeper = ["--zookeeper", "127.0.0.1:2181/mine", "--role"]
        #expect(
            plan.arguments(for: NodeName(number: 1)) == [
                "--name", "NODE-1", "--listen", "127.0.0.1:5001", "--advertise", "127.0.0.1:5001",
            ] + zookeeper + ["root", "--depth", "2", "--coherence", "push"])
        #expect(
            plan.arguments(for: NodeName(number: 3)) == [
                "--name", "NODE-3", "--listen", "127.0.0.1:5003", "--advertise", "127.0.0.1:5003",
            ] + zookeeper + ["child", "--depth", "2"])
    }

    @Test func theRootAloneIsToldHowToKeepCopiesInStep() throws {
        let plan = try plan(coherence: [
            "--coherence", "sync", "--sync-interval", "250ms", "--max-staleness", "5s", "--ttl",
            "1m", "--stale-if-error", "0",
        ])
        #expect(
            plan.rootArguments == [
                "--coherence", "sync", "--ttl", "1m", "--sync-interval", "250ms",
                "--max-staleness", "5s", "--stale-if-error", "0",
            ])
        #expect(plan.arguments(for: NodeName(number: 1)).contains("sync"))
        #expect(!plan.arguments(for: NodeName(number: 2)).contains("--coherence"))
        #expect(throws: (any Error).self) { try ClusterCoherence.parse(["--coherence", "pull"]) }
    }

    @Test func sillySizesAreRefused() throws {
        for depth in [0, -1, 17, 63, 64, 8, 16] {
            #expect(throws: Failure.self) { try plan(depth: depth) }
        }
        #expect(throws: Failure.self) { try plan(depth: 17, force: true) }
        #expect(throws: Failure.self) { try plan(depth: 16, force: true) }
        #expect(throws: Failure.self) { try plan(depth: 3, basePort: 65_530) }
        #expect(try plan(depth: 8, force: true).nodes.count == 255)
        #expect(try plan(depth: 3, basePort: 65_528).port(NodeName(number: 7)) == 65_535)
        #expect(try plan(depth: 1).nodes.map(\.number) == [1])
    }

    @Test func whatWouldPlaceANodeElsewhereIsTakenOutOfItsEnvironment() {
        let environment = ClusterPlan.nodeEnvironment([
            "PATH": "/bin", "CANOPY_ROOT": "x", "CANOPY_LOG_LEVEL": "debug", "MY_ID": "3",
            "root_node": "NODE-1", "CANOPY_ZOOKEEPER": "x", "CANOPY_ROLE": "child",
        ])
        #expect(environment == ["PATH": "/bin", "CANOPY_LOG_LEVEL": "debug"])
    }

    @Test func theCachenodeBesideKvctlComesBeforeThePath() throws {
        let folder = try TemporaryFolder()
        let beside = try folder.executable("bin/cachenode", "")
        let onPath = try folder.executable("path/cachenode", "")
        let path = ["PATH": "/nonexistent:\(folder.path)/path"]
        func found(_ configured: String?, _ own: String?) throws -> String {
            try ClusterPlan.executable(configured: configured, ownPath: own, environment: path)
        }
        #expect(try found(nil, "\(folder.path)/bin/kvctl") == beside)
        #expect(try found(nil, "\(folder.path)/elsewhere/kvctl") == onPath)
        #expect(try found(nil, nil) == onPath)
        #expect(try found("/bin/sleep", nil) == "/bin/sleep")
        #expect(throws: Failure.self) { try found("\(folder.path)/nothing", nil) }
        #expect(throws: Failure.self) {
            try ClusterPlan.executable(configured: nil, ownPath: nil, environment: [:])
        }
    }

    @Test func theStateFolderFollowsTheSpecification() {
        func path(_ environment: [String: String]) -> String {
            ClusterDirectory.defaultPath(basePort: 5000, environment: environment)
        }
        #expect(path(["HOME": "/h"]) == "/h/.local/state/canopy/cluster-5000")
        #expect(path(["HOME": "/h", "XDG_STATE_HOME": "/s"]) == "/s/canopy/cluster-5000")
        #expect(
            path(["HOME": "/h", "XDG_STATE_HOME": "rel"]) == "/h/.local/state/canopy/cluster-5000")
    }

    @Test func leavesAreOnTheDeepestLevel() {
        #expect(
            [1, 2, 3, 4, 7, 8].map { ClusterStopper.level(of: NodeName(number: $0)) }
                == [1, 2, 2, 3, 3, 4])
    }
}
