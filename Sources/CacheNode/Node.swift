import UVHTTP

/// Why a node could not start; a sentence for the person who started it.
public struct StartError: Error, CustomStringConvertible {
    public let description: String
}

/// One node: the only place where the rooms meet. It must outlive what happens on its loop.
public final class Node {
    /// Milliseconds that stopping may take in all; writes that still wait for the parent then are
    /// lost with the process.
    static let stopMilliseconds: UInt64 = 9_000
    /// The part of the memory bound that writes may take while they wait for the parent.
    private static let queueMemoryDivisor = 4
    /// The part of the memory bound that unfinished requests and answers not taken may have beside
    /// it, and the bytes that they may have in any case.
    private static let heldMemoryDivisor = 4
    private static let heldBytesMin = 32 << 20

    let settings: Settings
    let loop: any EventLoop
    let log: Log
    let access: Access
    let limits: HTTPLimits
    private let cache: UnsafeMutablePointer<Cache>
    let metrics: UnsafeMutablePointer<Metrics>
    var server: HTTPServer?
    private(set) var links: LinkServer?
    var keyspace: Keyspace?
    var attacher: ParentAttacher?
    var rootRegistry: RootRegistry?
    var childRegistry: ChildRegistry?
    /// Told when the node must end; set by `start`.
    private(set) var onFailure: ((StartError) -> Void)?
    var membership: Membership?
    let seed: UInt64
    private(set) var isStopping = false
    /// Everything that it had open is closed.
    private var hasLetGo = false

    /// `access` says who may ask what; `seed` must be random and secret: it keeps peers from
    /// choosing keys that collide.
    public init(
        settings: Settings, loop: any EventLoop, log: Log, access: Access = Access(),
        descriptorsMax: Int, seed: (UInt64, UInt64)
    ) throws(StartError) {
        self.settings = settings
        self.loop = loop
        self.log = log
        self.access = access
        self.seed = seed.0 ^ seed.1
        var limits = HTTPLimits()
        limits.bodyBytesMax = settings.maxBodyBytes
        limits.share(descriptors: descriptorsMax)
        limits.heldBytesMax = max(
            Self.heldBytesMin, settings.memoryBytes / Self.heldMemoryDivisor,
            8 * settings.maxBodyBytes)
        self.limits = limits
        do throws(CacheError) {
            let empty = try Cache(
                bytesMax: settings.memoryBytes, seed: seed, evictsValues: !settings.isRoot)
            cache = .allocate(capacity: 1)
            cache.initialize(to: empty)
        } catch {
            throw StartError(
                description:
                    "--memory \(settings.memoryBytes): the system refuses that much address space")
        }
        metrics = .allocate(capacity: 1)
        metrics.initialize(to: Metrics())
        metrics.pointee.startTimeSeconds = UInt64(max(0, loop.unixSeconds))
    }

    deinit {
        cache.deinitialize(count: 1)
        cache.deallocate()
        metrics.deinitialize(count: 1)
        metrics.deallocate()
    }

    /// Finds the address to listen on, binds it and begins: the root serves at once, a child asks
    /// the root for its place.
    public func start(onFailure: @escaping (StartError) -> Void) {
        self.onFailure = onFailure
        loop.resolve(host: settings.listen.host, port: settings.listen.port) { [self] result in
            guard !isStopping else { return }
            do throws(StartError) {
                switch result {
                case .success(let addresses): try listen(on: addresses[0])
                case .failure(let error):
                    throw StartError(
                        description: "cannot listen on \(settings.listen): \(error.message)")
                }
            } catch {
                onFailure(error)
            }
        }
    }

    private func listen(on address: SocketAddress) throws(StartError) {
        let server = HTTPServer(loop: loop, limits: limits, service: makeWaitingService())
        self.server = server
        server.onFull = { [unowned self] in onFull($0) }
        let bound: SocketAddress
        do throws(UVError) {
            bound = try server.listen(on: address)
        } catch {
            throw StartError(
                description: "cannot listen on \(address): \(error.message); see --listen")
        }
        onListening(bound)
        tellAccess(bound)
        try begin(advertising: advertised(bound))
    }

    /// Takes its part in the tree; a root that ZooKeeper must know of first does so later.
    private func begin(advertising endpoint: Endpoint) throws(StartError) {
        if settings.isRoot {
            let root = TreeMember(
                name: settings.name, endpoint: endpoint, api: .canopy,
                nowMilliseconds: loop.nowMilliseconds)
            if let connection = try makeRegistryConnection() {
                return becomeRoot(root, by: connection)
            }
            serve(as: rootRole) {
                let tree = Tree(depth: settings.depth, root: root)
                return .root(TreeKeeper(tree, layout: settings.layout))
            }
        } else {
            let registry = try makeChildRegistry()
            let place = settings.root.map { "the root at \($0)" } ?? "the root, wherever it is"
            serve(as: .child("this node has not joined the tree yet: it waits for \(place)")) {
                .child(makeChildRole(registry: registry))
            }
            membership?.start(advertising: endpoint)
            registry?.start()
        }
    }

