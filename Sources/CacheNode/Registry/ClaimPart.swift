import UVHTTP
import ZooKeeper

/// Keeps the root's claim: does what `RootClaim` decides.
final class ClaimPart: RegistryPart {
    private unowned let connection: RegistryConnection
    private var claim: RootClaim
    private var timer: (any LoopTimer)?
    private var isReading = false
    /// The claim or the epoch changed while they were read.
    private var isOutdated = false
    /// Why this node isn't the root yet; a sentence.
    private(set) var problem: String?
    /// The claim is held on this connection, in this epoch.
    var onHeld: ((UInt32) -> Void)?
    /// Another root has begun: a sentence.
    var onDeposed: ((String) -> Void)?

    init(_ record: RegistryRecord, connection: RegistryConnection) {
        self.connection = connection
        claim = RootClaim(record)
    }

    func onConnected(session: Int64) { perform(claim.onConnected(session: session)) }

    func onDisconnected() {
        timer?.cancel()
        timer = nil
        isReading = false
    }

    func onSessionEnded() { claim.onSessionEnded() }

    func onEvent(_ event: ZooKeeperEvent) {
        if event.path == RegistryPaths.root || event.path == RegistryPaths.epoch { read() }
    }

    private func perform(_ step: RootClaim.Step) {
        timer?.cancel()
        timer = nil
        switch step {
        case .read: read()
        case .createPaths:
            connection.createPaths { [self] problem in
                if let problem { wait(RootClaim.retryMilliseconds, problem) } else { read() }
            }
        case .claim(let operations):
            connection.client.multi(
                operations,
                completion: connection.current { [self] result in
                    perform(claim.onClaimed(result.map { _ in }))
                })
        case .wait(let milliseconds, let reason): wait(milliseconds, reason)
        case .held(let epoch):
            problem = nil
            onHeld?(epoch)
        case .repair(let data, let version): repair(data, version)
        case .deposed(let reason): onDeposed?(reason)
        }
    }

    /// Somebody wrote into the claim: what it says is this node's to say.
    private func repair(_ data: [UInt8], _ version: Int32) {
        connection.log.warning(
            "the claim in ZooKeeper was changed; it is put right",
            ["znode": .string(RegistryPaths.root)])
        connection.client.set(
            RegistryPaths.root, data: data, version: version,
            completion: connection.current { [self] _ in read() })
    }

    /// Reads the holder, then the epoch.
    private func read() {
        guard connection.isConnected else { return }
        guard !isReading else {
            isOutdated = true
            return
        }
        isReading = true
        isOutdated = false
        connection.client.get(
            RegistryPaths.root, watch: true,
            completion: connection.current { [self] result in
                switch result {
                case .success(let holder): readEpoch(holder)
                case .failure(.noNode), .failure(.chrootMissing): readEpoch(nil)
                case .failure(let error): fail(error)
                }
            })
    }

    private func readEpoch(_ holder: NodeData?) {
        connection.client.get(
            RegistryPaths.epoch,
            completion: connection.current { [self] result in
                isReading = false
                if isOutdated { return read() }
                let unixSeconds = connection.loop.unixSeconds
                switch result {
                case .success(let epoch):
                    perform(claim.onRead(epoch: epoch, holder: holder, unixSeconds: unixSeconds))
                case .failure(.noNode), .failure(.chrootMissing):
                    perform(claim.onRead(epoch: nil, holder: holder, unixSeconds: unixSeconds))
                case .failure(let error): fail(error)
                }
            })
    }

    private func fail(_ error: ZooKeeperError) {
        isReading = false
        wait(RootClaim.retryMilliseconds, "ZooKeeper: \(error)")
    }

    private func wait(_ milliseconds: UInt64, _ reason: String) {
        if problem != reason {
            connection.log.error(
                "this node can't be the root; it tries again", ["reason": .string(reason)])
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
