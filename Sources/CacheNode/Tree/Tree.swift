import UVHTTP

/// The tree as its root knows it: which node has which slot. It decides and does no I/O.
///
/// Slots are given in heap order and never taken back, so the slots below `lowestVacantHint` stay
/// occupied, and registering costs constant time on average. Memory grows with the highest slot in
/// use, not with the depth.
public struct Tree: Sendable {
    public static let depthMax = 16

    /// Signs of life that a root hears in a second, at most; each costs it some 30 µs.
    public static let heartbeatsPerSecondMax = 4096

    /// Levels, the root's included: 1…`depthMax`.
    public let depth: Int
    /// Registered nodes, the root included.
    public private(set) var count = 1

    /// Index is the slot; index 0 has no node.
    private var slots: [TreeMember?]
    private var slotOfName: [String: Int]
    /// No slot below this one is vacant.
    private var lowestVacantHint = 2

    /// A tree of its root alone.
    public init(depth: Int, root: TreeMember) {
        precondition(1...Self.depthMax ~= depth)
        self.depth = depth
        var root = root
        root.slot = 1
        slots = [nil, root]
        slotOfName = [root.name: 1]
    }

    /// How many nodes have room: 2^depth − 1.
    public var capacity: Int { (1 << depth) - 1 }

    /// Gives a node its slot: the one it has; else the one it claims, if that is vacant; else the
    /// lowest vacant one. Its address and API are noted anew each time.
    ///
    /// - Parameters:
    ///   - name: In any spelling that `NodeName` knows.
    ///   - preferredSlot: The slot of a node that outlived the root's restart.
    ///   - report: What the node says about itself.
    ///   - nowMilliseconds: Monotonic.
    public mutating func register(
        name: String, endpoint: Endpoint, api: NodeAPI, preferredSlot: Int? = nil,
        report: NodeReport? = nil, nowMilliseconds: UInt64
    ) -> Result<Registration, TreeError> {
        guard let name = NodeName.canonical(name) else { return .failure(.invalidName) }
        if let slot = slotOfName[name] {
            if slot == 1, endpoint != root.endpoint { return .failure(.nameOfTheRoot) }
            slots[slot]?.endpoint = endpoint
            slots[slot]?.api = api
            slots[slot]?.lastHeardMilliseconds = nowMilliseconds
            slots[slot]?.report = report
            return .success(Registration(slot: slot, isNew: false))
        }
        guard let slot = vacantSlot(preferring: preferredSlot) else { return .failure(.full) }
        var member = TreeMember(
            name: name, endpoint: endpoint, api: api, nowMilliseconds: nowMilliseconds)
        member.report = report
        put(member, inSlot: slot)
        return .success(Registration(slot: slot, isNew: true))
    }

    // MARK: Queries

    /// Seconds between a node's signs of life: 1, and more in a tree so large that the root would
    /// hear of too many.
    public var heartbeatSeconds: Int {
        max(1, (count - 1 + Self.heartbeatsPerSecondMax - 1) / Self.heartbeatsPerSecondMax)
    }

    /// A node that wasn't heard for this long is gone: three heartbeats.
    public var goneAfterMilliseconds: UInt64 { UInt64(heartbeatSeconds) * 3000 }

    /// The root's own entry.
    public var root: TreeMember {
        guard let root = slots[1] else {
            preconditionFailure("slot 1 is the root's from the start")
        }
        return root
    }

    /// The node in a slot; nil for a vacant one and for what is no slot.
    public func member(inSlot slot: Int) -> TreeMember? {
        slots.indices.contains(slot) ? slots[slot] : nil
    }

    /// The node of this name, in any spelling.
    public func member(named name: String) -> TreeMember? {
        NodeName.canonical(name).flatMap { slotOfName[$0] }.flatMap { slots[$0] }
    }

    /// Every registered node, by slot.
    public var members: [TreeMember] { slots.compactMap { $0 } }

    /// The node that a slot's node attaches to: the one in slot ÷ 2, or the nearest above while
    /// that is vacant (its node hasn't come back yet). Nil for the root and for what is no slot.
    public func parent(ofSlot slot: Int) -> TreeMember? {
        guard slot >= 2, slot <= capacity else { return nil }
        var ancestor = slot / 2
        while ancestor > 1, member(inSlot: ancestor) == nil { ancestor /= 2 }
        return member(inSlot: ancestor)
    }

    /// The registered nodes from the root down to the parent of a slot; empty for the root and for
    /// what is no slot.
    public func path(toSlot slot: Int) -> [TreeMember] {
        var path: [TreeMember] = []
        var below = slot
        while let ancestor = parent(ofSlot: below) {
            path.append(ancestor)
            below = ancestor.slot
        }
        return path.reversed()
    }

    /// Whether any node has a slot below this one, at whatever depth.
    public func hasMembers(belowSlot slot: Int) -> Bool {
        var first = slot * 2
        var count = 2
        while first < slots.count {
            if slots[first..<min(first + count, slots.count)].contains(where: { $0 != nil }) {
                return true
            }
            first *= 2
            count *= 2
        }
        return false
    }

    /// Names in heap order, nil for a vacant slot; `capacity` long.
    public var structure: [String?] {
        var names = slots.dropFirst().map { $0?.name }
        names.append(contentsOf: repeatElement(nil, count: capacity - names.count))
        return names
    }

    /// The absolute path of a node's znode (`/NODE-1/NODE-2`, `/1/2`), nil for a vacant slot.
    public func zkPath(forSlot slot: Int, layout: TreeLayout) -> String? {
        guard let member = member(inSlot: slot) else { return nil }
        return (path(toSlot: slot) + [member]).map { "/" + $0.znodeName(in: layout) }.joined()
    }

    /// Whether the node in a slot lives: it was heard at most `goneAfterMilliseconds` ago. Nil for
    /// a vacant slot.
    public func state(ofSlot slot: Int, nowMilliseconds: UInt64) -> NodeState? {
        guard let member = member(inSlot: slot) else { return nil }
        if slot == 1 { return .live }
        guard member.api == .canopy else { return .unknown }
        let lastHeard = member.lastHeardMilliseconds
        let silence = nowMilliseconds < lastHeard ? 0 : nowMilliseconds - lastHeard
        return silence <= goneAfterMilliseconds ? .live : .gone(sinceMilliseconds: lastHeard)
    }

    // MARK: Slots

    private mutating func vacantSlot(preferring preferredSlot: Int?) -> Int? {
        if let preferredSlot, 1...capacity ~= preferredSlot, member(inSlot: preferredSlot) == nil {
            return preferredSlot
        }
        while member(inSlot: lowestVacantHint) != nil { lowestVacantHint += 1 }
        return lowestVacantHint <= capacity ? lowestVacantHint : nil
    }

    private mutating func put(_ member: TreeMember, inSlot slot: Int) {
        if slot >= slots.count {
            slots.append(contentsOf: repeatElement(nil, count: slot + 1 - slots.count))
        }
        slots[slot] = member
        slots[slot]?.slot = slot
        slotOfName[member.name] = slot
        count += 1
    }
}
