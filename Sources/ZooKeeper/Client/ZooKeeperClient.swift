import UVHTTP

/// A client of a ZooKeeper ensemble: one session at a time, on one event loop.
///
/// ```swift
/// let client = ZooKeeperClient(
///     loop: loop, connectString: try ConnectString("zk1,zk2,zk3/app"), seed: seed)
/// client.onState = { state in
///     guard case .connected(let connection) = state, connection.isNew else { return }
///     client.create("/live/me", mode: .ephemeral) { print($0) }
/// }
/// client.start()
/// ```
///
/// - Everything happens on the loop's thread; nothing here blocks. Callbacks come in a later turn
///   of the loop than the call that led to them, never from inside of it.
/// - A completion is called exactly once. Replies come in the order of their requests, and events
///   in the server's order with them.
/// - The client finds another server when one fails, and takes the session and its watches along.
///   When the session has expired it begins a new one. It never repeats a request: a request
///   without a connection ends as `notConnected`, one that was under way when a connection ended
///   as `connectionLoss`.
/// - From `start` to the state `closed` the loop keeps the client alive.
///
/// Servers from 3.6 on (persistent watches). Not here: TLS, SASL, read-only mode, TTL and container
/// nodes, reconfiguration of the ensemble.
public final class ZooKeeperClient {
    public typealias Completion<Value> = (Result<Value, ZooKeeperError>) -> Void

    /// Hears every change of `state`.
    public var onState: ((ZooKeeperState) -> Void)?
    /// Hears of every watch that fires, in `connected` alone.
    public var onEvent: ((ZooKeeperEvent) -> Void)?
    /// Hears why a server could not be reached; another is tried, or the same again after a pause.
    public var onConnectFailed: ((Endpoint, DisconnectReason) -> Void)?

    /// The state as `onState` last heard it; at first `connecting`.
    public private(set) var state = ZooKeeperState.connecting
    /// What the client was made for.
    public let connectString: ConnectString

    /// `seed` decides in which order servers are tried and how long pauses are; give each client
    /// another. Nothing happens before `start`.
    public init(
        loop: any EventLoop, connectString: ConnectString,
        options: ZooKeeperOptions = ZooKeeperOptions(), seed: UInt64
    ) {
        self.connectString = connectString
        fatalError()
    }

    // MARK: The session

    /// The session, for a client that is to take it over; nil when there is none.
    public var session: SessionCredentials? { fatalError() }

    /// The session timeout that a server has granted; before that, the one to be asked for.
    public var timeoutMilliseconds: Int { fatalError() }

    /// Requests that wait for their reply.
    public var pendingRequests: Int { fatalError() }

    /// Begins to connect. To be called once.
    public func start() {}

    /// Ends the session: its ephemeral nodes go at once. Requests sent before are done first; new
    /// ones end as `closed`. Without a connection, one is looked for until the deadline.
    ///
    /// The completion comes when a server has ended the session (true), or when there is none to
    /// end, or at the latest after `deadlineMilliseconds` (false: the session ends by its timeout,
    /// unless it was none). The state is `closed` then. With a deadline of 0 the connection is
    /// closed at once. Only the first call counts; completions of later ones come with it.
    public func close(deadlineMilliseconds: Int, completion: @escaping (Bool) -> Void = { _ in }) {}

    /// Authenticates this connection and all that follow. The completion tells what the first
    /// server said that was asked; a refusal leads to the state `authFailed`.
    public func addAuthentication(
        _ authentication: Authentication, completion: @escaping Completion<Void> = { _ in }
    ) {}

    // MARK: Requests

    /// Creates a znode; its parent must exist.
    public func create(
        _ path: String, data: [UInt8] = [], mode: CreateMode = .persistent,
        acl: [ACL] = ACL.anyone, completion: @escaping Completion<CreatedNode>
    ) {}

    /// Deletes a znode without children; a nil version matches any.
    public func delete(
        _ path: String, version: Int32? = nil, completion: @escaping Completion<Void>
    ) {}

    /// Nil if there is no such znode. The watch hears of its creation, its deletion and its data.
    public func exists(
        _ path: String, watch: Bool = false, completion: @escaping Completion<Stat?>
    ) {}

    /// The watch hears of changes of the data and of the deletion; where this fails there is none.
    public func get(
        _ path: String, watch: Bool = false, completion: @escaping Completion<NodeData>
    ) {}

    /// Sets a znode's data; a nil version matches any.
    public func set(
        _ path: String, data: [UInt8], version: Int32? = nil,
        completion: @escaping Completion<Stat>
    ) {}

    /// The watch hears of children that come and go, not of theirs, and of the deletion; where this
    /// fails there is none.
    public func children(
        _ path: String, watch: Bool = false, completion: @escaping Completion<NodeChildren>
    ) {}

    public func getACL(_ path: String, completion: @escaping Completion<NodeACL>) {}

    /// Replaces the access rules; a nil version (of the rules) matches any.
    public func setACL(
        _ path: String, acl: [ACL], version: Int32? = nil, completion: @escaping Completion<Stat>
    ) {}

    /// Does all of it, in order, or nothing; as many results as operations. A refusal is
    /// `ZooKeeperError.multi` with the operation that was refused.
    public func multi(
        _ operations: [MultiOperation], completion: @escaping Completion<[MultiResult]>
    ) {}

    /// Completes when the server has caught up with what the leader had done when the request came
    /// to it: reads after this see at least that.
    public func sync(_ path: String = "/", completion: @escaping Completion<Void>) {}

    // MARK: Watches

    /// Leaves a watch that stays, on a znode that may not exist yet.
    public func addWatch(
        _ path: String, mode: WatchMode, completion: @escaping Completion<Void>
    ) {}

    /// Removes this session's watches of the kind from exactly this path.
    public func removeWatches(
        _ path: String, kind: WatchKind = .any, completion: @escaping Completion<Void>
    ) {}

    // MARK: Of several requests

    /// The znode and all below, breadth first: a parent before its children, siblings in the order
    /// of their names' bytes.
    ///
    /// Not a snapshot: each node is as it was when its own turn came, and one that went meanwhile
    /// is left out. Together with a recursive watch that was added before, nothing is missed.
    ///
    /// - Parameters:
    ///   - nodesMax: with more nodes this ends as `subtreeTooLarge`.
    ///   - windowRequests: how many requests may be under way at a time, 1….
    public func readSubtree(
        _ path: String, nodesMax: Int = 1_000_000, windowRequests: Int = 64,
        completion: @escaping Completion<[SubtreeNode]>
    ) {}

    /// Creates the connect string's chroot, and what is missing above, as persistent nodes without
    /// data; what exists is left as it is.
    public func createChroot(
        acl: [ACL] = ACL.anyone, completion: @escaping Completion<Void>
    ) {}
}
