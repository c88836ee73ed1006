/// What a child says to its parent; `docs/link.md` has the frames. Bytes are borrowed for the call.
enum UpMessage {
    case hello(origin: UInt64, shown: Version, name: UnsafeRawBufferPointer)
    case get(GetMessage)
    case put(PutMessage)
    case evict(key: UnsafeRawBufferPointer)
    case renew(token: UInt32)
}

struct GetMessage {
    /// Chosen by the child; the reply carries it.
    var id: UInt32
    /// Only the root's own answer will do.
    var asksRoot: Bool
    /// Nothing older than this is an answer.
    var floor: Version
    /// The version of an unverified copy that the child has; `none` if it has none.
    var known: Version
    var key: UnsafeRawBufferPointer
}

/// On what a write depends; decided at the root (RFC 9110 §13.1).
enum WriteCondition: Equatable {
    case none
    /// The key has exactly this version.
    case matches(Version)
    /// The key exists.
    case exists
    /// The key doesn't exist.
    case isAbsent
    /// The key has another version than this, or doesn't exist.
    case differs(Version)

    @inline(__always)
    var isNone: Bool { if case .none = self { true } else { false } }
}

struct PutMessage {
    /// The node where the write was made, in its present incarnation.
    var origin: UInt64
    /// Its number there: 1, 2, …
    var sequence: UInt64
    var isDeletion: Bool
    var condition: WriteCondition
    var key: UnsafeRawBufferPointer
    var mediaType: UnsafeRawBufferPointer
    var value: UnsafeRawBufferPointer
    /// It may have been sent before, in another session: the root may have committed it long ago.
    var isAgain = false
}

/// What a parent says to its child. Bytes are borrowed for the call.
enum DownMessage {
    case welcome(WelcomeMessage)
    case reply(ReplyMessage)
    /// The first `count` writes of this session are queued at the parent.
    case accept(count: UInt64)
    case commit(CommitMessage)
    case push(PushMessage)
    case invalidate(key: UnsafeRawBufferPointer)
    case reset(epoch: UInt32)
    case fresh(token: UInt32, ageMilliseconds: UInt32, position: Version)
    /// All pushes of a round of mode `sync` have been sent.
    case flush(position: Version)
}

struct WelcomeMessage {
    var policy: CoherencePolicy
    /// What the parent's copies reflect.
    var position: Version
    var ageMilliseconds: UInt32
    var name: UnsafeRawBufferPointer
}

/// What is known of a key.
enum KeyContent {
    case value(UnsafeRawBufferPointer, mediaType: UnsafeRawBufferPointer)
    case absent
}

struct ReplyMessage {
    enum Outcome {
        case content(KeyContent)
        /// What the child has, by `GetMessage.known`, is current.
        case notModified
        /// Nobody who may answer can be reached; a sentence.
        case unavailable(UnsafeRawBufferPointer)
    }
    var id: UInt32
    var outcome: Outcome
    /// The parent has noted that the child holds the key, and will push its changes.
    var isFollowed: Bool
    var version: Version
    /// How long ago the content was current at the root, at most.
    var ageMilliseconds: UInt32
    /// The members of Cache-Status (RFC 9211) so far, without the child's own.
    var hops: UnsafeRawBufferPointer
}

struct CommitMessage {
    enum Outcome {
        /// The write is the key's content, under `version`.
        case committed
        /// The write was committed, and this has taken its place since.
        case superseded(KeyContent)
        /// It was not done: an HTTP status (412, 507, …) and a sentence.
        case refused(status: UInt16, UnsafeRawBufferPointer)
    }
    var origin: UInt64
    var sequence: UInt64
    var version: Version
    var outcome: Outcome
}

struct PushMessage {
    var version: Version
    var key: UnsafeRawBufferPointer
    var content: KeyContent
}
