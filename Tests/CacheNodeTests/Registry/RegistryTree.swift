import Simulation
import Testing
import UVHTTP
import ZooKeeper

@testable import CacheNode

/// A tree of whole nodes that is recorded in a simulated ZooKeeper ensemble.
final class RegistryTree {
    static let timeoutMilliseconds: UInt32 = 2_000

    let tree: SimTree
    let zooKeeper: SimZooKeeper
    let client: SimClient
    /// Somebody with a ZooKeeper client.
    let person: ZooKeeperClient
    var world: SimWorld { tree.world }

    init(
        seed: UInt64 = 1, nodeCount: Int, depth: Int = 3, serverCount: Int = 1,
        change: (inout Settings) -> Void = { _ in }
    ) throws {
        let servers = (1...serverCount).map { "zk\($0):2181" }.joined(separator: ",")
        tree = try SimTree(seed: seed, nodeCount: nodeCount, depth: depth) {
            Self.prepare(&$0, servers)
            change(&$0)
        }
        zooKeeper = SimZooKeeper(
            in: tree.world, serverCount: serverCount, tickMilliseconds: 100)
        client = SimClient(tree.world.addHost("client"))
        person = ZooKeeperClient(
            loop: tree.world.addHost("person").loop, connectString: try ConnectString(servers),
            seed: seed)
        person.start()
    }

    deinit { person.close(deadlineMilliseconds: 0) }

    static func prepare(_ settings: inout Settings, _ servers: String) {
        settings.zookeeper = servers
        settings.zookeeperTimeoutMilliseconds = timeoutMilliseconds
    }

    /// The JSON of a znode.
    func data(_ path: String) -> String? {
        zooKeeper.nodes[path].map { String(decoding: $0.data, as: UTF8.self) }
    }

    /// `{"ip":"10.0.0.1","id":1,"name":"NODE-1","port":5000,"slot":1}`
    func record(_ slot: Int, name: String? = nil) -> String {
        let host = tree.hosts[slot - 1].addresses[0]
        let name = name ?? "NODE-\(slot)"
        return #"{"ip":"\#(host)","id":\#(slot),"name":"\#(name)","port":5000,"slot":\#(slot)}"#
    }

    /// Paths of the tree, without ZooKeeper's own and ours beside it.
    func treePaths(below root: String = "/NODE-1") -> [String] {
        zooKeeper.nodes.keys.filter { $0 == root || $0.hasPrefix(root + "/") }.sorted()
    }

    func wait(
        for what: String, milliseconds: UInt64 = 20_000,
        sourceLocation: SourceLocation = #_sourceLocation, until condition: () -> Bool
    ) {
        let isMet = world.run(withinMilliseconds: milliseconds, until: condition)
        #expect(isMet, "waited in vain for \(what)", sourceLocation: sourceLocation)
    }

    func nodes() -> String { tree.ask(client, .get, 0, "/nodes").text }

    /// `live`, `gone`, as `GET /nodes` says it.
    func state(_ name: String) -> String? {
        let objects = nodes().split(separator: "{")
        guard let object = objects.first(where: { $0.contains(#""name":"\#(name)","#) }) else {
            return nil
        }
        return object.firstRange(of: #""state":""#).map {
            String(object[$0.upperBound...].prefix { $0 != "\"" })
        }
    }
}

extension Substring {
    /// Where a text is first found in this one.
    fileprivate func firstRange(of text: String) -> Range<Index>? {
        indices.first { self[$0...].hasPrefix(text) }.map {
            $0..<index($0, offsetBy: text.count)
        }
    }
}
