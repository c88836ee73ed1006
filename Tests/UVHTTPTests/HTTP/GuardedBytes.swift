import Glibc

/// Memory in which a parser that reads past its promise dies: bytes are placed so that the 16 zero
/// bytes behind them are the last before a page that may not be touched.
final class GuardedBytes {
    private let region: UnsafeMutableRawPointer
    private let regionBytes: Int
    private let wall: UnsafeMutableRawPointer
    private static let pageBytes = Int(sysconf(Int32(_SC_PAGESIZE)))

    /// Room for messages of up to `capacity` bytes.
    init(capacity: Int = 64 * 1024) {
        let pages = (capacity + 16) / Self.pageBytes + 1
        regionBytes = (pages + 1) * Self.pageBytes
        guard
            let region = mmap(
                nil, regionBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            region != MAP_FAILED
        else { fatalError("no memory for a test") }
        self.region = region
        wall = region + pages * Self.pageBytes
        guard mprotect(wall, Self.pageBytes, PROT_NONE) == 0 else { fatalError("no guard page") }
    }

    deinit { munmap(region, regionBytes) }

    /// The first `count` of `bytes`, with 16 zero bytes and the wall behind them; they hold until
    /// the next call.
    func place(_ bytes: [UInt8], count: Int) -> UnsafeRawPointer {
        let start = wall - 16 - count
        precondition(start >= region)
        bytes.withUnsafeBytes { source in
            if let base = source.baseAddress { start.copyMemory(from: base, byteCount: count) }
        }
        return UnsafeRawPointer(start)
    }
}
