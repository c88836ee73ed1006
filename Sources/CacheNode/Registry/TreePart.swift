import UVHTTP
import ZooKeeper

/// Keeps the record of the root's tree and the mirror of who lives: does what `TreeRecord` decides.
final class TreePart: RegistryPart {
    typealias Nodes = [(path: String, data: [UInt8])]

    private static let retryMilliseconds: UInt64 = 1_000

    private unowned let connection: RegistryConnection
    private let rootPath: String
    private let port: UInt16
    private var record: TreeRecord
    private var mirror = LiveMirror()
    private var timer: (any LoopTimer)?
    private var patience: (any LoopTimer)?
    /// Names whose znodes changed while all were read.
    private var unread: Set<String>?
    private var unreadPaths: Set<String> = []
    private var isRestored = false
    private var isBeginning = false
    /// The whole tree as it is recorded; called once, before anything is written.
    var onRestored: ((Nodes) -> Void)?

    init(
        rootPath: String, layout: TreeLayout, defaultPort: UInt16, connection: RegistryConnection
    ) {
        self.connection = connection
        self.rootPath = rootPath
        port = defaultPort
        record = TreeRecord(layout: layout)
    }

    /// The record is read, and can be written.
    var isCurrent: Bool { record.isCurrent }

    func presence(of name: String) -> LiveMirror.Presence? { mirror[name] }

    func onRegistered(slot: Int, in tree: Tree) {
        record.onRegistered(slot: slot, in: tree, now: connection.loop.nowMilliseconds)
        act()
    }

    // MARK: Session

    /// Nothing is written before the claim is held: see `begin`.
    func onConnected(session: Int64) {}

    func onDisconnected() {
        record.onDisconnected()
        isBeginning = false
        unread = nil
        unreadPaths.removeAll()
        timer?.cancel()
        timer = nil
        patience?.cancel()
        patience = nil
    }

    func onSessionEnded() {}

    func onEvent(_ event: ZooKeeperEvent) {
        if event.path == rootPath || event.path.hasPrefix(rootPath + "/") {
            if record.isCurrent {
                record.onEvent(event.path)
                act()
            } else {
                unreadPaths.insert(event.path)
            }
        } else if NodePath.parent(of: event.path) == RegistryPaths.live {
            let name = NodePath.name(of: event.path)
            if unread == nil { readLive(name) } else { unread?.insert(name) }
        }
    }

    /// The claim is held on this connection: watches all, reads all, then writes what is missing.
    func begin() {
        guard !record.isCurrent, !isBeginning else { return }
        isBeginning = true
        unread = []
        let client = connection.client
        let failed = { [self] (error: ZooKeeperError) in retry(error) }
        for path in [rootPath, RegistryPaths.base] {
            client.addWatch(
                path, mode: .persistentRecursive,
                completion: connection.current {
                    if case .failure(let error) = $0 { failed(error) }
                })
        }
        client.readSubtree(
            RegistryPaths.live,
            completion: connection.current { [self] result in
                switch result {
                case .success(let nodes): onLive(nodes)
                case .failure(let error): failed(error)
                }
            })
        client.readSubtree(
            rootPath,
            completion: connection.current { [self] result in
                switch result {
                case .success(let nodes): onTree(nodes.map { ($0.path, $0.data) })
                case .failure(.noNode): onTree([])
                case .failure(let error): failed(error)
                }
            })
    }

    private func retry(_ error: ZooKeeperError) {
        guard isBeginning else { return }
        isBeginning = false
        connection.log.warning(
            "the tree can't be read from ZooKeeper", ["reason": .string("\(error)")])
        unread = nil
        timer?.cancel()
        timer = connection.loop.startTimer(
            afterMilliseconds: Self.retryMilliseconds, repeatMilliseconds: 0
        ) { [self] in
            timer = nil
            if connection.isConnected { begin() }
        }
    }

