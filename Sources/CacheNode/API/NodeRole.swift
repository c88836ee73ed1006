import UVHTTP

/// What a node is in the tree, and what it needs for that.
enum NodeRole {
    /// It hands out the slots.
    case root(TreeKeeper)
    /// It has, or waits for, a slot and a parent.
    case child(ChildRole)
}

/// A node below the root: its place and its parent.
struct ChildRole {
    let membership: Membership
    let attacher: ParentAttacher
    /// How it stands with the record of the tree; nil without one.
    var registryHealth: (() -> HealthCheck)?
}

/// The root's tree, changed by registrations and shown by several endpoints.
final class TreeKeeper {
    private(set) var tree: Tree
    let layout: TreeLayout
    /// Where the tree is recorded; nil when this process alone keeps it.
    private let registry: (any TreeRegistry)?
    /// How it stands with that; nil without one.
    let registryHealth: (() -> HealthCheck)?

    init(
        _ tree: Tree, layout: TreeLayout, registry: (any TreeRegistry)? = nil,
        registryHealth: (() -> HealthCheck)? = nil
    ) {
        self.tree = tree
        self.layout = layout
        self.registry = registry
        self.registryHealth = registryHealth
    }

    func register(
        name: String, endpoint: Endpoint, api: NodeAPI, preferredSlot: Int? = nil,
        report: NodeReport? = nil, nowMilliseconds: UInt64
    ) -> Result<Registration, TreeError> {
        let known = tree.member(named: name)
        if let problem = obstacle(name, endpoint, isKnown: known != nil) {
            return .failure(problem)
        }
        let result = tree.register(
            name: name, endpoint: endpoint, api: api, preferredSlot: preferredSlot, report: report,
            nowMilliseconds: nowMilliseconds)
        if let registry, case .success(let registration) = result,
            known?.endpoint != endpoint || known?.api != api
        {
            registry.onRegistered(slot: registration.slot, in: tree)
        }
        return result
    }

    /// While the record can't be reached the topology is frozen: who is known stays known.
    private func obstacle(_ name: String, _ endpoint: Endpoint, isKnown: Bool) -> TreeError? {
        guard let registry, let name = NodeName.canonical(name) else { return nil }
        guard registry.isCurrent else { return isKnown ? nil : .frozen }
        guard case .live(let holder, let session) = registry.presence(of: name) else { return nil }
        return holder == endpoint ? nil : .nameHeld(holder, session: session)
    }

    /// Whether a member of this tree lives: by its presence in the record; by its heartbeats if it
    /// has none there, or while the record can't be reached.
    func state(of member: TreeMember, nowMilliseconds: UInt64) -> NodeState {
        if member.slot != 1, let registry, registry.isCurrent,
            let presence = registry.presence(of: member.name)
        {
            switch presence {
            case .live: return .live
            case .gone(let since): return .gone(sinceMilliseconds: since)
            }
        }
        return tree.state(ofSlot: member.slot, nowMilliseconds: nowMilliseconds) ?? .unknown
    }

    /// The session by which the record knows that a member lives.
    func session(of member: TreeMember) -> String? {
        guard case .live(_, let session) = registry?.presence(of: member.name) else { return nil }
        return session
    }
}
