import UVHTTP
import ZooKeeper

/// The root's part in ZooKeeper: its claim, the record of the tree, who lives, and that it lives
/// itself.
final class RootRegistry: TreeRegistry {
    private let connection: RegistryConnection
    private let claim: ClaimPart
    private let treePart: TreePart
    private let presence: PresencePart
    private let record: RegistryRecord
    private var epoch: UInt32?
    /// The claim is held and the tree has been read: the root may begin, in this epoch, with these
    /// znodes. Called once.
    var onReady: ((UInt32, TreePart.Nodes) -> Void)?
    /// Another root has begun: this one must end, for this reason.
    var onDeposed: ((String) -> Void)?

    init(_ root: TreeMember, layout: TreeLayout, connection: RegistryConnection) {
        self.connection = connection
        record = RegistryRecord(root)
        claim = ClaimPart(record, connection: connection)
        presence = PresencePart(name: root.name, connection: connection)
        treePart = TreePart(
            rootPath: "/" + root.znodeName(in: layout), layout: layout,
            defaultPort: root.endpoint.port, connection: connection)
    }

    func start() {
        claim.onHeld = { [unowned self] in onHeld($0) }
        claim.onDeposed = { [unowned self] in onDeposed?($0) }
        treePart.onRestored = { [unowned self] nodes in
            guard let epoch else { return }
            onReady?(epoch, nodes)
        }
        connection.start([claim, presence, treePart])
    }

    /// The session ends at once, and with it the claim.
    func close(deadlineMilliseconds: Int, completion: @escaping () -> Void) {
        connection.close(deadlineMilliseconds: deadlineMilliseconds, completion: completion)
    }

    private func onHeld(_ epoch: UInt32) {
        if self.epoch == nil {
            connection.log.info("this node is the root", ["epoch": .int(Int(epoch))])
        }
        self.epoch = epoch
        presence.show(record)
        treePart.begin()
    }

    /// Why this node isn't the root yet; a sentence.
    var problem: String {
        claim.problem
            ?? (connection.isConnected
                ? "this node is about to become the root"
                : "this node becomes the root once ZooKeeper answers: \(connection.summary)")
    }

    var isWell: Bool { connection.isConnected && claim.problem == nil && presence.problem == nil }

    /// For `/readyz?verbose`.
    var summary: String {
        [connection.summary, claim.problem, presence.problem].compactMap { $0 }
            .joined(separator: "; ")
    }

    // MARK: TreeRegistry

    var isCurrent: Bool { treePart.isCurrent }

    func presence(of name: String) -> NodePresence? {
        switch treePart.presence(of: name) {
        case .live(let record): .live(record.endpoint, session: record.session)
        case .gone(let since): .gone(sinceMilliseconds: since)
        case nil: nil
        }
    }

    func onRegistered(slot: Int, in tree: Tree) { treePart.onRegistered(slot: slot, in: tree) }
}
