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

    /// The node's name as a member of Cache-Status begins with it.
    private let member: [UInt8]
    /// `ETag: "EPOCH.` and the sequence without its last eight digits; then, from `sharedOffset`
    /// on, what follows the sequence.
    private let bytes: UnsafeMutableRawPointer
    private var epoch: UInt32 = 0
    private var highSequence: UInt64 = 0
    private var tagCount = 0
    private var age = HitAge.ofTheRoot
    private var sharedCount = 0

    private static var sharedOffset: Int { 32 }
    /// With a name of up to 30 bytes all that is shared is copied at once.
    private static var sharedBytesCopied: Int { 128 }
    /// Sequences that differ in the last eight digits alone.
    private static var lowSequences: UInt64 { 100_000_000 }

    /// `nodeName` must be canonical (`NodeName`).
    init(nodeName: String) {
        member = CacheStatus.identifier(of: nodeName)
        bytes = .allocate(byteCount: Self.sharedOffset + Self.bytesMax, alignment: 8)
        makeTag(0, 0)
        makeShared(age)
    }

    deinit { bytes.deallocate() }

    // MARK: A hit

    /// Writes the whole lines of a hit to `room`, which has place for `bytesMax`; gives how many
    /// bytes they are.
    @inline(__always)
    mutating func writeHit(
        _ version: Version, _ age: HitAge, to room: UnsafeMutableRawPointer
    ) -> Int {
        if age != self.age { makeShared(age) }
        let offset = writeTag(version, to: room)
        (room + offset).copyMemory(
            from: bytes + Self.sharedOffset, byteCount: Self.sharedBytesCopied)
        if sharedCount > Self.sharedBytesCopied { copyRest(to: room + offset) }
        return offset &+ sharedCount
    }

    /// Writes the line of the entity tag alone, to room for `bytesMax`; nothing for `none`.
    @inline(__always)
    mutating func writeTag(_ version: Version, to room: UnsafeMutableRawPointer) -> Int {
        guard version.sequence != 0 else { return 0 }
        let high = version.sequence / Self.lowSequences
        let low = version.sequence % Self.lowSequences
        if version.epoch != epoch || high != highSequence { makeTag(version.epoch, high) }
        // As many bytes as may be there: a copy whose length is known takes two moves.
        room.copyMemory(from: bytes, byteCount: Self.sharedOffset)
        var offset = tagCount
        if high == 0 {
            offset &+= ASCII.writeDecimal(Int(truncatingIfNeeded: low), to: room + offset)
        } else {
            ASCII.writeEightDigits(low, to: room + offset)
            offset &+= 8
        }
        (room + offset).copyMemory(from: StaticString("\"\r\n").utf8Start, byteCount: 3)
        return offset &+ 3
    }

    @inline(never)
    private func copyRest(to room: UnsafeMutableRawPointer) {
        UnsafeRawBufferPointer(start: bytes + Self.sharedOffset, count: sharedCount)
            .dropping(Self.sharedBytesCopied).copyShort(to: room + Self.sharedBytesCopied)
    }

    @inline(never)
    private mutating func makeTag(_ epoch: UInt32, _ highSequence: UInt64) {
        self.epoch = epoch
        self.highSequence = highSequence
        var line = ByteQueue()
        line.append("ETag: \"" as StaticString)
        line.appendDecimal(Int(epoch))
        line.append(UInt8(ascii: "."))
        if highSequence > 0 { line.appendDecimal(Int(truncatingIfNeeded: highSequence)) }
        tagCount = line.count
        UnsafeMutableRawBufferPointer(start: bytes, count: Self.sharedOffset)
            .copyMemory(from: line.readable)
    }

    @inline(never)
    private mutating func makeShared(_ age: HitAge) {
        self.age = age
        let room = bytes + Self.sharedOffset
        var offset = 0
        if age.ageMilliseconds != HitAge.none {
            offset = Self.writeAge(age.ageMilliseconds, to: room)
        }
        offset += Self.copy("Cache-Status: ", to: room + offset)
        offset += member.withUnsafeBytes { member in
            UnsafeMutableRawBufferPointer(start: room + offset, count: member.count)
                .copyMemory(from: member)
            return member.count
        }
        offset += Self.copy("; hit", to: room + offset)
        if age.freshMilliseconds != HitAge.none {
            offset += Self.writeTTL(age.freshMilliseconds, to: room + offset)
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
