import UVHTTP

/// Cuts what was read into frames: a length as an `int`, and so many bytes.
struct FrameBuffer: ~Copyable {
    private var bytes = ByteQueue()
    private let frameBytesMax: Int

    init(frameBytesMax: Int) { self.frameBytesMax = frameBytesMax }

    mutating func append(_ read: UnsafeRawBufferPointer) {
        bytes.append(read)
    }

    mutating func removeAll() {
        bytes.removeAll(keepingBytes: 65_536)
    }

    /// How many bytes the next frame has, if all of it is there; throws when its length is none.
    func nextFrameBytes() throws(JuteError) -> Int? {
        guard bytes.count >= 4 else { return nil }
        let length = Int(Int32(bigEndian: bytes.readable.loadUnaligned(as: Int32.self)))
        guard length >= 0 else { throw .invalid("a frame of a negative length") }
        guard length <= frameBytesMax else { throw .invalid("a frame that is too long") }
        return bytes.count >= 4 + length ? length : nil
    }

    /// The next frame without its length, which is `frameBytes`; borrowed until the next mutation.
    func frame(_ frameBytes: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes.readable[4..<4 + frameBytes])
    }

    mutating func removeFrame(_ frameBytes: Int) {
        bytes.removeFirst(4 + frameBytes)
        if bytes.isEmpty { removeAll() }
    }
}
