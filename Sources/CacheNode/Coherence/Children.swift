/// A child attached by a link, as long as its session lasts.
final class Child {
    /// Bytes of writes that may wait here for room in the queue before the child broke its window.
    static let inboxBytesMax = 4 << 20
    /// Requests that a child may have unanswered.
    static let waitingMax = 65_536

    let id: ChildID
    private let slot: UnsafeMutablePointer<ChildPortSlot>
    let origin: UInt64
    let name: [UInt8]
    /// The bit that stands for it in entries; the last one is shared by all children beyond.
    let bit: UInt8
    /// Writes taken over in this session.
    var acceptedCount: UInt64 = 0
    /// Writes that wait for room in the queue.
    var inbox: [UpwardWrite] = []
    var inboxBytes = 0
    /// Its unanswered requests.
    var waitingCount = 0
    /// Keys whose changes wait for the next round of mode `sync`.
    var dirty: Set<[UInt8]> = []
    var dirtyBytes = 0
    /// What was told to the child in the last round: this node's position and basis then.
    var flushedPosition: Version = .none
    var flushedBasis = Freshness.Basis.unknown

    init(id: ChildID, port: any ChildPort, origin: UInt64, name: [UInt8], bit: UInt8) {
        self.id = id
        slot = .allocate(capacity: 1)
        slot.initialize(to: ChildPortSlot(port: port))
        self.origin = origin
        self.name = name
        self.bit = bit
    }

    deinit {
        slot.deinitialize(count: 1)
        slot.deallocate()
    }

    var port: any ChildPort { slot.pointee.port }

    /// It has another session from now on.
    @inline(never)
    func reattach(_ port: any ChildPort) {
        slot.deinitialize(count: 1)
        slot.initialize(to: ChildPortSlot(port: port))
    }

    @inline(__always)
    func send(_ message: DownMessage) { slot.pointee.send(message) }

    @inline(__always)
    func send(_ commit: CommitMessage) { slot.pointee.send(commit) }

    /// One more of its writes is queued here.
    @inline(__always)
    func accept() {
        acceptedCount += 1
        slot.pointee.sendAccept(count: acceptedCount)
    }

    /// Its bit, if that stands for no other child; otherwise 0.
    @inline(__always)
    var ownBit: UInt8 { bit == Children.sharedBit ? 0 : bit }
}

/// The children that are attached, and their bits in entries.
///
/// There are eight bits. Seven stand for one child each; the last is shared by all others, which
/// get a push if any of them holds the key, and ignore it otherwise. A bit is given again only when
/// no entry has it any more: after a child's end it is `retired` until a sweep has been through.
struct Children {
    static let sharedBit: UInt8 = 0x80
    private static let fewCount = 4

    private(set) var all: [Child] = []
    private var byID: [ChildID: Child] = [:]
    private var lastNumber: UInt64 = 0
    /// Bits of children that have gone, still in entries.
    private(set) var retired: UInt8 = 0

    var isEmpty: Bool { all.isEmpty }

    /// Whether a write waits for room in the queue.
    @inline(__always)
    var hasFullInbox: Bool {
        for child in all where !child.inbox.isEmpty { return true }
        return false
    }

    @inline(__always)
    subscript(id: ChildID) -> Child? {
        // Few are looked through sooner than hashed.
        guard all.count <= Self.fewCount else { return byID[id] }
        for child in all where child.id == id { return child }
        return nil
    }

    func child(ofOrigin origin: UInt64) -> Child? { all.first { $0.origin == origin } }

    mutating func add(_ port: any ChildPort, origin: UInt64, name: [UInt8]) -> Child {
        lastNumber += 1
        let child = Child(
            id: ChildID(number: lastNumber), port: port, origin: origin, name: name, bit: freeBit)
        all.append(child)
        byID[child.id] = child
        // Whatever is left of those who shared it stands for this one from now on.
        if child.bit == Self.sharedBit { retired &= ~child.bit }
        return child
    }

    mutating func remove(_ child: Child) {
        all.removeAll { $0 === child }
        byID.removeValue(forKey: child.id)
        if child.bit != Self.sharedBit || !all.contains(where: { $0.bit == Self.sharedBit }) {
            retired |= child.bit
        }
    }

    /// The sweep has cleared these bits in every entry.
    mutating func onSwept(_ bits: UInt8) { retired &= ~bits }

    private var freeBit: UInt8 {
        let used = all.reduce(retired) { $0 | $1.bit }
        for index in 0..<7 where used & (1 << index) == 0 { return 1 << index }
        return Self.sharedBit
    }
}
