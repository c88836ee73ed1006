import UVHTTP

/// A node on the path from the root to this one, as the root describes it.
struct Ancestor: Equatable {
    var name: String
    /// Nil under a root of an earlier system, which doesn't tell.
    var slot: Int?
    var endpoint: Endpoint
    var api: NodeAPI
    /// Whether the root hears of it. A hint: what counts is whether it answers here.
    var isLive = true

    /// The same node at the same address, whatever is known of its health.
    func isSame(as other: Ancestor) -> Bool {
        name == other.name && endpoint == other.endpoint && api == other.api
    }

    /// `NODE-2 at 10.0.1.68:5000`
    var place: String { "\(name) at \(endpoint)" }

    /// How it is spoken to in plain HTTP.
    var dialect: ParentDialect { api == .store ? .store : .kv }

    /// Requests in plain HTTP that may be on their way to it at once: the earlier systems' servers
    /// are not relied on to take them in order.
    var window: Int { api == .canopy ? 64 : 1 }
}
