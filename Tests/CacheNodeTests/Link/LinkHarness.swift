import Glibc
import Simulation
import Testing
import UVHTTP

@testable import CacheNode

/// A keyspace's place at both kinds of links: writes down what it is told, and answers as the test
/// says.
final class LinkRecorder: LinkDelegate {
    private(set) var events: [String] = []
    /// The children's ports, those of detached children too.
    private(set) var children: [ChildID: any ChildPort] = [:]
    private(set) var parent: (any ParentPort)?
    /// When the RENEWs were sent that FRESHs have answered.
    private(set) var renewMilliseconds: [UInt64] = []
    private(set) var helloMilliseconds: UInt64?
    var greeting = (origin: UInt64(77), shown: Version(epoch: 3, sequence: 4))
    var policy = CoherencePolicy()
    /// Called with what a child says, after it is written down.
    var onUp: ((UpMessage, ChildID) -> Void)?
    /// Called with what the parent says, after it is written down.
    var onDown: ((DownMessage) -> Void)?
    var onChild: ((any ChildPort) -> Void)?
    private var lastNumber: UInt64 = 0
    private let lend = Lender()

    func onChildAttached(
        _ port: any ChildPort, origin: UInt64, shown: Version, name: UnsafeRawBufferPointer
    ) -> ChildID {
        lastNumber += 1
        let child = ChildID(number: lastNumber)
        children[child] = port
        events.append("child \(lastNumber) attached: \(name.text) \(origin) \(shown)")
        port.send(
            .welcome(
                WelcomeMessage(
                    policy: policy, position: Version(epoch: 1, sequence: 9), ageMilliseconds: 5,
                    name: lend("NODE-1"))))
        onChild?(port)
        return child
    }

    func onMessage(_ message: UpMessage, from child: ChildID) {
        if case .renew(let token) = message {
            children[child]?.send(.fresh(token: token, ageMilliseconds: 1, position: .none))
        } else {
            events.append("child \(child.number): \(hexadecimal(frame(message)))")
        }
        onUp?(message, child)
    }

    func onPut(_ put: PutMessage, from child: ChildID) { onMessage(.put(put), from: child) }

    func onChildDetached(_ child: ChildID) { events.append("child \(child.number) detached") }

    func onParentAttached(
        _ port: any ParentPort, _ welcome: WelcomeMessage, helloMilliseconds: UInt64
    ) {
        parent = port
        self.helloMilliseconds = helloMilliseconds
        events.append("parent attached: \(welcome.name.text) \(welcome.position)")
    }

    func onMessage(
        _ message: DownMessage, from port: any ParentPort, renewMilliseconds: UInt64
    ) {
        precondition(port === parent, "a message of a parent that isn't attached")
        if case .fresh = message {
            self.renewMilliseconds.append(renewMilliseconds)
        } else {
            events.append("parent: \(hexadecimal(frame(message)))")
        }
        onDown?(message)
    }

    func onCommit(_ commit: CommitMessage, from port: any ParentPort) {
        onMessage(.commit(commit), from: port, renewMilliseconds: 0)
    }

    func onParentDetached(_ port: any ParentPort, reason: String) {
        events.append("parent detached: \(reason)")
    }

    func take() -> [String] {
        defer { events.removeAll() }
        return events
    }
}

func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

/// Takes every request for one for a link.
private final class LinkService: HTTPService {
    private let links: LinkServer

    init(_ links: LinkServer) { self.links = links }

    func admit(_ request: HTTPRequest) -> HTTPAdmission { .readBody }

    func respond(to request: HTTPRequest, _ responder: HTTPResponder) {
        responder.upgrade(to: LinkFrames.protocolName) { [links] in links.accept($0) }
    }
}

/// A world with a parent that takes links and a child that dials it.
final class LinkHarness {
    static let port: UInt16 = 5000
    static let bodyBytesMax = 100_000

    let world: SimWorld
    let parentHost: SimHost
    let childHost: SimHost
    let above = LinkRecorder()
    let below = LinkRecorder()
    let metrics: UnsafeMutablePointer<Metrics>
    let logged = LoggedPipe()
    let links: LinkServer
    private(set) var session: ParentSession?
    /// What the session told its owner.
    private(set) var told: [String] = []
    private var server: HTTPServer?
    var limits = HTTPLimits()
    private let queuedBytesMax: Int

