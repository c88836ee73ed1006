import ZooKeeper

/// The root's claim to be the root, and the epoch of its incarnation. It decides and does no I/O.
///
/// 1. Read the epoch that is recorded, and who holds the claim.
/// 2. In one transaction, set the epoch to a greater one, if it is still the one that was read, and
///    create the claim, ephemeral. So of two roots one wins.
/// 3. A claim of this node's own earlier incarnation (same name, same address) is replaced in that
///    transaction. Another node's is not: this one waits until it is gone.
///
/// A root whose session has expired claims again under the same epoch. If the epoch has grown
/// meanwhile, another root has begun, and what this one holds is out of date.
struct RootClaim {
    /// What is to be done next.
    enum Step: Equatable {
        /// Read the epoch and the holder, with a watch.
        case read
        /// Create the paths that are needed.
        case createPaths
        case claim([MultiOperation])
        /// Read again then, or when the watch fires.
        case wait(milliseconds: UInt64, reason: String)
        /// The claim is this node's, and doesn't say what it should.
        case repair(data: [UInt8], version: Int32)
        case held(epoch: UInt32)
        /// Another root has begun: a sentence.
        case deposed(String)
    }

    static let retryMilliseconds: UInt64 = 2_000

    private let record: RegistryRecord
    /// The epoch of this incarnation, once it has one.
    private(set) var epoch: UInt32?
    private var session: Int64 = 0
    private var wantedEpoch: UInt32 = 0
    /// The claim is this session's, as far as is known.
    private(set) var isHeld = false

    init(_ record: RegistryRecord) { self.record = record }

    mutating func onConnected(session: Int64) -> Step {
        self.session = session
        return .read
    }

    mutating func onSessionEnded() { isHeld = false }

    /// What was read; nil where there is no such znode.
    mutating func onRead(epoch read: NodeData?, holder: NodeData?, unixSeconds: Int) -> Step {
        guard let read else { return .createPaths }
        guard let recorded = Self.epoch(of: read.data) else {
            return .wait(
                milliseconds: Self.retryMilliseconds,
                reason: "\(RegistryPaths.epoch) holds no number: someone must repair it")
        }
        if let holder, holder.stat.ephemeralOwner == session { return onOwn(holder, recorded) }
        isHeld = false
        if let epoch, recorded > epoch {
            return .deposed(
                "another root has begun (epoch \(recorded), this one's is \(epoch)), so that what"
                    + " this one holds is out of date")
        }
        if let holder, let reason = obstacle(holder) {
            return .wait(milliseconds: Self.retryMilliseconds, reason: reason)
        }
        wantedEpoch = epoch ?? Self.next(after: recorded, unixSeconds: unixSeconds)
        return .claim(transaction(epochVersion: read.stat.version, holder: holder))
    }

    /// What became of the transaction.
    mutating func onClaimed(_ result: Result<Void, ZooKeeperError>) -> Step {
        switch result {
        case .success:
            epoch = wantedEpoch
            isHeld = true
            return .held(epoch: wantedEpoch)
        // Somebody was quicker, or it isn't known: reading tells.
        case .failure: return .read
        }
    }

    /// The claim is there and is this session's: its transaction was done, whatever was heard of
    /// it.
    private mutating func onOwn(_ holder: NodeData, _ recorded: UInt32) -> Step {
        let epoch = epoch ?? recorded
        self.epoch = epoch
        isHeld = true
        var wanted = record
        wanted.epoch = epoch
        guard holder.data == wanted.data else {
            return .repair(data: wanted.data, version: holder.stat.version)
        }
        return .held(epoch: epoch)
    }

    /// Why a claim that is another session's must be respected; nil if it is this node's own of
    /// earlier.
    private func obstacle(_ holder: NodeData) -> String? {
        let other = RegistryRecord(
            data: holder.data, znodeName: "root", defaultPort: record.endpoint.port)
        guard let other else {
            return "\(RegistryPaths.root) is held by a process that doesn't say who it is"
        }
        if other.isSamePlace(as: record) { return nil }
        let session = RegistryRecord.text(session: holder.stat.ephemeralOwner)
        return "\(other.name) at \(other.endpoint) is the root already (session \(session))"
    }

    private func transaction(epochVersion: Int32, holder: NodeData?) -> [MultiOperation] {
        var claim = record
        claim.epoch = wantedEpoch
        var operations: [MultiOperation] = []
        if epoch == nil {
            operations.append(
                .set(
                    path: RegistryPaths.epoch, data: Array("\(wantedEpoch)".utf8),
                    version: epochVersion))
        } else {
            operations.append(.check(path: RegistryPaths.epoch, version: epochVersion))
        }
        if let holder {
            operations.append(.delete(path: RegistryPaths.root, version: holder.stat.version))
        }
        operations.append(
            .create(path: RegistryPaths.root, data: claim.data, mode: .ephemeral))
        return operations
    }

    private static func epoch(of data: [UInt8]) -> UInt32? {
        data.isEmpty ? 0 : UInt32(String(decoding: data, as: UTF8.self))
    }

    /// Greater than what is recorded, and than that of any root that ran without ZooKeeper.
    static func next(after recorded: UInt32, unixSeconds: Int) -> UInt32 {
        max(recorded == .max ? .max : recorded + 1, UInt32(clamping: unixSeconds))
    }
}
