import Glibc

extension UnsafeRawBufferPointer {
    /// Copies these bytes, few as a rule, to memory that doesn't overlap.
    @inlinable @inline(__always)
    public func copyShort(to room: UnsafeMutableRawPointer) {
        if let baseAddress { room.copyShort(from: baseAddress, count: count) }
    }
}

extension UnsafeMutableRawPointer {
    /// Copies `count` bytes, few as a rule, from memory that doesn't overlap: up to 64 by two or
    /// four moves whose ends overlap, without a call. Nothing beyond them is read or written.
    @inlinable @inline(__always)
    public func copyShort(from source: UnsafeRawPointer, count: Int) {
        if count > 16 {
            guard count <= 64 else { return copyLong(from: source, count: count) }
            typealias Block = SIMD16<UInt8>
            if count > 32 {
                let first = source.loadUnaligned(as: SIMD32<UInt8>.self)
                let last = source.loadUnaligned(
                    fromByteOffset: count &- 32, as: SIMD32<UInt8>.self)
                storeBytes(of: first, as: SIMD32<UInt8>.self)
                storeBytes(of: last, toByteOffset: count &- 32, as: SIMD32<UInt8>.self)
            } else {
                let first = source.loadUnaligned(as: Block.self)
                let last = source.loadUnaligned(fromByteOffset: count &- 16, as: Block.self)
                storeBytes(of: first, as: Block.self)
                storeBytes(of: last, toByteOffset: count &- 16, as: Block.self)
            }
        } else if count >= 8 {
            let first = source.loadUnaligned(as: UInt64.self)
            let last = source.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
            storeBytes(of: first, as: UInt64.self)
            storeBytes(of: last, toByteOffset: count &- 8, as: UInt64.self)
        } else if count >= 4 {
            let first = source.loadUnaligned(as: UInt32.self)
            let last = source.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self)
            storeBytes(of: first, as: UInt32.self)
            storeBytes(of: last, toByteOffset: count &- 4, as: UInt32.self)
        } else if count > 0 {
            let first = source.load(as: UInt8.self)
            let middle = source.load(fromByteOffset: count &>> 1, as: UInt8.self)
            let last = source.load(fromByteOffset: count &- 1, as: UInt8.self)
            storeBytes(of: first, as: UInt8.self)
            storeBytes(of: middle, toByteOffset: count &>> 1, as: UInt8.self)
            storeBytes(of: last, toByteOffset: count &- 1, as: UInt8.self)
        }
    }

    @usableFromInline @inline(never)
    func copyLong(from source: UnsafeRawPointer, count: Int) { memcpy(self, source, count) }
}
