/// What came of asking a parent in plain HTTP for a key.
enum FetchOutcome {
    /// The parent's value; the bytes are borrowed for the call.
    case value(bytes: UnsafeRawBufferPointer, mediaType: UnsafeRawBufferPointer)
    /// No node up to the root has the key.
    case absent
    /// The parent can't say; a sentence for the client.
    case unavailable(String)
}

/// A parent that doesn't speak the link, a node of an earlier system: to ask for keys, and to take
/// the writes of the queue in order.
protocol PlainParent: AnyObject {
    /// Why nothing can be sent to the parent just now; nil when it answers, as far as is known.
    var awayReason: String? { get }

    /// Asks for a key; `completion` comes in a later turn, once.
    func fetch(_ key: [UInt8], completion: @escaping (FetchOutcome) -> Void)

    /// The queue has a write more.
    func onQueued()
}

/// What the keyspace is told about a plain parent.
protocol PlainParentDelegate: AnyObject {
    /// From now on the parent is this one, spoken to in plain HTTP; nil when it is gone, for this
    /// reason: a sentence.
    func onPlainParent(_ parent: (any PlainParent)?, reason: String)
    /// The parent has taken this write.
    func onAccepted(_ write: UpwardWrite, number: UInt64)
    /// The parent will never take this write.
    func onRefused(_ write: UpwardWrite, number: UInt64, status: Int, detail: String)
    /// The parent is away or full: writes stay in the queue, and who waits for one is told so.
    func onUnconfirmed(_ reason: String)
}
