/// What a reader asks for beyond the key (RFC 9111 §5.2.1).
struct ReadOptions: Equatable {
    /// Only the root's own answer will do (`no-cache`).
    var asksRoot = false
    /// Nobody above may be asked (`only-if-cached`).
    var onlyIfCached = false
}

/// Where an answer came from, and how old it may be.
struct ReadNote: Equatable {
    enum Source: UInt8 {
        /// What is held here was good enough.
        case hit
        /// The key was not held here.
        case miss
        /// It was held, but not verified or too old: it was revalidated or fetched.
        case stale
        /// The reader wanted the root's answer.
        case request
    }

    /// `none`: the node's own write that isn't committed yet, or no version is known.
    var version: Version
    /// The answer was the root's content at most this long ago; nil when there is no bound (mode
    /// `none`, a parent of an earlier system).
    var ageMilliseconds: UInt32?
    var source: Source
    /// It joined a fill that another request had begun.
    var isCollapsed = false
    /// The answer is held here from now on.
    var isStored = false
    /// It is older than the limit, and served because nobody above answers.
    var isStale = false
    /// The members of Cache-Status (RFC 9211) of the nodes above, joined by `, `; empty on a hit.
    var hops: [UInt8] = []
    /// How long the answer stays within the limit, negative when it doesn't; nil without a limit.
    var freshMilliseconds: Int64?

    /// What is held here, in time.
    @inline(__always)
    static func hit(
        _ version: Version, ageMilliseconds: UInt32?, freshMilliseconds: Int64?
    ) -> ReadNote {
        ReadNote(
            version: version, ageMilliseconds: ageMilliseconds, source: .hit,
            freshMilliseconds: freshMilliseconds)
    }
}

/// What a read found, for those who had to wait for it.
enum ReadOutcome {
    /// An entry of the cache that has a value, good for the call.
    case held(EntryReference, ReadNote)
    /// A value that could not be kept here; borrowed for the call.
    case passing(bytes: UnsafeRawBufferPointer, mediaType: UnsafeRawBufferPointer, ReadNote)
    case absent(ReadNote)
    /// Nobody who may answer can be asked; a sentence for the client.
    case unavailable(String)
}
