import Simulation
import UVHTTP

@testable import CacheNode

/// A keyspace alone, between a parent and children that the test plays.
final class KeyspaceHarness {
    let store: TestCache
    let world: SimWorld
    let loop: SimLoop
    let keyspace: Keyspace
    let metrics: UnsafeMutablePointer<Metrics>
    let lend = Lender()

    init(
        bytesMax: Int = 1 << 20, isRoot: Bool = false, mode: CoherenceMode = .push,
        queueCountMax: Int = 1000
    ) throws {
        store = try TestCache(bytesMax: bytesMax, evictsValues: !isRoot)
        world = SimWorld(seed: 1)
        loop = world.addHost("node").loop
        metrics = .allocate(capacity: 1)
        metrics.initialize(to: Metrics())
        keyspace = Keyspace(
            cache: store.cache, metrics: metrics, loop: loop,
            name: "NODE-2", origin: 7, policy: Self.policy(mode),
            role: isRoot ? .root(epoch: 1) : .child("nobody is there"),
            upward: UpwardQueue(countMax: queueCountMax, bytesMax: 1 << 20))
    }

    deinit {
        world.close()
        metrics.deinitialize(count: 1)
        metrics.deallocate()
    }

    static func policy(_ mode: CoherenceMode) -> CoherencePolicy {
        var policy = CoherencePolicy()
        policy.mode = mode
        return policy
    }

    /// Ends this turn of the loop and lets it have another, if there is a reason for one.
    func turn() {
        let count = loop.turnCount
        world.run { loop.turnCount > count }
    }

    // MARK: Links

    /// What one end of a link was sent, in words, oldest first.
    final class Port: ChildPort, ParentPort {
        private(set) var sent: [String] = []
        private(set) var closeReason: String?
        fileprivate(set) var id: ChildID?

        func send(_ message: UpMessage) { sent.append(ModelTrace.text(message)) }
        func send(_ message: DownMessage) { sent.append(ModelTrace.text(message)) }
        func send(_ put: PutMessage) { send(.put(put)) }
        func send(_ commit: CommitMessage) { send(.commit(commit)) }
        func sendAccept(count: UInt64) { send(.accept(count: count)) }
        func close(reason: String) { closeReason = reason }

        /// What was sent since the last call.
        func take() -> [String] {
            defer { sent.removeAll() }
            return sent
        }
    }

    /// A session with a parent whose copies reflect `position`.
    @discardableResult
    func attachParent(
        _ position: Version = Version(epoch: 1, sequence: 10), mode: CoherenceMode = .push,
        ageMilliseconds: UInt32 = 0
    ) -> Port {
        let port = Port()
        keyspace.onParentAttached(
            port,
            WelcomeMessage(
                policy: Self.policy(mode), position: position, ageMilliseconds: ageMilliseconds,
                name: lend("NODE-1")),
            helloMilliseconds: UInt64(keyspace.now))
        return port
    }

    /// A child's session; WELCOME is taken already.
    func attachChild(origin: UInt64) -> Port {
        let port = Port()
        port.id = keyspace.onChildAttached(
            port, origin: origin, shown: .none, name: lend("NODE-4"))
        _ = port.take()
        return port
    }

    /// The parent says something.
    func down(_ message: DownMessage) {
        guard case .link(let port) = keyspace.parent else { return }
        keyspace.onMessage(message, from: port, renewMilliseconds: 0)
    }

    func detachParent() {
        guard case .link(let port) = keyspace.parent else { return }
        keyspace.onParentDetached(port, reason: "gone")
    }

    func up(_ message: UpMessage, from child: Port) {
        if let id = child.id { keyspace.onMessage(message, from: id) }
    }

    // MARK: Messages

    func get(_ key: String, id: UInt32 = 1, floor: Version = .none) -> UpMessage {
        .get(GetMessage(id: id, asksRoot: false, floor: floor, known: .none, key: lend(key)))
    }

    func put(
        _ key: String, _ value: String, origin: UInt64, _ sequence: UInt64,
        condition: WriteCondition = .none
    ) -> UpMessage {
        .put(
            PutMessage(
                origin: origin, sequence: sequence, isDeletion: false, condition: condition,
                key: lend(key), mediaType: lend("text/plain"), value: lend(value)))
    }

