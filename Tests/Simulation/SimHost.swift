import UVHTTP

/// How a process ends before its time.
public enum SimCrash: Sendable {
    /// The machine loses its power: nobody hears anything, and nothing arrives at it until
    /// `restart`.
    case silent
    /// The machine lives on and resets all connections of the process.
    case resetting
    /// The machine lives on and closes the connections, as a kernel does after `kill -9`.
    case closing
}

/// A machine with its addresses, and the one process on it.
public final class SimHost {
    public let name: String
    public let addresses: [String]
    let world: SimWorld
    let index: Int
    private var process: SimLoop?
    /// The machine has no power.
    private(set) var isDown = false
    /// How far this host's wall clock is ahead.
    public var clockSkewSeconds = 0
    var links: [Int: SimLink] = [:]
    var inboundLinks: [SimLink] = []
    var listeners: [SimListener] = []
    private var lastPort: UInt16 = 32_767

    init(_ name: String, index: Int, addresses: [String], world: SimWorld) {
        self.name = name
        self.index = index
        self.addresses = addresses
        self.world = world
        process = SimLoop(on: self)
    }

    /// The loop of the process that runs, or that ran last.
    public var loop: SimLoop {
        guard let process else { preconditionFailure("a host begins with a process") }
        return process
    }

    public var isUp: Bool { !loop.isDead }

    /// Its first address with this port.
    public func address(port: UInt16) -> SocketAddress {
        guard let address = SocketAddress(numericHost: addresses[0], port: port) else {
            preconditionFailure("\(addresses[0]) is no numeric address")
        }
        return address
    }

    /// Its first address with this port, as a client's target.
    public func endpoint(port: UInt16) -> Endpoint { Endpoint(host: addresses[0], port: port) }

    /// Ends the process: no handler and no body of its loop is called any more.
    public func crash(_ crash: SimCrash) {
        isDown = crash == .silent
        loop.die(crash)
        listeners.removeAll()
    }

    /// Starts a new process, after a crash or as its continuation.
    @discardableResult
    public func restart() -> SimLoop {
        if !loop.isDead { crash(.closing) }
        let loop = SimLoop(on: self)
        process = loop
        isDown = false
        for link in inboundLinks { link.resume() }
        return loop
    }

    // MARK: For its parts

    /// A free port, above all that people name.
    func takePort() -> UInt16 {
        repeat {
            lastPort = lastPort == .max ? 32_768 : lastPort + 1
        } while listeners.contains { $0.address.port == lastPort }
        return lastPort
    }

    func listener(on address: SocketAddress) -> SimListener? {
        listeners.first { $0.accepts(address) }
    }
}
