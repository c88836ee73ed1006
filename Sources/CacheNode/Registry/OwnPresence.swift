import ZooKeeper

/// A node's own ephemeral znode, by which the others know that it lives. It decides and does no
/// I/O.
///
/// A znode of this name may be there already. If it is of this node's earlier incarnation (same
/// address), or of an earlier session of this one, it is replaced. If it is another process's, this
/// node waits until that is gone, and says so.
struct OwnPresence {
    /// What is to be done next.
    enum Step: Equatable {
        case none
        /// Read the znode, with a watch.
        case read
        case createPaths
        case create([UInt8])
        /// Delete what is there and create it anew, in one transaction.
        case replace([MultiOperation])
        case set([UInt8], version: Int32)
        /// Read again then, or when the watch fires.
        case wait(milliseconds: UInt64, reason: String)
        case held
    }

    static let retryMilliseconds: UInt64 = 1_000

    let path: String
    private var record: RegistryRecord?
    private var session: Int64?
    /// The sessions that this incarnation has had.
    private var ownSessions: Set<Int64> = []
    private var hasHeld = false
    private(set) var isHeld = false

    init(name: String) { path = RegistryPaths.live(name) }

    /// From now on the znode is to say this.
    mutating func onRecord(_ record: RegistryRecord) -> Step {
        guard record != self.record else { return .none }
        self.record = record
        return session == nil ? .none : .read
    }

    mutating func onConnected(session: Int64) -> Step {
        if self.session != session { isHeld = false }
        self.session = session
        ownSessions.insert(session)
        return record == nil ? .none : .read
    }

    mutating func onSessionEnded() {
        session = nil
        isHeld = false
    }

    /// What was read; nil if there is no such znode.
    mutating func onRead(_ node: NodeData?) -> Step {
        guard let session, let data = data(session) else { return .none }
        guard let node else {
            isHeld = false
            return .create(data)
        }
        let owner = node.stat.ephemeralOwner
        if owner == session {
            guard node.data == data else { return .set(data, version: node.stat.version) }
            isHeld = true
            hasHeld = true
            return .held
        }
        isHeld = false
        if let reason = obstacle(node) {
            return .wait(milliseconds: Self.retryMilliseconds, reason: reason)
        }
        return .replace([
            .delete(path: path, version: node.stat.version),
            .create(path: path, data: data, mode: .ephemeral),
        ])
    }

    /// What became of a change.
    func onChanged(_ result: Result<Void, ZooKeeperError>) -> Step {
        switch result {
        // Reading leaves the watch, and shows what became of a change that wasn't answered.
        case .success, .failure(.nodeExists), .failure(.badVersion), .failure(.multi): .read
        case .failure(.noNode): .createPaths
        case .failure(let error):
            .wait(milliseconds: Self.retryMilliseconds, reason: "\(path): \(error)")
        }
    }

    private func data(_ session: Int64) -> [UInt8]? {
        guard var record else { return nil }
        record.session = RegistryRecord.text(session: session)
        return record.data
    }

    /// Why a znode of another session must be respected; nil if it is this node's own of earlier.
    private func obstacle(_ node: NodeData) -> String? {
        guard let record, !ownSessions.contains(node.stat.ephemeralOwner) else { return nil }
        let session = RegistryRecord.text(session: node.stat.ephemeralOwner)
        let other = RegistryRecord(
            data: node.data, znodeName: record.name, defaultPort: record.endpoint.port)
        guard let other else {
            return "a process that doesn't say where it is holds the name \(record.name) (session"
                + " \(session))"
        }
        if other.isSamePlace(as: record), !hasHeld { return nil }
        return "another live process holds the name \(record.name), at \(other.endpoint) (session"
            + " \(session))"
    }
}
