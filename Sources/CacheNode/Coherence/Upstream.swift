/// What came of asking the parent for a key.
enum FetchOutcome {
    /// The parent's value; the bytes are borrowed for the call.
    case value(bytes: UnsafeRawBufferPointer, mediaType: UnsafeRawBufferPointer)
    /// No node up to the root has the key.
    case absent
    /// The parent can't say; a sentence for the client.
    case unavailable(String)
}

/// What came of a write that had to reach the parent.
enum ForwardOutcome: Equatable {
    /// The parent has it.
    case accepted
    /// The parent refused it for good, with this status and sentence: it was withdrawn here as
    /// well.
    case refused(status: Int, detail: String)
    /// No answer in time: it is kept and will be sent again, but whether the parent has it is not
    /// known.
    case unconfirmed(String)
}

/// A write on its way up.
struct UpwardWrite {
    enum Change {
        case put(value: [UInt8], mediaType: [UInt8])
        case delete
    }
    let key: [UInt8]
    let change: Change

    /// Bytes that this write takes in the queue, its own bookkeeping included.
    var byteCount: Int {
        switch change {
        case .put(let value, let mediaType): key.count + value.count + mediaType.count + 96
        case .delete: key.count + 96
        }
    }
}

/// The parent as the keyspace sees it: to ask for keys, and to hand writes to.
protocol Upstream: AnyObject {
    /// Why nothing can be sent to the parent just now; nil when it answers, as far as is known.
    var awayReason: String? { get }

    /// Asks for a key; `completion` comes in a later turn, once.
    func fetch(_ key: [UInt8], completion: @escaping (FetchOutcome) -> Void)

    /// Whether one more write would fit into the queue.
    func hasRoom(for write: UpwardWrite) -> Bool

    /// Queues a write behind all earlier ones; returns its number (1, 2, …). `hasRoom` must have
    /// said yes.
    func forward(_ write: UpwardWrite) -> UInt64

    /// Calls `completion` once, when the write of this number was accepted or refused, or wasn't in
    /// time.
    func whenForwarded(_ sequence: UInt64, completion: @escaping (ForwardOutcome) -> Void)
}

/// What the keyspace is told about writes on their way.
protocol UpstreamDelegate: AnyObject {
    /// The parent has taken the write with this number.
    func onAccepted(_ sequence: UInt64, key: [UInt8])

    /// The parent refused the write with this number for good.
    func onRefused(_ sequence: UInt64, key: [UInt8])
}