    /// From now on the node answers requests for keys.
    func serve(as keyspaceRole: KeyspaceRole, makeRole: () -> NodeRole) {
        let keyspace = makeKeyspace(keyspaceRole)
        let links = LinkServer(
            loop: loop, bodyBytesMax: limits.bodyBytesMax, metrics: metrics, log: log)
        links.delegate = keyspace
        self.links = links
        let service = NodeService(
            keyspace: keyspace, metrics: metrics, settings: settings, loop: loop, role: makeRole(),
            links: links, access: access, limits: limits
        ) { [unowned self] in refreshGauges() }
        server?.serve(service)
    }

    /// Stops accepting, answers what is in flight, lets the writes that wait reach the parent, then
    /// calls `completion`.
    public func stop(completion: @escaping () -> Void) {
        guard !isStopping else { return }
        isStopping = true
        log.info("stopping", ["queued": .int(keyspace?.upward.count ?? 0)])
        let finish = { [self] in
            guard !hasLetGo else { return }
            let lost = keyspace?.upward.count ?? 0
            if lost > 0 {
                log.error("writes that the parent has not taken are lost", ["count": .int(lost)])
            }
            letGo()
            closeRegistry { [self] in
                log.info("stopped")
                completion()
            }
        }
        links?.closeAll(reason: "the node stops")
        guard let server else { return loop.schedule(finish) }
        loop.startTimer(
            afterMilliseconds: Self.stopMilliseconds, repeatMilliseconds: 0, finish)
        server.stop { [self] in
            guard !hasLetGo else { return }
            if let keyspace { keyspace.whenEmpty(finish) } else { finish() }
        }
    }

    private func letGo() {
        hasLetGo = true
        server?.closeConnections()
        membership?.close()
        attacher?.close()
        keyspace?.close()
    }

    /// Lets go of all that holds on to this node, without a word to anybody: for a simulated world
    /// that ends, where nothing that is under way is ever answered. The node must outlive that.
    package func abandon() {
        letGo()
        closeRegistry(deadlineMilliseconds: 0) {}
        // A stop may be under way, and its completions hold this node.
        server = nil
        rootRegistry = nil
        childRegistry = nil
    }

    // MARK: Wiring

    /// The role of a root that nobody gives an epoch: its clock does. Of two incarnations within a
    /// second the later one begins where the earlier one, however busy, hasn't come.
    private var rootRole: KeyspaceRole {
        let now = loop.unixMilliseconds
        return .root(
            epoch: UInt32(clamping: now / 1000),
            sequence: Keyspace.firstSequence + UInt64(max(0, now) % 1000) << 16)
    }

    private func makeKeyspace(_ role: KeyspaceRole) -> Keyspace {
        let keyspace = Keyspace(
            cache: cache, metrics: metrics, loop: loop, name: settings.name, origin: seed,
            policy: settings.policy, role: role,
            upward: UpwardQueue(countMax: settings.upwardQueueMax, bytesMax: queueBytesMax))
        keyspace.start()
        self.keyspace = keyspace
        return keyspace
    }

    /// Room for the largest value at least, however small the node is.
    private var queueBytesMax: Int {
        max(settings.memoryBytes / Self.queueMemoryDivisor, 2 * settings.maxBodyBytes)
    }

    private func onListening(_ bound: SocketAddress) {
        log.info(
            "listening",
            [
                "address": .string(bound.description), "version": .string(Canopy.version),
                "role": .string(settings.isRoot ? "root" : "child"),
                "depth": .int(settings.depth), "memory": .int(settings.memoryBytes),
            ])
    }

    /// Every place for a connection is taken, or that is over.
    private func onFull(_ isFull: Bool) {
        let counts: LogFields = [
            "open": .int(server?.connectionCount ?? 0), "max": .int(limits.connectionsMax),
            "turned_away": .int(Int(clamping: server?.counters.pointee.turnedAway ?? 0)),
        ]
        if isFull {
            log.warning("every place for a connection is taken", counts)
        } else {
            log.info("there are places for connections again", counts)
        }
    }

    /// What other nodes are told; port 0 in `--advertise` stands for the port that was bound.
    private func advertised(_ bound: SocketAddress) -> Endpoint {
        var endpoint = settings.advertise
        if endpoint.port == 0 { endpoint.port = bound.port }
        return endpoint
    }

    private func refreshGauges() {
        metrics.pointee.entries = UInt64(cache.pointee.count)
        metrics.pointee.memoryBytes = UInt64(cache.pointee.bytesUsed)
        metrics.pointee.memoryBytesMax = UInt64(cache.pointee.bytesMax)
        metrics.pointee.logLinesDropped = log.linesDropped
        metrics.pointee.writersForgotten = keyspace?.ledger.forgottenCount ?? 0
        guard let server else { return }
        metrics.pointee.httpRequests = server.counters.pointee.requests
        metrics.pointee.badRequests = server.counters.pointee.refusals
        metrics.pointee.connectionsAccepted = server.counters.pointee.connectionsAccepted
        metrics.pointee.connectionsOpen = UInt64(server.connectionCount)
        metrics.pointee.connectionsMax = UInt64(limits.connectionsMax)
        metrics.pointee.connectionBytes = UInt64(server.heldBytes)
        metrics.pointee.connectionBytesMax = UInt64(limits.heldBytesMax)
        metrics.pointee.connectionsCutOff = server.counters.pointee.cutOff
        metrics.pointee.turnedAway = server.counters.pointee.turnedAway
        metrics.pointee.acceptFailures = UInt64(loop.acceptFailures)
        metrics.pointee.linksOpen = UInt64(links?.count ?? 0)
    }
}
