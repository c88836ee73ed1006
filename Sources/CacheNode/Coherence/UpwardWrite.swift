import UVHTTP

/// A write on its way up: what is known of it, and in the same piece of memory its key, its media
/// type and its value.
final class UpwardWrite: ManagedBuffer<UpwardWrite.Fields, UInt8> {
    struct Fields {
        let origin: UInt64
        let sequence: UInt64
        let condition: WriteCondition
        let keyHash: UInt64
        let isDeletion: Bool
        let keyCount: Int
        let mediaTypeCount: Int
        let valueCount: Int
        let queuedMilliseconds: Int64
        var isAgain: Bool
        var isOverlay = false
        var routes: WriteRoutes

        /// Bytes of its key, media type and value.
        @inline(__always) var byteCount: Int { keyCount &+ mediaTypeCount &+ valueCount }
    }

    /// Bytes of a write's own bookkeeping in the queue.
    private static let overheadBytes = 160
    /// Bytes of key, media type and value for which each write has room at least.
    private static let smallBytes = 128

    /// - Parameters:
    ///   - origin: The node where the write was made, in its present incarnation.
    ///   - sequence: Its number there.
    ///   - keyHash: The key's hash in the cache.
    ///   - queuedMilliseconds: When it was queued, on the loop's clock.
    ///   - isAgain: It may have been sent before, in another session.
    ///   - routes: The children it came from.
    ///   - spare: A reusable write that nobody has any more, whose memory this one may take.
    @inline(__always)
    static func make(
        origin: UInt64, sequence: UInt64, condition: WriteCondition = .none,
        key: UnsafeRawBufferPointer, keyHash: UInt64 = 0, _ content: KeyContent,
        queuedMilliseconds: Int64 = 0, isAgain: Bool = false, routes: WriteRoutes = WriteRoutes(),
        reusing spare: consuming UpwardWrite? = nil
    ) -> UpwardWrite {
        var isDeletion = true
        var value = UnsafeRawBufferPointer.empty
        var mediaType = UnsafeRawBufferPointer.empty
        if case .value(let bytes, let type) = content {
            (isDeletion, value, mediaType) = (false, bytes, type)
        }
        let fields = Fields(
            origin: origin, sequence: sequence, condition: condition, keyHash: keyHash,
            isDeletion: isDeletion, keyCount: key.count, mediaTypeCount: mediaType.count,
            valueCount: value.count, queuedMilliseconds: queuedMilliseconds, isAgain: isAgain,
            routes: routes)
        let write = make(fields, reusing: spare)
        write.withUnsafeMutablePointerToElements { start in
            let room = UnsafeMutableRawPointer(start)
            key.copyShort(to: room)
            mediaType.copyShort(to: room + key.count)
            value.copyShort(to: room + key.count + mediaType.count)
        }
        return write
    }

    @inline(__always)
    private static func make(
        _ fields: Fields, reusing spare: consuming UpwardWrite?
    ) -> UpwardWrite {
        if let spare, fields.byteCount <= smallBytes {
            // What a reusable write has needs not be let go of.
            spare.withUnsafeMutablePointerToHeader { $0.initialize(to: fields) }
            return spare
        }
        let made = create(minimumCapacity: max(fields.byteCount, smallBytes)) { _ in fields }
        return unsafeDowncast(made, to: UpwardWrite.self)
    }

    /// Its memory is that of small writes, and it has no other: any such write may take it.
    var isReusable: Bool { header.byteCount <= Self.smallBytes && header.routes.areFew }

    var origin: UInt64 { header.origin }
    var sequence: UInt64 { header.sequence }
    var condition: WriteCondition { header.condition }
    /// The hash of its key in the cache.
    var keyHash: UInt64 { header.keyHash }
    var queuedMilliseconds: Int64 { header.queuedMilliseconds }

    /// It may have been sent before, in another session.
    var isAgain: Bool {
        get { header.isAgain }
        set { header.isAgain = newValue }
    }

    /// It lies over an entry of this node, unless a later write does.
    var isOverlay: Bool {
        get { header.isOverlay }
        set { header.isOverlay = newValue }
    }

    /// The children it came from, to which its commit goes back.
    var routes: WriteRoutes {
        get { header.routes }
        set { header.routes = newValue }
    }

    /// Bytes that this write takes in the queue, its own bookkeeping included.
    var byteCount: Int {
        header.byteCount + Self.overheadBytes
    }

    /// The same of one that isn't made yet.
    static func byteCount(_ key: UnsafeRawBufferPointer, _ content: KeyContent) -> Int {
        guard case .value(let value, let mediaType) = content else {
            return key.count + overheadBytes
        }
        return key.count + value.count + mediaType.count + overheadBytes
    }

    /// Its key and what it makes of it, borrowed for the call.
    @inline(__always)
    func withBorrowed<Result>(
        _ body: (UnsafeRawBufferPointer, KeyContent) -> Result
    ) -> Result {
        withUnsafeMutablePointers { fields, elements in
            let start = UnsafeRawPointer(elements)
            let keyCount = fields.pointee.keyCount
            let mediaTypeCount = fields.pointee.mediaTypeCount
            let key = UnsafeRawBufferPointer(start: start, count: keyCount)
            if fields.pointee.isDeletion { return body(key, .absent) }
            return body(
                key,
                .value(
                    UnsafeRawBufferPointer(
                        start: start + keyCount + mediaTypeCount,
                        count: fields.pointee.valueCount),
                    mediaType: UnsafeRawBufferPointer(
                        start: start + keyCount, count: mediaTypeCount)))
        }
    }
}

/// The ways by which a write came: none when it was made here. More than one has a write whose
/// writer moved from one child to another: each waits for the commit.
struct WriteRoutes {
    private(set) var first: ChildID?
    /// Rarely any, and then not empty.
    private var others: [ChildID]?

    init() {}

    init(_ child: ChildID) { first = child }

    /// There is one at most: nothing outside is held for them.
    @inline(__always) var areFew: Bool { others == nil }

    /// The last one is `route` from now on; of the others those that still exist stay.
    mutating func add(_ route: ChildID, keeping exists: (ChildID) -> Bool) {
        var all: [ChildID] = []
        forEach { if $0 != route, exists($0) { all.append($0) } }
        all.append(route)
        first = all.removeFirst()
        others = all.isEmpty ? nil : all
    }

    @inline(__always)
    func forEach(_ body: (ChildID) -> Void) {
        if let first { body(first) }
        forEachButFirst(body)
    }

    @inline(__always)
    func forEachButFirst(_ body: (ChildID) -> Void) {
        if let others { for route in others { body(route) } }
    }

    func contains(_ child: ChildID) -> Bool {
        first == child || others?.contains(child) == true
    }
}
