import UVHTTP
import ZooKeeper

/// A child's part in ZooKeeper: where the root is, and that the node itself lives.
final class ChildRegistry: RegistryPart {
    private static let retryMilliseconds: UInt64 = 1_000

    private let connection: RegistryConnection
    private let presence: PresencePart
    private var timer: (any LoopTimer)?
    private var recordTimer: (any LoopTimer)?
    private var earlierPath: String?
    private var earlierData: [UInt8] = []
    private var isReading = false
    /// Called when the root is found, and again when it has moved.
    var onRoot: ((Endpoint) -> Void)?

    init(name: String, connection: RegistryConnection) {
        self.connection = connection
        presence = PresencePart(name: name, connection: connection)
    }

    func start() { connection.start([presence, self]) }

    /// The session ends at once: the others know that the node is gone.
    func close(deadlineMilliseconds: Int, completion: @escaping () -> Void) {
        connection.close(deadlineMilliseconds: deadlineMilliseconds, completion: completion)
    }

    /// From now on the node is recorded as this; under a root of an earlier system also in the
    /// tree, at `earlierPath`.
    func show(_ record: RegistryRecord, earlierPath: String?) {
        presence.show(record)
        guard let earlierPath, earlierPath != self.earlierPath else { return }
        self.earlierPath = earlierPath
        earlierData = record.data
        recordInTree()
    }

    /// Once the parent's znode is there.
    private func recordInTree() {
        guard let path = earlierPath, connection.isConnected else { return }
        connection.client.create(
            path, data: earlierData,
            completion: connection.current { [self] result in
                switch result {
                case .success, .failure(.nodeExists): setInTree(path)
                case .failure(.noNode):
                    recordTimer = connection.loop.startTimer(
                        afterMilliseconds: Self.retryMilliseconds, repeatMilliseconds: 0
                    ) { [self] in
                        recordTimer = nil
                        recordInTree()
                    }
                case .failure(let error):
                    connection.log.error(
                        "this node can't be recorded in the tree",
                        ["path": .string(path), "reason": .string("\(error)")])
                }
            })
    }

    private func setInTree(_ path: String) {
        // It may have been there with another address; a failure comes with the connection's end,
        // after which it is tried again.
        connection.client.set(path, data: earlierData, completion: { _ in })
    }

    var isWell: Bool { connection.isConnected && presence.problem == nil }

    /// For `/readyz?verbose`.
    var summary: String {
        [connection.summary, presence.problem].compactMap { $0 }.joined(separator: "; ")
    }

    // MARK: Finding the root

    func onConnected(session: Int64) {
        read()
        recordInTree()
    }

    func onDisconnected() {
        timer?.cancel()
        timer = nil
        recordTimer?.cancel()
        recordTimer = nil
        isReading = false
    }

    func onSessionEnded() {}

    func onEvent(_ event: ZooKeeperEvent) {
        if event.path == RegistryPaths.root { read() }
    }

    private func read() {
        guard connection.isConnected, !isReading else { return }
        isReading = true
        connection.client.get(
            RegistryPaths.root, watch: true,
            completion: connection.current { [self] result in
                isReading = false
                switch result {
                case .success(let node): onFound(node)
                case .failure(.noNode): watchForRoot()
                // The root creates it.
                case .failure: readLater()
                }
            })
    }

    private func onFound(_ node: NodeData) {
        let record = RegistryRecord(
            data: node.data, znodeName: "root", defaultPort: SettingValue.defaultPort)
        if let record {
            onRoot?(record.endpoint)
            return
        }
        connection.log.error("\(RegistryPaths.root) in ZooKeeper doesn't say where the root is")
        readLater()
    }

    /// There is none now: a watch tells when there is.
    private func watchForRoot() {
        connection.client.exists(
            RegistryPaths.root, watch: true,
            completion: connection.current { [self] result in
                switch result {
                case .success(nil): break
                case .success: read()
                case .failure: readLater()
                }
            })
    }

    private func readLater() {
        timer?.cancel()
        timer = connection.loop.startTimer(
            afterMilliseconds: Self.retryMilliseconds, repeatMilliseconds: 0
        ) { [self] in
            timer = nil
            read()
        }
    }
}
