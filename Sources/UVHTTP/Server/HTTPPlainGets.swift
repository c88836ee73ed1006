/// GETs that came together on one connection, where no other answer is due before theirs, and that
/// ask for what is at their paths and for nothing else (`HTTPRequestHead.isPlainGet`). Most
/// requests are that, so the way to their answers is the shortest.
public struct HTTPPlainGets {
    /// The most that are given at once.
    public static var countMax: Int { 16 }

    /// Their paths in their order, still percent-encoded; borrowed as all of a request is.
    public let paths: UnsafePointer<UnsafeRawBufferPointer>
    /// 1…`countMax`.
    public let count: Int
    /// No path has a `%`.
    public let areUnescaped: Bool
    /// The field lines, which they all have.
    public let fields: HTTPFields
    /// The loop's clock.
    public let nowMilliseconds: UInt64
    @usableFromInline let output: UnsafeMutablePointer<ByteQueue>
    @usableFromInline let dateLine: UnsafeRawPointer

    @inline(__always)
    init(
        paths: UnsafePointer<UnsafeRawBufferPointer>, count: Int, areUnescaped: Bool,
        fields: HTTPFields, nowMilliseconds: UInt64, output: UnsafeMutablePointer<ByteQueue>,
        dateLine: UnsafeRawPointer
    ) {
        self.paths = paths
        self.count = count
        self.areUnescaped = areUnescaped
        self.fields = fields
        self.nowMilliseconds = nowMilliseconds
        self.output = output
        self.dateLine = dateLine
    }

    /// So much has been written that the rest should wait until it is on its way.
    @inlinable @inline(__always)
    public var isOutputFull: Bool { output.pointee.count >= HTTPServer.flushBytes }

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
            contentType: contentType, contentLength: bodyBytes, dateLine: dateLine,
            connection: .absent, into: &output.pointee, fieldBytesMax: fieldBytesMax,
            writeFields: writeFields, bodyBytes: bodyBytes, writeBody: writeBody)
    }
}
