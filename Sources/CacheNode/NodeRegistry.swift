import UVHTTP
import ZooKeeper

/// A node's part in ZooKeeper, where there is one.
extension Node {
    /// Milliseconds that the session's end may take when the node stops.
    static let closeMilliseconds = 1_000

    func makeRegistryConnection() throws(StartError) -> RegistryConnection? {
        guard let text = settings.zookeeper else { return nil }
        do throws(ConnectStringError) {
            return RegistryConnection(
                try ConnectString(text),
                timeoutMilliseconds: Int(settings.zookeeperTimeoutMilliseconds), loop: loop,
                log: log, seed: seed)
        } catch {
            throw StartError(description: "--zookeeper \(text): \(error)")
        }
    }

    func makeChildRegistry() throws(StartError) -> ChildRegistry? {
        guard let connection = try makeRegistryConnection() else { return nil }
        let registry = ChildRegistry(name: settings.name, connection: connection)
        childRegistry = registry
        return registry
    }

    /// What is answered before the node has its part.
    func makeWaitingService() -> WaitingService {
        WaitingService { [unowned self] in rootRegistry?.problem ?? "this node is starting" }
    }

    /// 1. The claim is had, and with it the epoch.
    /// 2. The tree is read as an earlier root left it.
    /// 3. This node serves.
    func becomeRoot(_ root: TreeMember, by connection: RegistryConnection) {
        let registry = RootRegistry(root, layout: settings.layout, connection: connection)
        rootRegistry = registry
        registry.onReady = { [unowned self, unowned registry] epoch, znodes in
            guard !isStopping else { return }
            serve(as: .root(epoch: epoch)) {
                .root(makeKeeper(root, znodes, registry))
            }
        }
        registry.onDeposed = { [unowned self] reason in
            guard !isStopping else { return }
            log.error("this root ends", ["reason": .string(reason)])
            onFailure?(StartError(description: reason))
        }
        registry.start()
    }

    private func makeKeeper(
        _ root: TreeMember, _ znodes: TreePart.Nodes, _ registry: RootRegistry
    ) -> TreeKeeper {
        var tree = Tree(depth: settings.depth, root: root)
        let rootPath = "/" + root.znodeName(in: settings.layout)
        let misfits = RecordedTree.restore(
            znodes, below: rootPath, into: &tree, now: loop.nowMilliseconds)
        log.info(
            "the tree was read from ZooKeeper",
            ["nodes": .int(tree.count), "misfits": .int(misfits.count)])
        for member in tree.members { registry.onRegistered(slot: member.slot, in: tree) }
        return TreeKeeper(tree, layout: settings.layout, registry: registry) {
            HealthCheck(registry.isWell ? .well : .failed, "zookeeper", registry.summary)
        }
    }

    /// Ends the session, so that the others know at once that this node is gone.
    func closeRegistry(
        deadlineMilliseconds deadline: Int = Node.closeMilliseconds,
        _ completion: @escaping () -> Void
    ) {
        if let rootRegistry {
            rootRegistry.close(deadlineMilliseconds: deadline, completion: completion)
        } else if let childRegistry {
            childRegistry.close(deadlineMilliseconds: deadline, completion: completion)
        } else {
            completion()
        }
    }
}
