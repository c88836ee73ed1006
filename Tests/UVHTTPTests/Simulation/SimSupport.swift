import Simulation
import Testing
import UVHTTP

/// Lends a world to `body` and ends it afterwards, so that its parts let go of each other.
func withSimWorld(seed: UInt64 = 1, _ body: (SimWorld) throws -> Void) rethrows {
    let world = SimWorld(seed: seed)
    defer { world.close() }
    try body(world)
}

/// Two hosts, of which `server` listens on port 80 and hands what it accepts to `onStream`.
struct SimPair {
    let world: SimWorld
    let client: SimHost
    let server: SimHost
    let listener: SimListener

    init(
        _ world: SimWorld, backlog: Int = 16, onStream: @escaping (any ByteStream) -> Void
    ) throws {
        self.world = world
        client = world.addHost("client")
        server = world.addHost("server")
        let address = server.address(port: 80)
        let listening = try server.loop.listen(on: address, backlog: backlog, onStream: onStream)
        listener = try #require(listening as? SimListener)
    }

    /// A pair with one connection, whose ends the probes handle.
    init(_ world: SimWorld, _ clientEnd: Probe, _ serverEnd: Probe) throws {
        try self.init(world) { serverEnd.start(on: $0) }
        connect(clientEnd)
    }

    func connect(_ probe: Probe) {
        client.loop.schedule { [client, server] in
            probe.start(on: client.loop.connect(to: server.address(port: 80)))
        }
    }
}

extension Probe {
    /// The simulated stream behind the probe.
    var simStream: SimStream? { stream as? SimStream }

    /// Everything after `onClosed`, or a second one, breaks the contract.
    var closedOnceAndLast: Bool {
        let closes = events.filter { if case .closed = $0 { true } else { false } }
        return closes.count <= 1 && (closes.isEmpty || isClosed)
    }
}
