/// A GET that asks for what is at its path and for nothing else, on a connection where no other
/// answer is due before: most requests are that, so the way to its answer is the shortest.
public struct HTTPPlainGet {
    @usableFromInline let base: UnsafeRawPointer
    @usableFromInline let head: UnsafePointer<HTTPRequestHead>
    /// The loop's clock.
    public let nowMilliseconds: UInt64
    @usableFromInline let output: UnsafeMutablePointer<ByteQueue>
    @usableFromInline let dateLine: UnsafeRawPointer

    @inline(__always)
    init(
        base: UnsafeRawPointer, head: UnsafePointer<HTTPRequestHead>, nowMilliseconds: UInt64,
        output: UnsafeMutablePointer<ByteQueue>, dateLine: UnsafeRawPointer
    ) {
        self.base = base
        self.head = head
        self.nowMilliseconds = nowMilliseconds
        self.output = output
        self.dateLine = dateLine
    }

    /// The same as any request.
    @inlinable @inline(__always)
    public var request: HTTPRequest { HTTPRequest(base: base, head: head, body: .empty) }

    /// Answers with `200` and a body of `bodyBytes` bytes that `writeBody` writes. `writeFields`
    /// writes further field lines, each with its CR LF, to room for `fieldBytesMax` bytes, and
    /// gives how many it wrote.
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
