import UVHTTP

/// Whom to try next, and when. Servers come in an order that the seed decides; each with all of its
/// addresses. When all have failed there is a pause, which gets longer each time.
struct ServerRotation {
    enum Step: Equatable {
        /// To resolve the name of this server, and then come back.
        case resolve(server: Int)
        case connect(server: Int, SocketAddress)
        case wait(milliseconds: UInt64)
    }

    let servers: [Endpoint]
    private var random: SplitMix64
    /// The server whose turn is next, and how many have theirs before the next pause.
    private var nextServer = 0
    private var serversLeft: Int
    /// Of the server whose turn it is: those not tried yet.
    private var addresses: [SocketAddress] = []
    /// How many addresses each server had when it was last resolved.
    private var addressCounts: [Int]
    private var failedRounds = 0

    init(servers: [Endpoint], seed: UInt64) {
        var random = SplitMix64(state: seed)
        self.servers = servers.shuffled(using: &random)
        self.random = random
        serversLeft = servers.count
        addressCounts = Array(repeating: 1, count: servers.count)
    }

    /// How many addresses the ensemble has, as far as is known.
    var addressCount: Int { addressCounts.reduce(0, +) }

    /// The next step; `pauseMillisecondsMax` bounds the pause.
    mutating func next(pauseMillisecondsMax: UInt64) -> Step {
        if !addresses.isEmpty {
            let server = (nextServer + servers.count - 1) % servers.count
            return .connect(server: server, addresses.removeFirst())
        }
        guard serversLeft > 0 else { return pause(max: pauseMillisecondsMax) }
        serversLeft -= 1
        let server = nextServer
        nextServer = (nextServer + 1) % servers.count
        return .resolve(server: server)
    }

    /// The server whose turn it is has these addresses.
    mutating func didResolve(_ server: Int, _ resolved: [SocketAddress]) {
        addressCounts[server] = max(1, resolved.count)
        addresses = resolved.shuffled(using: &random)
    }

    /// A connection has ended that was good: all servers are worth trying, after a moment in which
    /// not every client of a failed server comes to the same other one.
    mutating func didLoseGoodConnection(pauseMillisecondsMax: UInt64) -> Step {
        addresses = []
        serversLeft = servers.count
        failedRounds = 0
        let pause = Self.pauseMilliseconds(afterRounds: 0, max: pauseMillisecondsMax)
        return .wait(milliseconds: random.next() % (pause + 1))
    }

    private mutating func pause(max: UInt64) -> Step {
        serversLeft = servers.count
        let pause = Self.pauseMilliseconds(afterRounds: failedRounds, max: max)
        failedRounds += 1
        return .wait(milliseconds: pause / 2 + random.next() % (pause / 2 + 1))
    }

    private static func pauseMilliseconds(afterRounds rounds: Int, max: UInt64) -> UInt64 {
        Swift.max(1, max >> UInt64(Swift.max(0, 6 - rounds)))
    }
}

/// Numbers from a seed (Steele, Lea, Flood: Fast splittable pseudorandom number generators).
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(state: UInt64) { self.state = state }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
