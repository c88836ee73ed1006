import UVHTTP

/// Something that happens at a time.
public class SimTask {
    init() {}
    func fire() {}
}

/// A step of a test's own script.
private final class SimScript: SimTask {
    private let body: () -> Void
    init(_ body: @escaping () -> Void) { self.body = body }
    override func fire() { body() }
}

/// Bytes that have come from one process to another, borrowed for the call.
public struct SimBytes {
    /// The same for all bytes of one direction of one connection.
    public let channel: Int
    public let sender: String
    public let receiver: String
    public let bytes: UnsafeRawBufferPointer
}

/// A simulated world: virtual time, the events that are due in it, and the hosts and the network
/// where they happen. Everything in it is decided by its seed: the same program with the same seed
/// has the same history, whose `fingerprint` is the same.
///
/// Its parts hold on to each other until `close`.
public final class SimWorld {
    public let seed: UInt64
    /// Where all of this world's chances come from; a test may draw from it too.
    @exclusivity(unchecked) public var random: SimRandom
    /// Virtual time since the beginning. It has microseconds, because networks do.
    @exclusivity(unchecked) public private(set) var nowMicroseconds: UInt64 = 0
    /// Seconds since 1970 at the world's beginning, as hosts with a right clock see it.
    public var unixSecondsAtStart = 1_767_225_600
    /// Events that have happened.
    @exclusivity(unchecked) public private(set) var eventCount = 0
    /// A digest of all that has happened.
    @exclusivity(unchecked) public private(set) var fingerprint: UInt64 = 0
    public private(set) var network: SimNetwork
    /// Looks at what a process is about to read: its host and the connection's other end, by name,
    /// and the bytes.
    public var onBytes: ((SimBytes) -> Void)?
    @exclusivity(unchecked) private var queue = SimHeap<SimTask>()
    private var channelCount = 0
    /// Streams of crashed processes. A crash calls no handler; but only `onClosed` lets the objects
    /// of a process go of each other, so that is made up for in the end.
    private var buried: [SimStream] = []
    /// What all streams read into.
    let readBuffer = SimReadBuffer()

    public init(seed: UInt64) {
        self.seed = seed
        random = SimRandom(seed: seed)
        network = SimNetwork()
    }

    public var nowMilliseconds: UInt64 { nowMicroseconds / 1000 }

    /// A new host, up and with a process whose loop is `loop`. Without `addresses` it gets one of
    /// its own.
    public func addHost(_ name: String, addresses: [String] = []) -> SimHost {
        network.addHost(name, addresses: addresses, world: self)
    }

    // MARK: Running

    /// Lets the next event happen; false when there is none.
    @discardableResult
    public func step() -> Bool {
        guard !queue.isEmpty else { return false }
        nowMicroseconds = queue.firstTime
        eventCount &+= 1
        note(nowMicroseconds)
        queue.popFirst().fire()
        return true
    }

    /// Lets everything happen that is due in the next `milliseconds`.
    public func run(forMilliseconds milliseconds: UInt64) {
        let end = nowMicroseconds + milliseconds * 1000
        while !queue.isEmpty, queue.firstTime <= end { step() }
        nowMicroseconds = max(nowMicroseconds, end)
    }

    /// Runs until `condition` holds, which is looked at after every event; false when it didn't in
    /// `milliseconds`, or when nothing was left that could happen.
    @discardableResult
    public func run(
        withinMilliseconds milliseconds: UInt64 = 3_600_000, until condition: () -> Bool
    ) -> Bool {
        let end = nowMicroseconds + milliseconds * 1000
        while !condition() {
            guard !queue.isEmpty, queue.firstTime <= end else {
                nowMicroseconds = max(nowMicroseconds, end)
                return false
            }
            step()
        }
        return true
    }

    /// Calls `body` after so many milliseconds, as an event outside of all processes.
    public func after(milliseconds: UInt64, _ body: @escaping () -> Void) {
        after(microseconds: milliseconds * 1000, body)
    }

    public func after(microseconds: UInt64, _ body: @escaping () -> Void) {
        schedule(SimScript(body), at: nowMicroseconds + microseconds)
    }

    /// Ends the world, as `UVLoop.close` ends a loop: handlers hear `onClosed(nil)`, those of
    /// crashed processes now too, and nothing they begin is ever heard of again.
    public func close() {
        let hosts = network.hosts
        for host in hosts { host.crash(.silent) }
        let streams = buried
        buried.removeAll()
        for stream in streams { stream.finishClosing() }
        // Last, as handlers may have looked at the network, or begun something.
        for host in hosts {
            host.links = [:]
            host.inboundLinks = []
        }
        network.forgetWhatWaits()
        network = SimNetwork()
        queue.removeAll { _ in false }
        onBytes = nil
    }

    // MARK: For its parts

    /// A number of its own for each direction of a connection.
    func nextChannelNumber() -> Int {
        channelCount += 1
        return channelCount
    }

    func bury(_ streams: [SimStream]) { buried += streams }

    @inline(__always)
    func schedule(_ task: SimTask, at microseconds: UInt64) {
        queue.push(task, at: max(microseconds, nowMicroseconds))
    }

    /// Takes something that happened into the fingerprint.
    @inline(__always)
    func note(_ value: UInt64) {
        fingerprint = (fingerprint ^ value) &* 0x9E37_79B9_7F4A_7C15
        fingerprint ^= fingerprint >> 29
    }
}
