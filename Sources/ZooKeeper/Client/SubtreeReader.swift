extension ZooKeeperClient {
    /// The znode and all below, breadth first: a parent before its children, siblings in no order.
    ///
    /// Not a snapshot: each node is as it was when its own turn came, and one that went meanwhile
    /// is left out. Together with a recursive watch that was added before, nothing is missed: an
    /// event that comes before the completion may be about a node that was read before the event,
    /// and what it leads to must be put on top of what the completion brings.
    ///
    /// - Parameters:
    ///   - nodesMax: 1…; with more nodes this ends as `subtreeTooLarge`.
    ///   - windowRequests: how many requests may be under way at a time, 1….
    public func readSubtree(
        _ path: String, nodesMax: Int = 1_000_000, windowRequests: Int = 64,
        completion: @escaping Completion<[SubtreeNode]>
    ) {
        let limits = SubtreeLimits(nodes: max(1, nodesMax), window: max(1, windowRequests))
        SubtreeReader(self, path, limits, completion).start()
    }
}

struct SubtreeLimits {
    var nodes: Int
    var window: Int
}

/// Reads a subtree with a window of requests: the data of each node, whose stat says whether there
/// are children to ask for.
private final class SubtreeReader {
    /// A node's children that are still to be read; their paths are made when it is their turn.
    private struct Family {
        var parent: String
        var names: [String]
        var next = 0
    }

    private let client: ZooKeeperClient
    private let root: String
    private let limits: SubtreeLimits
    private var completion: ZooKeeperClient.Completion<[SubtreeNode]>?
    /// In the order in which they were asked for; nil until the reply, or for good.
    private var nodes: [SubtreeNode?] = []
    private var families: [Family] = []
    private var nextFamily = 0
    private var foundCount = 1
    private var underWay = 0

    init(
        _ client: ZooKeeperClient, _ root: String, _ limits: SubtreeLimits,
        _ completion: @escaping ZooKeeperClient.Completion<[SubtreeNode]>
    ) {
        self.client = client
        self.root = root
        self.limits = limits
        self.completion = completion
    }

    func start() {
        readNode(root)
    }

    private func readNode(_ path: String) {
        let index = nodes.count
        nodes.append(nil)
        underWay += 1
        client.get(path) { [self] result in
            underWay -= 1
            onData(result, index, path)
        }
    }

    private func onData(
        _ result: Result<NodeData, ZooKeeperError>, _ index: Int, _ path: String
    ) {
        guard completion != nil else { return }
        switch result {
        case .success(let node):
            nodes[index] = SubtreeNode(path: path, data: node.data, stat: node.stat)
            if node.stat.childCount > 0 { readChildren(path) }
        case .failure(.noNode) where index > 0: break
        case .failure(let error): return finish(.failure(error))
        }
        readMore()
    }

    private func readChildren(_ path: String) {
        underWay += 1
        client.children(path) { [self] result in
            underWay -= 1
            guard completion != nil else { return }
            switch result {
            case .success(let children):
                foundCount += children.names.count
                guard foundCount <= limits.nodes else {
                    return finish(.failure(.subtreeTooLarge(limit: limits.nodes)))
                }
                families.append(Family(parent: path, names: children.names))
            case .failure(.noNode): break
            case .failure(let error): return finish(.failure(error))
            }
            readMore()
        }
    }

    private func readMore() {
        while underWay < limits.window, nextFamily < families.count {
            let family = families[nextFamily]
            guard family.next < family.names.count else {
                families[nextFamily].names = []
                nextFamily += 1
                continue
            }
            families[nextFamily].next += 1
            readNode(NodePath.child(family.names[family.next], of: family.parent))
        }
        if underWay == 0 { finish(.success(nodes.compactMap { $0 })) }
    }

    private func finish(_ result: Result<[SubtreeNode], ZooKeeperError>) {
        let completion = completion
        self.completion = nil
        completion?(result)
    }
}
