import UVHTTP

/// A frame that is whole; its bytes are borrowed.
struct LinkFrame {
    private let start: UnsafeRawPointer
    private let byteCount: Int

    /// `byteCount` bytes (1 or more) behind the length, the type included.
    @inline(__always)
    init(_ start: UnsafeRawPointer, byteCount: Int) {
        self.start = start
        self.byteCount = byteCount
    }

    @inline(__always) var type: UInt8 { start.number(0) }

    @inline(__always)
    var fields: LinkFields { LinkFields(start + 1, byteCount: byteCount &- 1) }
}

/// Reads the fields of one frame, in order. What it gives is borrowed from the frame.
struct LinkFields {
    private var next: UnsafeRawPointer
    private var left: Int

    @inline(__always)
    fileprivate init(_ start: UnsafeRawPointer, byteCount: Int) {
        next = start
        left = byteCount
    }

    /// The next `byteCount` bytes, at least.
    @inline(__always)
    mutating func fixed(_ byteCount: Int) throws(LinkFault) -> UnsafeRawPointer {
        guard byteCount <= left else { throw .short }
        defer {
            next += byteCount
            left &-= byteCount
        }
        return next
    }

    /// A count in 16 bits, and as many bytes.
    @inline(__always)
    private mutating func bytes16() throws(LinkFault) -> UnsafeRawBufferPointer {
        let count = Int(try fixed(2).number(0) as UInt16)
        return UnsafeRawBufferPointer(start: try fixed(count), count: count)
    }

    @inline(__always)
    mutating func mediaType() throws(LinkFault) -> UnsafeRawBufferPointer {
        let bytes = try bytes16()
        guard bytes.count <= LinkFrames.mediaTypeBytesMax else { throw .mediaType(bytes.count) }
        return bytes
    }

    @inline(__always)
    mutating func key() throws(LinkFault) -> UnsafeRawBufferPointer { try Self.checked(bytes16()) }

    @inline(__always)
    mutating func hops() throws(LinkFault) -> UnsafeRawBufferPointer {
        let bytes = try bytes16()
        guard bytes.count <= LinkFrames.hopsBytesMax else { throw .text(bytes.count) }
        return bytes
    }

    /// In the one spelling that names have.
    mutating func name() throws(LinkFault) -> UnsafeRawBufferPointer {
        let bytes = try bytes16()
        guard bytes.count <= NodeName.bytesMax else { throw .name }
        let text = String(decoding: bytes, as: UTF8.self)
        guard NodeName.canonical(text) == text else { throw .name }
        return bytes
    }

    /// The rest of the frame as a key.
    @inline(__always)
    func lastKey() throws(LinkFault) -> UnsafeRawBufferPointer { try Self.checked(rest) }

    /// The rest of the frame.
    @inline(__always)
    var rest: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: next, count: left) }

    /// The rest of the frame as a sentence.
    func sentence() throws(LinkFault) -> UnsafeRawBufferPointer {
        guard left <= LinkFrames.sentenceBytesMax else { throw .text(left) }
        return rest
    }

    /// To be called when all fields are read.
    @inline(__always)
    func end() throws(LinkFault) {
        guard left == 0 else { throw .trailing }
    }

    /// To be called behind the media type where there is no value: both must be empty.
    @inline(__always)
    func end(without mediaType: UnsafeRawBufferPointer) throws(LinkFault) {
        guard mediaType.isEmpty else { throw .code }
        try end()
    }

    @inline(__always)
    private static func checked(
        _ key: UnsafeRawBufferPointer
    ) throws(LinkFault) -> UnsafeRawBufferPointer {
        guard 1...LinkFrames.keyBytesMax ~= key.count else { throw .key(key.count) }
        return key
    }
}

extension UnsafeRawPointer {
    /// The big-endian number at `offset`.
    @inline(__always)
    func number<Number: FixedWidthInteger>(_ offset: Int) -> Number {
        Number(bigEndian: loadUnaligned(fromByteOffset: offset, as: Number.self))
    }

    /// The version at `offset`.
    @inline(__always)
    func version(_ offset: Int) throws(LinkFault) -> Version {
        let sequence: UInt64 = number(offset + 4)
        guard sequence <= Version.sequenceMax else { throw .sequence(sequence) }
        return Version(epoch: number(offset), sequence: sequence)
    }

    /// The number of a write at `offset`.
    @inline(__always)
    func writeSequence(_ offset: Int) throws(LinkFault) -> UInt64 {
        let sequence: UInt64 = number(offset)
        guard 1...Version.sequenceMax ~= sequence else { throw .sequence(sequence) }
        return sequence
    }

    /// One flag at `offset`, in a byte that has no others.
    @inline(__always)
    func flag(_ offset: Int, _ flag: UInt8) throws(LinkFault) -> Bool {
        try flags(offset, flag) == flag
    }

    /// A byte that has no other bits than those allowed.
    @inline(__always)
    func flags(_ offset: Int, _ allowed: UInt8) throws(LinkFault) -> UInt8 {
        let flags: UInt8 = number(offset)
        guard flags & ~allowed == 0 else { throw .code }
        return flags
    }
}
