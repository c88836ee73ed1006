import UVHTTP

/// A write on its way up: what is known of it, and in the same piece of memory its key, its media
/// type and its value.
final class UpwardWrite: ManagedBuffer<UpwardWrite.Fields, UInt8> {
    struct Fields {
        let origin: UInt64
        let sequence: UInt64
        let condition: WriteCondition
        let isDeletion: Bool
        let keyCount: Int
        let mediaTypeCount: Int
        let valueCount: Int
        let queuedMilliseconds: Int64
        var isAgain = false
        var isOverlay = false
        var routes = WriteRoutes()
    }

    /// Bytes of a write's own bookkeeping in the queue.
    private static let overheadBytes = 160

    /// - Parameters:
    ///   - origin: The node where the write was made, in its present incarnation.
    ///   - sequence: Its number there.
    ///   - queuedMilliseconds: When it was queued, on the loop's clock.
    static func make(
        origin: UInt64, sequence: UInt64, condition: WriteCondition = .none,
        key: UnsafeRawBufferPointer, _ content: KeyContent, queuedMilliseconds: Int64 = 0
    ) -> UpwardWrite {
        var isDeletion = true
        var value = UnsafeRawBufferPointer.empty
        var mediaType = UnsafeRawBufferPointer.empty
        if case .value(let bytes, let type) = content {
            (isDeletion, value, mediaType) = (false, bytes, type)
        }
        let made = create(minimumCapacity: key.count + mediaType.count + value.count) { _ in
            Fields(
                origin: origin, sequence: sequence, condition: condition, isDeletion: isDeletion,
                keyCount: key.count, mediaTypeCount: mediaType.count, valueCount: value.count,
                queuedMilliseconds: queuedMilliseconds)
        }
        let write = unsafeDowncast(made, to: UpwardWrite.self)
        write.withUnsafeMutablePointerToElements { start in
            let room = UnsafeMutableRawPointer(start)
            copy(key, to: room)
            copy(mediaType, to: room + key.count)
            copy(value, to: room + key.count + mediaType.count)
        }
        return write
    }

    @inline(__always)
    private static func copy(
        _ bytes: UnsafeRawBufferPointer, to room: UnsafeMutableRawPointer
    ) {
        if let start = bytes.baseAddress { room.copyShort(from: start, count: bytes.count) }
    }

    var origin: UInt64 { header.origin }
    var sequence: UInt64 { header.sequence }
    var condition: WriteCondition { header.condition }
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
        header.keyCount + header.mediaTypeCount + header.valueCount + Self.overheadBytes
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
    private var first: ChildID?
    private var others: [ChildID] = []

    init() {}

    init(_ child: ChildID) { first = child }

    /// The last one is `route` from now on; of the others those that still exist stay.
    mutating func add(_ route: ChildID, keeping exists: (ChildID) -> Bool) {
        var all: [ChildID] = []
        forEach { if $0 != route, exists($0) { all.append($0) } }
        all.append(route)
        first = all.removeFirst()
        others = all
    }

    @inline(__always)
    func forEach(_ body: (ChildID) -> Void) {
        guard let first else { return }
        body(first)
        if !others.isEmpty { for route in others { body(route) } }
    }

    @inline(__always)
    func contains(_ child: ChildID) -> Bool { first == child || others.contains(child) }
}
