/// GETs that came together on one connection, where no other answer is due before theirs, and that
/// ask for what is at their paths and for nothing else (`HTTPRequestHead.isPlainGet`). Most
/// requests are that, so the way to their answers is the shortest.
public struct HTTPPlainGets {
    /// The most that are given at once.
    public static var countMax: Int { 16 }

    @usableFromInline let batch: UnsafePointer<PlainGetBatch>

    @inline(__always)
    init(_ batch: UnsafeMutablePointer<PlainGetBatch>) { self.batch = UnsafePointer(batch) }

    /// Their paths in their order, still percent-encoded; borrowed as all of a request is.
    @inlinable @inline(__always)
    public var paths: UnsafePointer<UnsafeRawBufferPointer> { UnsafePointer(batch.pointee.paths) }
    /// 1…`countMax`.
    @inlinable @inline(__always) public var count: Int { batch.pointee.count }
    /// No path has a `%`.
    @inlinable @inline(__always) public var areUnescaped: Bool { batch.pointee.areUnescaped }
    /// The field lines, which they all have.
    @inlinable @inline(__always) public var fields: HTTPFields { batch.pointee.fields }
    /// The loop's clock.
    @inlinable @inline(__always)
    public var nowMilliseconds: UInt64 { batch.pointee.nowMilliseconds }

    /// So much has been written that the rest should wait until it is on its way.
    @inlinable @inline(__always)
    public var isOutputFull: Bool {
        batch.pointee.output.pointee.count >= HTTPServer.flushBytes
    }

    /// Answers the next one with `200` and a body of `bodyBytes` bytes that `writeBody` writes.
    /// `writeFields` writes further field lines, each with its CR LF, to room for `fieldBytesMax`
    /// bytes, and gives how many it wrote.
    @inlinable @inline(__always)
    public func respondOK(
        contentType: UnsafeRawBufferPointer, fieldBytesMax: Int,
        writeFields: (UnsafeMutableRawPointer) -> Int, bodyBytes: Int,
        writeBody: (UnsafeMutableRawPointer) -> Void
    ) {
        HeadWriter.ok(
            contentType: contentType, contentLength: bodyBytes,
            dateLine: batch.pointee.dateLine, connection: .absent,
            into: &batch.pointee.output.pointee, fieldBytesMax: fieldBytesMax,
            writeFields: writeFields, bodyBytes: bodyBytes, writeBody: writeBody)
    }
}

/// Where a server keeps the plain GETs that it gives to its service.
@usableFromInline
struct PlainGetBatch {
    /// Of `HTTPPlainGets.countMax`.
    @usableFromInline let paths: UnsafeMutablePointer<UnsafeRawBufferPointer>
    @usableFromInline let output: UnsafeMutablePointer<ByteQueue>
    @usableFromInline let dateLine: UnsafeRawPointer
    @usableFromInline var count = 0
    @usableFromInline var areUnescaped = false
    @usableFromInline var fields = HTTPFields(UnsafeRawBufferPointer(start: nil, count: 0))
    @usableFromInline var nowMilliseconds: UInt64 = 0

    init(output: UnsafeMutablePointer<ByteQueue>, dateLine: UnsafeRawPointer) {
        paths = .allocate(capacity: HTTPPlainGets.countMax)
        self.output = output
        self.dateLine = dateLine
    }
}
