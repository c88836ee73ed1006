import UVHTTP

/// Finds the frames in one side's bytes as they arrive, however they are split. A frame that is
/// whole in what was read stays there; only a split one is put together elsewhere.
struct LinkDecoder: ~Copyable {
    /// Bytes of the length field.
    private static var lengthBytes: Int { 4 }
    /// Bytes of memory kept between split frames.
    private static var keptBytes: Int { 64 * 1024 }

    /// The beginning of a frame whose rest is still to come.
    private var partial = ByteQueue()
    /// `partial` is a whole frame, the last that was given.
    private var isPartialTaken = false
    private var isOpen = false
    private let openingType: UInt8
    private let frameBytesMax: Int

    /// `openingType` is that of the frame that comes first, and never again; `bodyBytesMax` is the
    /// longest value that this node takes.
    init(openingType: UInt8, bodyBytesMax: Int) {
        self.openingType = openingType
        frameBytesMax = bodyBytesMax + LinkFrames.overheadBytesMax
    }

    /// Bytes that wait for the rest of their frame.
    var partialBytes: Int { isPartialTaken ? 0 : partial.count }

    /// Takes the next frame from the front of `bytes`, and what it took off `bytes`; nil when all
    /// is taken and no frame is whole. The frame borrows from `bytes` and from this decoder, until
    /// the next call. Not to be called any more when it has thrown.
    @inline(__always)
    mutating func next(_ bytes: inout UnsafeRawBufferPointer) throws(LinkFault) -> LinkFrame? {
        if !partial.isEmpty {
            guard isPartialTaken else { return try nextPartial(&bytes) }
            isPartialTaken = false
            partial.removeAll(keepingBytes: Self.keptBytes)
        }
        guard let start = bytes.baseAddress,
            let byteCount = try Self.frameBytes(bytes, frameBytesMax),
            Self.lengthBytes &+ byteCount <= bytes.count
        else {
            partial.append(bytes)
            bytes = .empty
            return nil
        }
        bytes = bytes.dropping(Self.lengthBytes &+ byteCount)
        return try inTurn(LinkFrame(start + Self.lengthBytes, byteCount: byteCount))
    }

    /// Goes on with a frame whose beginning came earlier.
    @inline(never)
    private mutating func nextPartial(
        _ bytes: inout UnsafeRawBufferPointer
    ) throws(LinkFault) -> LinkFrame? {
        complete(upTo: Self.lengthBytes, from: &bytes)
        guard let byteCount = try Self.frameBytes(partial.readable, frameBytesMax) else {
            return nil
        }
        complete(upTo: Self.lengthBytes + byteCount, from: &bytes)
        guard partial.count == Self.lengthBytes + byteCount,
            let start = partial.readable.baseAddress
        else { return nil }
        isPartialTaken = true
        return try inTurn(LinkFrame(start + Self.lengthBytes, byteCount: byteCount))
    }

    private mutating func complete(
        upTo byteCount: Int, from bytes: inout UnsafeRawBufferPointer
    ) {
        let count = min(max(0, byteCount - partial.count), bytes.count)
        partial.append(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
        bytes = bytes.dropping(count)
    }

    /// What the length field at the front says; nil if it isn't whole.
    @inline(__always)
    private static func frameBytes(
        _ bytes: UnsafeRawBufferPointer, _ max: Int
    ) throws(LinkFault) -> Int? {
        guard bytes.count >= lengthBytes, let start = bytes.baseAddress else { return nil }
        let length: UInt32 = start.number(0)
        guard length > 0 else { throw .short }
        guard Int(length) <= max else { throw .length(length) }
        return Int(length)
    }

    @inline(__always)
    private mutating func inTurn(_ frame: LinkFrame) throws(LinkFault) -> LinkFrame {
        guard isOpen != (frame.type == openingType) else { throw .outOfTurn(frame.type) }
        isOpen = true
        return frame
    }
}
