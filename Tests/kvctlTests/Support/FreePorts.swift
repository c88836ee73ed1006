import Foundation

@testable import kvctl

/// Ports for a test alone, below those that the kernel hands out.
enum FreePorts {
    private static let lock = NSLock()
    nonisolated(unsafe) private static var next = 20_000 + Int(getpid()) % 1000 * 8

    /// A base port with seven free ports above it; another one each time.
    static func base() throws -> Int {
        lock.lock()
        defer { lock.unlock() }
        while next < 32_000 {
            defer { next += 8 }
            if PortCheck.used(among: (1...7).map { UInt16(next + $0) }).isEmpty { return next }
        }
        throw POSIXError(.EADDRINUSE)
    }
}
