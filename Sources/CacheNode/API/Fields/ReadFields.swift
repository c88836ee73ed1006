import UVHTTP

/// Writes the fields that tell where the answer to a read came from and how old it may be: `ETag`
/// (RFC 9110 §8.8.3), `Age` (RFC 9111 §5.1), `Staleness-Bound` (ours) and `Cache-Status`
/// (RFC 9211).
///
/// What all hits of one moment share lies ready in one piece: it is made anew when a note with
/// another age or limit comes, which a node's clock brings about once per turn of the loop at most,
/// unless each entry has its own age (mode `ttl`). So a hit costs two copies and the digits of its
/// version.
struct ReadFields: ~Copyable {
    /// Bytes that `write` may write, for a node's name of at most 64.
    static var bytesMax: Int { 256 }

    /// What stands for no age and for no limit.
    private static var none: Int64 { .min }

    /// The node's name as a member of Cache-Status begins with it.
    private let member: [UInt8]
    /// `ETag: "EPOCH.`, then, from `sharedOffset` on, what follows the sequence.
    private let bytes: UnsafeMutableRawPointer
    private var epoch: UInt32 = 0
    private var epochCount = 0
    private var ageMilliseconds = none
    private var freshMilliseconds = none
    private var sharedCount = 0

    private static var sharedOffset: Int { 32 }

    /// `nodeName` must be canonical (`NodeName`).
    init(nodeName: String) {
        member = CacheStatus.identifier(of: nodeName)
        bytes = .allocate(byteCount: Self.sharedOffset + Self.bytesMax, alignment: 8)
        makeEpoch(0)
        makeShared(ageMilliseconds: Self.none, freshMilliseconds: Self.none)
    }

    deinit { bytes.deallocate() }

    // MARK: A hit

    /// Writes the whole lines of a hit to `room`, which has place for `bytesMax`; gives how many
    /// bytes they are. The arguments are what a `ReadNote` says of a hit, without the note.
    @inline(__always)
    mutating func writeHit(
        _ version: Version, ageMilliseconds: UInt32?, freshMilliseconds: Int64?,
        to room: UnsafeMutableRawPointer
    ) -> Int {
        let age = ageMilliseconds.map { Int64($0) } ?? Self.none
        let fresh = freshMilliseconds ?? Self.none
        if age != self.ageMilliseconds || fresh != self.freshMilliseconds {
            makeShared(ageMilliseconds: age, freshMilliseconds: fresh)
        }
        var offset = 0
        if version != .none {
            if version.epoch != epoch { makeEpoch(version.epoch) }
            // As many bytes as may be there: a copy whose length is known takes three moves.
            room.copyMemory(from: bytes, byteCount: Self.sharedOffset)
            offset = epochCount
            offset &+= ASCII.writeDecimal(
                Int(truncatingIfNeeded: version.sequence), to: room + offset)
            (room + offset).copyMemory(
                from: StaticString("\"\r\n").utf8Start, byteCount: 3)
            offset &+= 3
        }
        (room + offset).copyMemory(from: bytes + Self.sharedOffset, byteCount: sharedCount)
        return offset &+ sharedCount
    }

    @inline(never)
    private mutating func makeEpoch(_ epoch: UInt32) {
        self.epoch = epoch
        var line = ByteQueue()
        line.append("ETag: \"" as StaticString)
        line.appendDecimal(Int(epoch))
        line.append(UInt8(ascii: "."))
        epochCount = line.count
        UnsafeMutableRawBufferPointer(start: bytes, count: Self.sharedOffset)
            .copyMemory(from: line.readable)
    }

    @inline(never)
    private mutating func makeShared(ageMilliseconds: Int64, freshMilliseconds: Int64) {
        self.ageMilliseconds = ageMilliseconds
        self.freshMilliseconds = freshMilliseconds
        let room = bytes + Self.sharedOffset
        var offset = 0
        if ageMilliseconds != Self.none {
            offset = Self.writeAge(ageMilliseconds, to: room)
        }
        offset += Self.copy("Cache-Status: ", to: room + offset)
        offset += member.withUnsafeBytes { member in
            UnsafeMutableRawBufferPointer(start: room + offset, count: member.count)
                .copyMemory(from: member)
            return member.count
        }
        offset += Self.copy("; hit", to: room + offset)
        if freshMilliseconds != Self.none {
            offset += Self.writeTTL(freshMilliseconds, to: room + offset)
        }
        sharedCount = offset + Self.copy("\r\n", to: room + offset)
    }

    // MARK: Any answer

    /// Appends the same lines for an answer of any kind.
    func append(_ note: ReadNote, to output: inout ByteQueue) {
        appendTag(note.version, to: &output)
        if let age = note.ageMilliseconds {
            output.commit(Self.writeAge(Int64(age), to: output.reserve(Self.bytesMax)))
        }
        output.append("Cache-Status: " as StaticString)
        var members = note.hops
        CacheStatus.append(
            member, note.source, isStored: note.isStored, isCollapsed: note.isCollapsed,
            to: &members)
        output.append(members)
        if let fresh = note.freshMilliseconds, note.source == .hit || note.isStale {
            output.commit(Self.writeTTL(fresh, to: output.reserve(Self.bytesMax)))
        }
        output.append("\r\n" as StaticString)
    }

    /// Appends the line of the entity tag; nothing for `none`.
    func appendTag(_ version: Version, to output: inout ByteQueue) {
        guard version != .none else { return }
        output.append("ETag: \"" as StaticString)
        output.append(version.description)
        output.append("\"\r\n" as StaticString)
    }

    // MARK: Pieces

    /// The two lines of an age: whole seconds rounded down, and seconds with three decimals.
    private static func writeAge(_ milliseconds: Int64, to room: UnsafeMutableRawPointer) -> Int {
        let seconds = Int(milliseconds / 1000)
        var offset = copy("Age: ", to: room)
        offset += ASCII.writeDecimal(seconds, to: room + offset)
        offset += copy("\r\nStaleness-Bound: ", to: room + offset)
        offset += ASCII.writeDecimal(seconds, to: room + offset)
        // One digit more keeps the zeros behind the point; its place is the point's.
        let decimals = 1000 + Int(milliseconds % 1000)
        _ = ASCII.writeDecimal(decimals, to: room + offset)
        offset += copy(".", to: room + offset) + 3
        return offset + copy("\r\n", to: room + offset)
    }

    /// `; ttl=9`: whole seconds, rounded down, so that half a second too old is -1.
    private static func writeTTL(_ milliseconds: Int64, to room: UnsafeMutableRawPointer) -> Int {
        let seconds = milliseconds >= 0 ? milliseconds / 1000 : (milliseconds + 1) / 1000 - 1
        let offset = copy(seconds < 0 ? "; ttl=-" : "; ttl=", to: room)
        return offset + ASCII.writeDecimal(Int(seconds.magnitude), to: room + offset)
    }

    private static func copy(_ text: StaticString, to room: UnsafeMutableRawPointer) -> Int {
        room.copyMemory(from: text.utf8Start, byteCount: text.utf8CodeUnitCount)
        return text.utf8CodeUnitCount
    }
}
