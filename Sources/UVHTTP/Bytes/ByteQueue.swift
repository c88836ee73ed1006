import Glibc

/// A growing first-in-first-out queue of bytes in one piece of memory: what was read and not yet
/// parsed, what was written and not yet taken by the kernel.
///
/// It owns its memory. `readable` is borrowed: any mutation ends its life. `slackBytes` bytes
/// behind the readable ones are always allocated, so a scanner may load whole words there.
public struct ByteQueue: ~Copyable {
    /// Bytes allocated behind the last readable one, for word-wise scanners.
    public static let slackBytes = 16

    @usableFromInline var storage: UnsafeMutableRawPointer?
    @usableFromInline var capacity = 0
    @usableFromInline var head = 0
    @usableFromInline var tail = 0

    public init() {}

    deinit { free(storage) }

    @inlinable @inline(__always) public var count: Int { tail &- head }
    @inlinable @inline(__always) public var isEmpty: Bool { head == tail }

    /// The bytes in the queue, oldest first; borrowed until the next mutation.
    @inlinable @inline(__always)
    public var readable: UnsafeRawBufferPointer {
        guard let storage else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        return UnsafeRawBufferPointer(start: UnsafeRawPointer(storage + head), count: tail &- head)
    }

    /// Room for at least `byteCount` more bytes; what is written there becomes readable with
    /// `commit`.
    @inlinable @inline(__always)
    public mutating func reserve(_ byteCount: Int) -> UnsafeMutableRawPointer {
        if tail &+ byteCount &+ Self.slackBytes > capacity { makeRoom(byteCount) }
        return storage.unsafelyUnwrapped + tail
    }

    /// Makes the first `byteCount` bytes of the last `reserve` readable.
    @inlinable @inline(__always)
    public mutating func commit(_ byteCount: Int) {
        tail &+= byteCount
    }

    @inlinable @inline(__always)
    public mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else { return }
        memcpy(reserve(bytes.count), base, bytes.count)
        tail &+= bytes.count
    }

    @inlinable @inline(__always)
    public mutating func append(_ text: StaticString) {
        memcpy(reserve(text.utf8CodeUnitCount), text.utf8Start, text.utf8CodeUnitCount)
        tail &+= text.utf8CodeUnitCount
    }

    @inlinable
    public mutating func append(_ byte: UInt8) {
        reserve(1).storeBytes(of: byte, as: UInt8.self)
        tail &+= 1
    }

    @inlinable
    public mutating func append(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { append($0) }
    }

    public mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
    }

    /// Appends `number` (0 or more) in decimal digits.
    @inlinable
    public mutating func appendDecimal(_ number: Int) {
        tail &+= ASCII.writeDecimal(number, to: reserve(20))
    }

    /// Puts `number` in the place of as many readable bytes, the first of which has `offset`.
    @inlinable @inline(__always)
    public mutating func overwrite(at offset: Int, with number: UInt64) {
        precondition(0 <= offset && offset &+ MemoryLayout<UInt64>.size <= count)
        let place = storage.unsafelyUnwrapped + head + offset
        place.storeBytes(of: number, as: UInt64.self)
    }

    /// Drops the oldest `byteCount` bytes (at most `count`).
    @inlinable @inline(__always)
    public mutating func removeFirst(_ byteCount: Int) {
        head &+= byteCount
        if head == tail {
            head = 0
            tail = 0
        }
    }

    /// Empties the queue; memory above `keepingBytes` is given back.
    @inlinable @inline(__always)
    public mutating func removeAll(keepingBytes: Int = .max) {
        head = 0
        tail = 0
        if capacity > keepingBytes { releaseStorage() }
    }

    @usableFromInline @inline(never)
    mutating func releaseStorage() {
        free(storage)
        storage = nil
        capacity = 0
    }

    @usableFromInline @inline(never)
    mutating func makeRoom(_ byteCount: Int) {
        let used = tail - head
        let needed = used + byteCount + Self.slackBytes
        if needed <= capacity, head >= capacity / 2 {
            if let storage { memmove(storage, storage + head, used) }
        } else {
            let grown = max(needed, capacity * 2, 256)
            guard let fresh = malloc(grown) else {
                fatalError("out of memory: \(grown) bytes for a byte queue")
            }
            if let storage { memcpy(fresh, storage + head, used) }
            free(storage)
            storage = fresh
            capacity = grown
        }
        head = 0
        tail = used
    }
}
