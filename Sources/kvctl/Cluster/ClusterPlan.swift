import Foundation

/// What `kvctl cluster up` is to start.
struct ClusterPlan: Equatable, Sendable {
    /// Deeper trees (255 processes and more) are too much for most machines.
    static let depthMaxUnforced = 7
    static let depthMax = 16
    static let address = "127.0.0.1"

    /// Variables that tell a node who and where it is, ours and those of the earlier systems. In a
    /// cluster of one machine the flags alone say that.
    private static let identityVariables: Set<String> = [
        "CANOPY_NAME", "CANOPY_LISTEN", "CANOPY_ADVERTISE", "CANOPY_ROOT", "CANOPY_DEPTH",
        "CANOPY_COHERENCE", "CANOPY_ROLE", "CANOPY_ZOOKEEPER", "ZOO_SERVERS", "MY_ID", "MY_IP",
        "ROOT_ID", "ROOT_IP", "zookeeper", "node_name", "node_address", "root_node", "n_nodes",
        "api_port", "startup_delay", "debug",
    ]

    let depth: Int
    let basePort: Int
    let coherence: ClusterCoherence.Mode
    /// Flags for the root alone, which decides how copies are kept in step.
    let rootArguments: [String]
    let memory: String?
    /// The ZooKeeper servers that record the tree; the nodes below the root find it there.
    let zookeeper: String?
    /// Flags handed to every cachenode as they are.
    let nodeArguments: [String]

    /// Throws a usage failure when the tree has no depth from 1 to 16, is larger than a machine
    /// bears (unless `force`), or needs ports past 65535.
    init(
        depth: Int, basePort: Int, coherence: ClusterCoherence, memory: String?,
        zookeeper: String? = nil, nodeArguments: [String], force: Bool
    ) throws {
        guard depth >= 1, depth <= Self.depthMax else {
            throw Failure(
                .usage, "--depth is \(depth): a number from 1 to \(Self.depthMax) is allowed.")
        }
        let count = 1 << depth - 1
        guard depth <= Self.depthMaxUnforced || force else {
            throw Failure(
                .usage, "a tree of depth \(depth) is \(count) processes on this machine.",
                advice:
                    "Up to --depth \(Self.depthMaxUnforced) is fine; --force starts them anyway.")
        }
        guard basePort + count <= 65_535 else {
            throw Failure(
                .usage, "\(count) nodes above port \(basePort) would need ports past 65535.",
                advice: "Choose a smaller --base-port or --depth.")
        }
        self.depth = depth
        self.basePort = basePort
        self.coherence = coherence.coherence
        rootArguments = coherence.arguments
        self.memory = memory
        self.zookeeper = zookeeper
        self.nodeArguments = nodeArguments
    }

    /// All nodes, the root first: the order in which the root hands out slots.
    var nodes: [NodeName] { (1...(1 << depth - 1)).map(NodeName.init(number:)) }

    func port(_ node: NodeName) -> UInt16 { UInt16(basePort + node.number) }

    /// The arguments of a node's cachenode.
    func arguments(for node: NodeName) -> [String] {
        let place = "\(Self.address):\(port(node))"
        var arguments = ["--name", "\(node)", "--listen", place, "--advertise", place]
        if let zookeeper {
            arguments += ["--zookeeper", zookeeper, "--role", node.number == 1 ? "root" : "child"]
        } else if node.number > 1 {
            arguments += ["--root", "\(Self.address):\(basePort + 1)"]
        }
        arguments += ["--depth", "\(depth)"]
        if node.number == 1 { arguments += rootArguments }
        if let memory { arguments += ["--memory", memory] }
        return arguments + nodeArguments
    }

    /// The environment of a node: ours without what would tell it another place in the tree.
    static func nodeEnvironment(_ environment: [String: String]) -> [String: String] {
        environment.filter { !identityVariables.contains($0.key) }
    }

    /// The executable: `configured`, or the cachenode beside `ownPath`, or the first on PATH.
    static func executable(
        configured: String?, ownPath: String?, environment: [String: String]
    ) throws -> String {
        let files = FileManager.default
        if let configured {
            let path = URL(fileURLWithPath: configured).path
            guard files.isExecutableFile(atPath: path) else {
                throw Failure(.usage, "--cachenode is '\(configured)': not a program.")
            }
            return path
        }
        let beside = ownPath.map { [URL(fileURLWithPath: $0).deletingLastPathComponent().path] }
        let onPath = (environment["PATH"] ?? "").split(separator: ":").map(String.init)
        let candidates = ((beside ?? []) + onPath).map { "\($0)/cachenode" }
        if let found = candidates.first(where: files.isExecutableFile) { return found }
        throw Failure(
            .failure, "there is no cachenode beside kvctl or on PATH.",
            advice: "Build it (swift build -c release) or say where it is: --cachenode PATH")
    }
}