    private func onTree(_ nodes: Nodes) {
        isBeginning = false
        if !isRestored {
            isRestored = true
            onRestored?(nodes)
        }
        record.onRead(nodes)
        for path in unreadPaths.sorted() { record.onEvent(path) }
        unreadPaths.removeAll()
        act()
    }

    // MARK: Who lives

    private func onLive(_ nodes: [SubtreeNode]) {
        let records = nodes.compactMap { node in
            node.path == RegistryPaths.live
                ? nil : liveRecord(NodePath.name(of: node.path), node.data, node.stat)
        }
        mirror.onRead(records, now: connection.loop.nowMilliseconds)
        let names = (unread ?? []).sorted()
        unread = nil
        for name in names { readLive(name) }
    }

    private func readLive(_ name: String) {
        connection.client.get(
            RegistryPaths.live(name),
            completion: connection.current { [self] result in
                switch result {
                case .success(let node): onLive(name, liveRecord(name, node.data, node.stat))
                case .failure(.noNode): onLive(name, nil)
                // What comes after an error of the connection reads all again.
                case .failure: break
                }
            })
    }

    private func onLive(_ name: String, _ record: RegistryRecord?) {
        let now = connection.loop.nowMilliseconds
        guard mirror.onNode(name, record, now: now), record == nil else { return }
        connection.log.warning("a node is gone", ["node": .string(name)])
    }

    private func liveRecord(_ znodeName: String, _ data: [UInt8], _ stat: Stat) -> RegistryRecord? {
        var record = RegistryRecord(data: data, znodeName: znodeName, defaultPort: port)
        record?.session = RegistryRecord.text(session: stat.ephemeralOwner)
        return record
    }

    // MARK: Acting

    private func act() {
        let now = connection.loop.nowMilliseconds
        while let action = record.next(now: now) { perform(action) }
        for report in record.takeReports() { write(report) }
        patience?.cancel()
        patience = nil
        guard let deadline = record.deadline else { return }
        patience = connection.loop.startTimer(
            afterMilliseconds: deadline > now ? deadline - now : 0, repeatMilliseconds: 0
        ) { [self] in
            patience = nil
            record.onTimer(now: connection.loop.nowMilliseconds)
            act()
        }
    }

    private func perform(_ action: TreeRecord.Action) {
        let client = connection.client
        switch action {
        case .create(let path, let data):
            client.create(path, data: data, completion: done(action) { _ in .done })
        case .set(let path, let data):
            client.set(path, data: data, completion: done(action) { _ in .done })
        case .delete(let path): client.delete(path, completion: done(action) { .done })
        case .read(let path): client.get(path, completion: done(action) { .found($0.data) })
        }
    }

    private func done<Value>(
        _ action: TreeRecord.Action, _ outcome: @escaping (Value) -> TreeRecord.Outcome
    ) -> (Result<Value, ZooKeeperError>) -> Void {
        connection.current { [self] result in
            switch result {
            case .success(let value): record.onDone(action, outcome(value))
            case .failure(.noNode): record.onDone(action, .noNode)
            case .failure(.nodeExists): record.onDone(action, .nodeExists)
            case .failure(.notEmpty): record.onDone(action, .notEmpty)
            case .failure(let error): record.onDone(action, .failed(error))
            }
            act()
        }
    }

    private func write(_ report: TreeRecord.Report) {
        let log = connection.log
        switch report {
        case .madeAgain(let path):
            log.warning(
                "somebody deleted a znode of the tree; it is made again", ["path": .string(path)])
        case .changedByHand(let path):
            log.warning(
                "somebody changed a znode of the tree; it is set again", ["path": .string(path)])
        case .foreign(let paths):
            log.warning(
                "there are znodes below the root's that are no nodes of this tree; they are left"
                    + " alone", ["paths": .string(paths.joined(separator: ", "))])
        case .failed(let path, let error):
            log.error(
                "a znode of the tree can't be written",
                ["path": .string(path), "reason": .string("\(error)")])
        }
    }
}
