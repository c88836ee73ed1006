import UVHTTP

/// Whether a node lives, as the record of the tree says it.
enum NodePresence: Equatable {
    case live(Endpoint, session: String?)
    /// Since then, on the root's monotonic clock.
    case gone(sinceMilliseconds: UInt64)
}

/// What keeps the root's tree outside of the process, and knows who lives.
protocol TreeRegistry: AnyObject {
    /// The record can be read and written just now.
    var isCurrent: Bool { get }

    /// The presence of a node by its canonical name; nil for one that never showed itself there.
    func presence(of name: String) -> NodePresence?

    /// The node in this slot has registered, or has another address.
    func onRegistered(slot: Int, in tree: Tree)
}
