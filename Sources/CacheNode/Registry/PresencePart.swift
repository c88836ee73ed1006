import UVHTTP
import ZooKeeper

/// Keeps a node's own ephemeral znode: does what `OwnPresence` decides.
final class PresencePart: RegistryPart {
    private unowned let connection: RegistryConnection
    private var presence: OwnPresence
    private var timer: (any LoopTimer)?
    private var isReading = false
    /// Why the znode isn't this node's; a sentence.
    private(set) var problem: String?

    init(name: String, connection: RegistryConnection) {
        self.connection = connection
        presence = OwnPresence(name: name)
    }

    var isHeld: Bool { presence.isHeld }
    var path: String { presence.path }

    /// From now on the znode is to say this.
    func show(_ record: RegistryRecord) { perform(presence.onRecord(record)) }

    func onConnected(session: Int64) { perform(presence.onConnected(session: session)) }

    func onDisconnected() {
        timer?.cancel()
        timer = nil
        isReading = false
    }

    func onSessionEnded() { presence.onSessionEnded() }

    func onEvent(_ event: ZooKeeperEvent) {
        if event.path == presence.path { read() }
    }

    private func perform(_ step: OwnPresence.Step) {
        timer?.cancel()
        timer = nil
        let client = connection.client
        switch step {
        case .none: break
        case .read: read()
        case .createPaths:
            connection.createPaths { [self] problem in
                if let problem { wait(OwnPresence.retryMilliseconds, problem) } else { read() }
            }
        case .create(let data):
            client.create(
                presence.path, data: data, mode: .ephemeral,
                completion: connection.current { [self] in onChanged($0.map { _ in }) })
        case .replace(let operations):
            client.multi(
                operations,
                completion: connection.current { [self] in onChanged($0.map { _ in }) })
        case .set(let data, let version):
            client.set(
                presence.path, data: data, version: version,
                completion: connection.current { [self] in onChanged($0.map { _ in }) })
        case .wait(let milliseconds, let reason): wait(milliseconds, reason)
        case .held:
            if problem != nil {
                connection.log.info("this node is recorded as live", ["path": .string(path)])
            }
            problem = nil
        }
    }

    private func onChanged(_ result: Result<Void, ZooKeeperError>) {
        perform(presence.onChanged(result))
    }

    /// One reading at a time: what fires meanwhile shows in it.
    private func read() {
        guard connection.isConnected, !isReading else { return }
        isReading = true
        connection.client.get(
            presence.path, watch: true,
            completion: connection.current { [self] result in
                isReading = false
                switch result {
                case .success(let node): perform(presence.onRead(node))
                case .failure(.noNode): perform(presence.onRead(nil))
                case .failure(.chrootMissing): perform(.createPaths)
                case .failure(let error):
                    wait(OwnPresence.retryMilliseconds, "\(presence.path): \(error)")
                }
            })
    }

    private func wait(_ milliseconds: UInt64, _ reason: String) {
        if problem != reason {
            connection.log.error(
                "this node can't be recorded as live", ["reason": .string(reason)])
        }
        problem = reason
        timer?.cancel()
        timer = connection.loop.startTimer(
            afterMilliseconds: milliseconds, repeatMilliseconds: 0
        ) { [self] in
            timer = nil
            read()
        }
    }
}
