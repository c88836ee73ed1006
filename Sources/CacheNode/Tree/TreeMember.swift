import UVHTTP

/// What a node speaks to its parent and root.
public enum NodeAPI: String, CaseIterable, Sendable {
    /// This system's own registration and heartbeats.
    case canopy
    /// The earlier `/kv` system: numbered nodes, raw bytes.
    case kv
    /// The earlier `/store` system: named nodes, JSON.
    case store
}

/// How znodes are named; a cluster has one layout.
public enum TreeLayout: String, Sendable {
    /// `/NODE-1/NODE-2/NODE-4`
    case named
    /// `/1/2/4`
    case numbered
}

/// How a node is attached to an ancestor.
public enum AttachmentWay: String, CaseIterable, Sendable {
    /// By the ordered link.
    case link
    /// In plain HTTP: the ancestor is a node of an earlier system.
    case http
}

/// What a node says about itself when it registers.
public struct NodeReport: Equatable, Sendable {
    /// The name of the ancestor that it is attached to, and how; nil for none.
    public var parent: String?
    public var way: AttachmentWay?
    /// The coherence mode that it keeps to; nil while it knows of none.
    public var coherence: CoherenceMode?

    public init(
        parent: String? = nil, way: AttachmentWay? = nil, coherence: CoherenceMode? = nil
    ) {
        self.parent = parent
        self.way = way
        self.coherence = coherence
    }
}

/// A node that has a slot in the tree.
public struct TreeMember: Equatable, Sendable {
    /// Canonical (`NodeName`).
    public let name: String
    /// Where other nodes reach it.
    public internal(set) var endpoint: Endpoint
    public internal(set) var api: NodeAPI
    /// Its place in heap order: the root has 1, the children of *i* have 2*i* and 2*i* + 1.
    public internal(set) var slot: Int
    /// When the root last heard from it, on the root's monotonic clock.
    public internal(set) var lastHeardMilliseconds: UInt64
    /// What it last said about itself; nil for a node of an earlier system.
    public internal(set) var report: NodeReport?

    /// A node before it has its slot.
    /// - Precondition: `name` is canonical.
    public init(name: String, endpoint: Endpoint, api: NodeAPI, nowMilliseconds: UInt64) {
        precondition(NodeName.canonical(name) == name)
        self.name = name
        self.endpoint = endpoint
        self.api = api
        slot = 1
        lastHeardMilliseconds = nowMilliseconds
    }

    /// The number that the `/kv` system knows the node by: that of its name, otherwise its slot.
    public var id: Int { NodeName.number(ofCanonical: name) ?? slot }

    /// Its level in the tree: the root's is 1.
    public var depth: Int { Int.bitWidth - slot.leadingZeroBitCount }

    /// The name of its znode, which no other node's is.
    public func znodeName(in layout: TreeLayout) -> String {
        guard layout == .numbered, let number = NodeName.number(ofCanonical: name) else {
            return name
        }
        return String(number)
    }
}

/// Whether a node lives, as far as the root knows.
public enum NodeState: Equatable, Sendable {
    case live
    /// Nothing was heard since then, on the root's monotonic clock.
    case gone(sinceMilliseconds: UInt64)
    /// A node of an earlier system: those send no heartbeats.
    case unknown

    /// As `GET /nodes` says it.
    public var name: String {
        switch self {
        case .live: "live"
        case .gone: "gone"
        case .unknown: "unknown"
        }
    }
}

/// A slot given to a node.
public struct Registration: Equatable, Sendable {
    public let slot: Int
    /// False when the node had the slot already.
    public let isNew: Bool
}

/// Why a node gets no slot.
public enum TreeError: Error, Equatable, Sendable {
    /// Every slot has its node.
    case full
    /// The root has that name, and another address.
    case nameOfTheRoot
    /// No name of a node (`NodeName`).
    case invalidName
    /// A live process at this address has that name.
    case nameHeld(Endpoint, session: String?)
    /// The record of the tree can't be reached: no new node is taken.
    case frozen
}
