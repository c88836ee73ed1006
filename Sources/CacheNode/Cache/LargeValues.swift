import Glibc

/// Values that are too large for the arena, each in a block of its own. All blocks hang on one
/// list, so that they end with the cache whatever refers to them.
struct LargeValues: ~Copyable {
    /// Blocks from this size on are mappings of their own: their memory goes back to the kernel at
    /// once when they are freed. It is glibc's own first threshold.
    private static var mappedBytesMin: Int { 131_072 }
    private static var kernelPageBytes: Int { 4096 }

    /// Before the value: 32 bytes, so that the value is aligned to 16.
    private struct Header {
        var next: UnsafeMutablePointer<Header>?
        var previous: UnsafeMutablePointer<Header>?
        var bytes: Int
        var unused: Int
    }

    private var first: UnsafeMutablePointer<Header>?

    init() {}

    deinit {
        var block = first
        while let each = block {
            block = each.pointee.next
            Self.deallocate(each)
        }
    }

    /// Bytes that the block of a value of `valueCount` bytes takes.
    static func cost(_ valueCount: Int) -> Int {
        let bytes = valueCount + MemoryLayout<Header>.size
        if bytes >= mappedBytesMin {
            return (bytes + kernelPageBytes - 1) / kernelPageBytes * kernelPageBytes
        }
        // What malloc makes of it: a word for the size, rounded up to 16 bytes.
        return (bytes + 8 + 15) / 16 * 16
    }

    /// Room for `valueCount` bytes of unknown content, or nil when the bound or the kernel has
    /// none.
    mutating func allocate(
        _ valueCount: Int, _ memory: inout CacheMemory
    ) -> UnsafeMutableRawPointer? {
        let cost = Self.cost(valueCount)
        guard memory.charge(cost) else { return nil }
        guard let address = Self.allocate(cost) else {
            memory.refund(cost)
            return nil
        }
        let block = address.bindMemory(to: Header.self, capacity: 1)
        block.initialize(to: Header(next: first, previous: nil, bytes: cost, unused: 0))
        first?.pointee.previous = block
        first = block
        return address + MemoryLayout<Header>.size
    }

    /// Frees the block of the value at `value`, which `allocate` gave.
    mutating func free(_ value: UnsafeMutableRawPointer, _ memory: inout CacheMemory) {
        let block = (value - MemoryLayout<Header>.size).assumingMemoryBound(to: Header.self)
        let header = block.pointee
        header.next?.pointee.previous = header.previous
        if let previous = header.previous {
            previous.pointee.next = header.next
        } else {
            first = header.next
        }
        memory.refund(header.bytes)
        Self.deallocate(block)
    }

    private static func allocate(_ cost: Int) -> UnsafeMutableRawPointer? {
        if cost < mappedBytesMin { return malloc(cost - 8) }
        // All of it is written at once: to be given the pages together takes a quarter less time
        // than one by one, with the writing.
        let mapping = mmap(
            nil, cost, PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS | Int32(MAP_POPULATE), -1, 0)
        return mapping == MAP_FAILED ? nil : mapping
    }

    private static func deallocate(_ block: UnsafeMutablePointer<Header>) {
        let bytes = block.pointee.bytes
        if bytes < mappedBytesMin {
            Glibc.free(block)
        } else {
            munmap(block, bytes)
        }
    }
}
