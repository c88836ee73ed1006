import Glibc

/// The memory that bytes lie in while `onRead` is told of them, made unfriendly within the
/// contract: its address is odd, the slack behind the bytes is dirty, a write behind the slack is
/// found out, and after the call everything is poison.
final class SimReadBuffer {
    static let readBytesMax = 65536
    static let slackBytes = 64
    private static let guardBytes = 16
    private static let dirt: UInt8 = 0xA5
    private static let poison: UInt8 = 0xDD

    private let memory = UnsafeMutableRawPointer.allocate(
        byteCount: readBytesMax + slackBytes + guardBytes, alignment: 16)
    private let slack: UnsafeMutableRawPointer

    init() {
        slack = memory + Self.readBytesMax
        memset(slack, Int32(Self.dirt), Self.slackBytes + Self.guardBytes)
    }

    deinit { memory.deallocate() }

    /// Lends the first `count` bytes of `bytes` (`readBytesMax` at most) to `body`.
    func lend(
        _ bytes: UnsafeRawBufferPointer, count: Int,
        to body: (UnsafeMutableRawBufferPointer) -> Void
    ) {
        guard let source = bytes.baseAddress else { return }
        let start = slack - count
        memcpy(start, source, count)
        memset(slack, Int32(Self.dirt), Self.slackBytes)
        body(UnsafeMutableRawBufferPointer(start: start, count: count))
        for offset in 0..<Self.guardBytes {
            let byte = slack.load(fromByteOffset: Self.slackBytes + offset, as: UInt8.self)
            precondition(byte == Self.dirt, "a handler wrote behind the slack of a read")
        }
        memset(start, Int32(Self.poison), count + Self.slackBytes)
    }
}
