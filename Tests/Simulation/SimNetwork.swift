import UVHTTP

/// How what was written falls into reads.
public enum SimSplitting: Sendable {
    /// A read takes all that has arrived.
    case whole
    /// A read takes a random part of it, often all, at times one byte; and what was written in one
    /// call may arrive in two pieces.
    case random
    /// Every read takes one byte.
    case bytes
}

/// What a name look-up finds.
public enum SimName {
    /// These numeric addresses, in this order.
    case addresses([String])
    case failure(UVError)
}

/// The network between the hosts of a world, and how it behaves. Settings hold for what begins
/// after they were set; all may be changed at any time.
public final class SimNetwork {
    /// Microseconds that anything takes from one host to another, where the link has no latency of
    /// its own.
    public var latencyMicroseconds: ClosedRange<UInt64> = 50...500
    /// Bytes that a connection holds in each direction between `write` and `onRead`; each
    /// connection gets a number from this range.
    public var bufferBytes: ClosedRange<Int> = 4096...262_144
    public var splitting = SimSplitting.random
    /// Names beside those of the hosts, and `localhost`.
    public var names: [String: SimName] = [:]
    /// Microseconds that a look-up takes, unless the name is a numeric address.
    public var lookUpMicroseconds: ClosedRange<UInt64> = 100...2_000
    /// Milliseconds after which the kernel gives up a connection that nobody answers.
    public var connectMilliseconds: UInt64 = 127_000
    /// Milliseconds after which the kernel gives up a connection whose bytes don't arrive.
    public var retransmitMilliseconds: UInt64 = 900_000
    /// Microseconds until the kernel tries again after a cut is healed.
    public var backoffMicroseconds: ClosedRange<UInt64> = 0...200_000

    public private(set) var hosts: [SimHost] = []
    private var hostsByAddress: [String: SimHost] = [:]
    private var hostsByName: [String: SimHost] = [:]
    private var links: [SimLink] = []

    // MARK: Cuts

    /// From now on nothing arrives at `receiver` from `sender`; what is on its way waits.
    public func cut(from sender: SimHost, to receiver: SimHost) {
        link(from: sender, to: receiver).isCut = true
    }

    /// Cuts both directions.
    public func cut(_ one: SimHost, _ other: SimHost) {
        cut(from: one, to: other)
        cut(from: other, to: one)
    }

    /// Cuts `host` off from all others.
    public func isolate(_ host: SimHost) {
        for other in hosts where other !== host { cut(host, other) }
    }

    /// Cuts every host of `some` off from every host that isn't among them.
    public func partition(_ some: [SimHost]) {
        for other in hosts where !some.contains(where: { $0 === other }) {
            for host in some { cut(host, other) }
        }
    }

    public func heal(from sender: SimHost, to receiver: SimHost) {
        link(from: sender, to: receiver).isCut = false
    }

    public func heal(_ one: SimHost, _ other: SimHost) {
        heal(from: one, to: other)
        heal(from: other, to: one)
    }

    public func healAll() {
        for link in links { link.isCut = false }
    }

    /// The latency from `sender` to `receiver`; nil for the network's.
    public func setLatency(
        from sender: SimHost, to receiver: SimHost, microseconds: ClosedRange<UInt64>?
    ) {
        link(from: sender, to: receiver).latencyMicroseconds = microseconds
    }

    // MARK: For its parts

    func addHost(_ name: String, addresses: [String], world: SimWorld) -> SimHost {
        let index = hosts.count + 1
        let own = "10.\(index >> 16 & 255).\(index >> 8 & 255).\(index & 255)"
        let host = SimHost(
            name, index: index, addresses: addresses.isEmpty ? [own] : addresses, world: world)
        hosts.append(host)
        hostsByName[name] = host
        for address in host.addresses {
            precondition(hostsByAddress[address] == nil, "two hosts have the address \(address)")
            hostsByAddress[address] = host
        }
        return host
    }

    /// Channels that a cut holds up, and their links, hold each other.
    func forgetWhatWaits() {
        for link in links { link.forgetWhatWaits() }
    }

    func link(from sender: SimHost, to receiver: SimHost) -> SimLink {
        if let link = sender.links[receiver.index] { return link }
        let link = SimLink(from: sender, to: receiver)
        sender.links[receiver.index] = link
        receiver.inboundLinks.append(link)
        links.append(link)
        return link
    }

    /// Who is meant by a numeric address when `host` says it; nil if nobody has it.
    func owner(of address: String, seenFrom host: SimHost) -> SimHost? {
        if address == "::1" || address.hasPrefix("127.") { return host }
        return hostsByAddress[address]
    }

    func lookUp(_ name: String) -> SimName {
        if let known = names[name] { return known }
        if let host = hostsByName[name] { return .addresses(host.addresses) }
        return name == "localhost" ? .addresses(["127.0.0.1"]) : .failure(.nameNotFound)
    }
}

/// The way from one host to another.
final class SimLink {
    let sender: SimHost
    let receiver: SimHost
    private let world: SimWorld
    var latencyMicroseconds: ClosedRange<UInt64>?
    /// What waits for a cut to heal or a host to come back.
    private var stalled: [SimChannel] = []
    var isCut = false {
        didSet { if !isCut { resume() } }
    }

    init(from sender: SimHost, to receiver: SimHost) {
        self.sender = sender
        self.receiver = receiver
        world = sender.world
    }

    var isBlocked: Bool { isCut || receiver.isDown }

    @inline(__always)
    func latency() -> UInt64 {
        world.random.within(latencyMicroseconds ?? world.network.latencyMicroseconds)
    }

    func stall(_ channel: SimChannel) { stalled.append(channel) }

    func forgetWhatWaits() { stalled.removeAll() }

    /// Lets what has waited go on, if nothing is in its way any more.
    func resume() {
        guard !isBlocked, !stalled.isEmpty else { return }
        let resumed = stalled
        stalled.removeAll()
        for channel in resumed {
            channel.resume(after: world.random.within(world.network.backoffMicroseconds))
        }
    }
}
