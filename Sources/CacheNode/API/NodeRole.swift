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
}

/// The root's tree, changed by registrations and shown by several endpoints.
final class TreeKeeper {
    private(set) var tree: Tree
    let layout: TreeLayout

    init(_ tree: Tree, layout: TreeLayout) {
        self.tree = tree
        self.layout = layout
    }

    func register(
        name: String, endpoint: Endpoint, api: NodeAPI, preferredSlot: Int? = nil,
        report: NodeReport? = nil, nowMilliseconds: UInt64
    ) -> Result<Registration, TreeError> {
        tree.register(
            name: name, endpoint: endpoint, api: api, preferredSlot: preferredSlot, report: report,
            nowMilliseconds: nowMilliseconds)
    }

    /// Whether a member of this tree lives.
    func state(of member: TreeMember, nowMilliseconds: UInt64) -> NodeState {
        tree.state(
            ofSlot: member.slot, nowMilliseconds: nowMilliseconds,
            goneAfterMilliseconds: Settings.goneAfterMilliseconds) ?? .unknown
    }
}