    func reply(
        _ id: UInt32, _ value: String?, _ sequence: UInt64, isFollowed: Bool = true,
        ageMilliseconds: UInt32 = 0
    ) -> DownMessage {
        .reply(
            ReplyMessage(
                id: id, outcome: .content(content(value)), isFollowed: isFollowed,
                version: Version(epoch: 1, sequence: sequence), ageMilliseconds: ageMilliseconds,
                hops: .empty))
    }

    func push(_ key: String, _ value: String?, _ sequence: UInt64) -> DownMessage {
        .push(
            PushMessage(
                version: Version(epoch: 1, sequence: sequence), key: lend(key),
                content: content(value)))
    }

    func commit(
        origin: UInt64 = 7, _ number: UInt64, _ sequence: UInt64,
        _ outcome: CommitMessage.Outcome = .committed
    ) -> DownMessage {
        .commit(
            CommitMessage(
                origin: origin, sequence: number, version: Version(epoch: 1, sequence: sequence),
                outcome: outcome))
    }

    private func content(_ value: String?) -> KeyContent {
        guard let value else { return .absent }
        return .value(lend(value), mediaType: lend("text/plain"))
    }

    // MARK: Clients

    @discardableResult
    func put(
        _ key: String, _ value: [UInt8], mediaType: String = "text/plain",
        condition: WriteCondition = .none, ack: WriteAck = .local
    ) -> WriteOutcome {
        keyspace.put(
            lend(key), value: lend(value), mediaType: lend(mediaType), condition: condition,
            ack: ack)
    }

    @discardableResult
    func put(_ key: String, _ value: String, ack: WriteAck = .local) -> WriteOutcome {
        put(key, bytes(value), ack: ack)
    }

    @discardableResult
    func delete(_ key: String, ack: WriteAck = .local) -> WriteOutcome {
        keyspace.delete(lend(key), ack: ack)
    }

    /// Reads as the routes do: what is held, or else what comes.
    func read(
        _ key: String, _ options: ReadOptions = ReadOptions(),
        _ completion: @escaping (ReadCopy) -> Void
    ) {
        let entry = store.read(bytes(key))
        if !entry.isNone, !options.asksRoot, keyspace.isServable(entry) {
            return completion(copy(entry, keyspace.hitNote(entry)))
        }
        // Some wait for ever, and must not hold what their keyspace is in.
        keyspace.fetch(lend(key), options) { [weak self] in
            if let self { completion(copy($0)) }
        }
    }

    /// What a reader gets at once; nil if it has to wait.
    func read(_ key: String) -> ReadCopy? {
        var answer: ReadCopy?
        read(key) { answer = $0 }
        return answer
    }

    /// What this node holds, whether it may be served or not.
    func held(_ key: String) -> ReadCopy? {
        let entry = store.find(bytes(key))
        return entry.isNone ? nil : copy(entry, keyspace.hitNote(entry))
    }

    private func copy(_ outcome: ReadOutcome) -> ReadCopy {
        switch outcome {
        case .held(let entry, let note): copy(entry, note)
        case .passing(let bytes, _, let note):
            ReadCopy(.value(String(decoding: bytes, as: UTF8.self)), note)
        case .absent(let note): ReadCopy(.absent, note)
        case .unavailable: ReadCopy(.unavailable, nil)
        }
    }

    private func copy(_ entry: EntryReference, _ note: ReadNote) -> ReadCopy {
        if store.cache.pointee.isAbsent(entry) { return ReadCopy(.absent, note) }
        let value = String(decoding: store.cache.pointee.value(of: entry), as: UTF8.self)
        return ReadCopy(.value(value), note)
    }
}

/// What a reader got, with its own copy of the bytes.
struct ReadCopy {
    enum Content: Equatable {
        case value(String)
        case absent
        case unavailable
    }

    let content: Content
    let note: ReadNote?

    init(_ content: Content, _ note: ReadNote?) {
        self.content = content
        self.note = note
    }

    var version: String { note.map { "\($0.version)" } ?? "" }
    var ageMilliseconds: UInt32? { note?.ageMilliseconds }
}

extension WriteOutcome {
    var isDone: Bool { if case .done = self { true } else { false } }
    var refusal: WriteRefusal? { if case .refused(let refusal) = self { refusal } else { nil } }
    var ticket: WriteTicket? { if case .awaiting(let ticket) = self { ticket } else { nil } }
}
