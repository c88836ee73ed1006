extension HTTPResponder {
    /// `200` without a type and without a body: what is said of a write. `writeFields` writes field
    /// lines, each with its CR LF, to room for `fieldBytesMax` bytes, and gives how many it wrote.
    @inlinable @inline(__always)
    public func respondOK(
        fieldBytesMax: Int, writeFields: (UnsafeMutableRawPointer) -> Int
    ) {
        guard form.connectionField == .absent else {
            return respondDone(fieldBytesMax, writeFields)
        }
        let beginning: StaticString = "HTTP/1.1 200 OK\r\n"
        let length: StaticString = "Content-Length: 0\r\n"
        let room = output.pointee.reserve(128 &+ fieldBytesMax)
        room.copyMemory(from: beginning.utf8Start, byteCount: 17)
        (room + 17).copyMemory(from: dateLine, byteCount: HeadWriter.dateLineBytes)
        (room + 54).copyMemory(from: length.utf8Start, byteCount: 19)
        var count = 73
        count &+= writeFields(room + count)
        (room + count).storeBytes(of: 0x0A0D, as: UInt16.self)
        output.pointee.commit(count &+ 2)
    }

    /// The same where something is to be said of the connection.
    @inline(never) @usableFromInline
    func respondDone(_ fieldBytesMax: Int, _ writeFields: (UnsafeMutableRawPointer) -> Int) {
        var lines = ByteQueue()
        lines.commit(writeFields(lines.reserve(fieldBytesMax)))
        respond(.ok, contentType: .empty, fieldLines: lines.readable, body: .empty)
    }
}