    init(seed: UInt64 = 1, queuedBytesMax: Int = 1 << 20) {
        world = SimWorld(seed: seed)
        parentHost = world.addHost("NODE-1")
        childHost = world.addHost("NODE-2")
        self.queuedBytesMax = queuedBytesMax
        limits.bodyBytesMax = Self.bodyBytesMax
        metrics = .allocate(capacity: 1)
        metrics.initialize(to: Metrics())
        links = LinkServer(
            loop: parentHost.loop, bodyBytesMax: Self.bodyBytesMax, queuedBytesMax: queuedBytesMax,
            metrics: metrics, log: logged.log)
        links.delegate = above
    }

    deinit {
        world.close()
        metrics.deinitialize(count: 1)
        metrics.deallocate()
    }

    /// The parent begins to serve.
    func serve() throws {
        let server = HTTPServer(
            loop: parentHost.loop, limits: limits, service: LinkService(links))
        try server.listen(on: parentHost.address(port: Self.port))
        self.server = server
    }

    /// The child begins to dial.
    func dial() {
        let session = ParentSession(
            to: parentHost.endpoint(port: Self.port), named: "NODE-1", name: "NODE-2",
            loop: childHost.loop, limits: limits, queuedBytesMax: queuedBytesMax, metrics: metrics,
            delegate: below)
        self.session = session
        childHost.loop.schedule {
            session.start { [weak self] in self?.told.append(Self.text($0)) }
        }
    }

    /// Serves, dials, and lets the session begin.
    func attach() throws {
        try serve()
        dial()
        #expect(world.run(withinMilliseconds: 5_000) { told == ["attached"] })
    }

    /// Does something in a turn of the parent's, and of the child's loop.
    func inParent(_ body: @escaping () -> Void) { parentHost.loop.schedule(body) }
    func inChild(_ body: @escaping () -> Void) { childHost.loop.schedule(body) }

    /// The only child's port.
    var childPort: (any ChildPort)? { above.children.values.first }

    private static func text(_ event: ParentDialEvent) -> String {
        switch event {
        case .attached: "attached"
        case .notALink(let status): "not a link: \(status)"
        case .failed(let reason): "failed: \(reason)"
        case .ended(let reason): "ended: \(reason)"
        }
    }
}

/// Somebody at the end of a connection who sends bytes as a test says.
final class RawPeer: StreamHandler {
    private(set) var received: [UInt8] = []
    private(set) var isClosed = false
    private(set) var hasInputEnded = false
    let stream: any ByteStream
    private var isConnected = false
    private var unsent: [UInt8] = []
    /// Called with all that has come so far.
    var onBytes: ((RawPeer) -> Void)?

    init(_ stream: any ByteStream, isConnected: Bool = false) {
        self.stream = stream
        self.isConnected = isConnected
    }

    /// Dials `host` from a host of its own.
    static func dial(_ host: SimHost, from own: SimHost) -> RawPeer {
        let peer = RawPeer(own.loop.connect(to: host.address(port: LinkHarness.port)))
        peer.stream.start(peer)
        return peer
    }

    /// Listens on `host`, and gives each who comes to `onPeer`.
    static func listen(on host: SimHost, _ onPeer: @escaping (RawPeer) -> Void) throws {
        _ = try host.loop.listen(on: host.address(port: LinkHarness.port), backlog: 16) {
            let peer = RawPeer($0, isConnected: true)
            onPeer(peer)
            $0.start(peer)
        }
    }

    /// What came behind the head of a request.
    var framesReceived: [UInt8] {
        guard let end = received.firstRange(of: bytes("\r\n\r\n"))?.upperBound else { return [] }
        return Array(received[end...])
    }

    func send(_ bytes: [UInt8]) {
        guard isConnected else { return unsent += bytes }
        bytes.withUnsafeBytes { stream.write($0) }
    }

    func reset() { (stream as? SimStream)?.reset() }

    func onConnected() {
        isConnected = true
        send(unsent)
        unsent.removeAll()
    }

    func onRead(_ bytes: UnsafeMutableRawBufferPointer) {
        received += bytes
        onBytes?(self)
    }

    func onEndOfInput() { hasInputEnded = true }
    func onDrained() {}

    func onClosed(_ error: UVError?) {
        isClosed = true
        onBytes = nil
    }
}

/// What a child sends to have a link, and a parent to give it.
let upgradeRequest = bytes(
    "GET /link HTTP/1.1\r\nHost: NODE-1:5000\r\nConnection: Upgrade\r\n"
        + "Upgrade: canopy-link/1\r\n\r\n")
let upgradeAnswer = bytes(
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: canopy-link/1\r\n\r\n")
