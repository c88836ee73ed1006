/// What a write's answer waits for.
enum WriteAck: String, CaseIterable {
    /// Nothing: the write is done here and will be sent up.
    case local
    /// The parent has queued it: one hop.
    case parent
    /// The root has committed it.
    case root
}

/// A write whose answer has to wait; `Keyspace.whenWritten` tells when it is known.
struct WriteTicket: Hashable {
    /// The write's number at this node: 1, 2, …
    let sequence: UInt64
}

/// What became of a write within the call that made it.
enum WriteOutcome {
    /// Done, as far as the writer wanted to wait. The version is `none` unless the write is
    /// committed already, as at the root.
    case done(Version)
    case awaiting(WriteTicket)
    case refused(WriteRefusal)
}

/// Why a write was not taken; nothing has been changed.
enum WriteRefusal: Equatable {
    /// The node keeps its bound on memory.
    case full
    case tooManyMediaTypes
    /// Too many writes wait for the parent.
    case queueFull
    /// The writer wanted to wait for somebody above, and the parent is away.
    case parentAway(String)
    /// The key's content doesn't meet the condition; the version is what it has, or `none`.
    case preconditionFailed(Version)
    /// A condition, or an answer from the root, under a parent that knows neither; a sentence.
    case cannotDecide(String)
}

/// What became of a write that was waited for.
enum WriteResult: Equatable {
    /// The version is `none` unless the root's commit was waited for.
    case done(Version)
    /// The key's content at the root doesn't meet the condition; the version is what it has there,
    /// or `none`. It was withdrawn here as well.
    case preconditionFailed(Version)
    /// It was refused for good, with an HTTP status and a sentence: it was withdrawn here as well.
    case refused(status: Int, detail: String)
    /// No answer in time: it is kept and will arrive, but whether it has is not known.
    case unconfirmed(String)
}
