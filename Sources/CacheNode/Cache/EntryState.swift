/// What an entry says of its key.
enum EntryKind {
    /// The key has a value, which is held.
    case value
    /// The key does not exist.
    case absent
    /// Neither: the entry has a version and children, but what the key has is not held.
    case tag
}

/// What decides about the use of an entry, in one word of 32 bits; bytes 20 to 23 of the entry.
struct EntryState: BitwiseCopyable {
    static var visited: UInt32 { 1 }
    static var absent: UInt32 { 1 << 1 }
    static var external: UInt32 { 1 << 2 }
    static var published: UInt32 { 1 << 3 }
    static var tag: UInt32 { 1 << 4 }
    static var uncommitted: UInt32 { 1 << 5 }
    static var fill: UInt32 { 1 << 6 }
    static var sessionShift: UInt32 { 8 }

    let bits: UInt32

    @inline(__always)
    init(bits: UInt32) { self.bits = bits }

    /// The upstream session in which the entry was last verified.
    @inline(__always)
    var session: UInt8 { UInt8(truncatingIfNeeded: bits &>> Self.sessionShift) }

    /// One bit per child link that holds the key.
    @inline(__always)
    var children: UInt8 { UInt8(truncatingIfNeeded: bits &>> 16) }

    @inline(__always)
    var userFlags: UInt8 { UInt8(truncatingIfNeeded: bits &>> 24) }

    @inline(__always)
    var isAbsent: Bool { bits & Self.absent != 0 }

    @inline(__always)
    var isTag: Bool { bits & Self.tag != 0 }

    /// A write lies over the entry that the root hasn't committed yet.
    @inline(__always)
    var isUncommitted: Bool { bits & Self.uncommitted != 0 }

    /// A fill for the key is outstanding upstream.
    @inline(__always)
    var hasFill: Bool { bits & Self.fill != 0 }

    @inline(__always)
    var kind: EntryKind { isTag ? .tag : isAbsent ? .absent : .value }

    /// Whether the entry has a value (it is neither absent nor a tag) that was last verified in
    /// `session`: one mask and one comparison.
    @inline(__always)
    func hasValue(verifiedIn session: UInt8) -> Bool {
        bits & (0xFF &<< Self.sessionShift | Self.absent | Self.tag)
            == UInt32(session) &<< Self.sessionShift
    }

    /// The same for an entry that is a value or absent.
    @inline(__always)
    func hasAnswer(verifiedIn session: UInt8) -> Bool {
        bits & (0xFF &<< Self.sessionShift | Self.tag) == UInt32(session) &<< Self.sessionShift
    }

    /// Whether the entry must stay: its write, or its fill, is outstanding.
    @inline(__always)
    var isPinned: Bool { bits & (Self.uncommitted | Self.fill) != 0 }

    /// Whether the entry belongs into the eviction queue.
    @inline(__always)
    func isEvictable(evictsValues: Bool) -> Bool {
        bits & (Self.published | Self.uncommitted | Self.fill) == Self.published
            && (evictsValues || bits & (Self.absent | Self.tag) != 0)
    }
}
