import CLibUV
import Glibc

/// A listening TCP socket that the loop watches and that accepts by itself.
///
/// Not `uv_listen`: when the process is out of descriptors libuv 1.44 accepts and at once closes
/// all that wait, without a word. Here they wait in the kernel's
/// backlog for `retryMilliseconds`.
final class UVListener: UVHandle, StreamListener {
    /// Connections accepted in one turn; the rest come in the next, after other I/O.
    private static let acceptsPerTurnMax = 64
    private static let retryMilliseconds: UInt64 = 100

    let address: SocketAddress
    private let descriptor: Int32
    private var onStream: ((any ByteStream) -> Void)?
    private var retryTimer: (any LoopTimer)?
    private var isWatching = false

    /// Binds and listens; throws what the kernel refused (`addressInUse` among others).
    init(
        loop: UVLoop, address: SocketAddress, backlog: Int,
        onStream: @escaping (any ByteStream) -> Void
    ) throws(UVError) {
        (descriptor, self.address) = try Self.openSocket(address, backlog: backlog)
        self.onStream = onStream
        super.init(of: uv_poll_t.self, on: loop)
        do throws(UVError) {
            try didInitialize(uv_poll_init(loop.raw, poll, descriptor))
        } catch {
            Glibc.close(descriptor)
            throw error
        }
        updateWatching()
    }

    override func close() {
        guard isOpen else { return }
        closeHandle()
        Glibc.close(descriptor)
        retryTimer?.cancel()
        retryTimer = nil
        onStream = nil
    }

    private var poll: UnsafeMutablePointer<uv_poll_t> {
        memory.assumingMemoryBound(to: uv_poll_t.self)
    }

    private func updateWatching() {
        let shouldWatch = isOpen && retryTimer == nil
        guard isOpen, shouldWatch != isWatching else { return }
        isWatching = shouldWatch
        if shouldWatch {
            uv_poll_start(poll, Int32(UV_READABLE.rawValue)) { poll, _, _ in
                Unmanaged<UVListener>.fromOpaque(poll.unsafelyUnwrapped.pointee.data)
                    .takeUnretainedValue().onReadable()
            }
        } else {
            uv_poll_stop(poll)
        }
    }

    private func onReadable() {
        for _ in 0..<Self.acceptsPerTurnMax where isWatching && isOpen {
            var storage = sockaddr_storage()
            let accepted = Self.withSocketAddress(&storage) { accept(descriptor, $0, $1) }
            if accepted >= 0 {
                // Two calls: Swift does not see accept4, which glibc shows to _GNU_SOURCE alone.
                _ = fcntl(accepted, F_SETFD, FD_CLOEXEC)
                deliver(accepted, peer: Self.address(of: &storage))
                continue
            }
            switch errno {
            case EAGAIN: return
            // The connection went away while it waited, or brings its network's error (accept(2)).
            case EINTR, ECONNABORTED, EPROTO, EPERM, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET,
                EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH:
                continue
            default: retryLater()
            }
        }
    }

    /// No descriptor (EMFILE, ENFILE) or no memory: the socket would be readable all the time.
    private func retryLater() {
        loop.acceptFailures += 1
        retryTimer = loop.startTimer(
            afterMilliseconds: Self.retryMilliseconds, repeatMilliseconds: 0
        ) { [self] in
            retryTimer = nil
            updateWatching()
        }
        updateWatching()
    }

    private func deliver(_ accepted: Int32, peer: SocketAddress?) {
        let stream = UVStream(on: loop, peer: peer)
        do throws(UVError) {
            try stream.open(accepted: accepted)
        } catch {
            loop.acceptFailures += 1
            return
        }
        onStream?(stream)
    }

    /// A bound, listening socket and the address it got.
    private static func openSocket(
        _ address: SocketAddress, backlog: Int
    ) throws(UVError) -> (Int32, SocketAddress) {
        let type = SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue
        let descriptor = socket(address.family, Int32(type), 0)
        try UVError.checkSystemCall(descriptor)
        do throws(UVError) {
            try setOption(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
            // As libuv does: `::` takes IPv4 too.
            if address.family == AF_INET6 {
                try setOption(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 0)
            }
            try UVError.checkSystemCall(
                address.withSocketAddress { Glibc.bind(descriptor, $0, $1) })
            try UVError.checkSystemCall(Glibc.listen(descriptor, Int32(clamping: backlog)))
            return (descriptor, try boundAddress(descriptor))
        } catch {
            Glibc.close(descriptor)
            throw error
        }
    }

    private static func setOption(
        _ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Int32
    ) throws(UVError) {
        var value = value
        try UVError.checkSystemCall(
            setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size)))
    }

    private static func boundAddress(_ descriptor: Int32) throws(UVError) -> SocketAddress {
        var storage = sockaddr_storage()
        try UVError.checkSystemCall(
            withSocketAddress(&storage) { getsockname(descriptor, $0, $1) })
        guard let address = address(of: &storage) else { throw .addressNotAvailable }
        return address
    }

    private static func withSocketAddress(
        _ storage: inout sockaddr_storage,
        _ body: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) -> Int32 {
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, &length) }
        }
    }

    private static func address(of storage: inout sockaddr_storage) -> SocketAddress? {
        withUnsafePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { SocketAddress($0) }
        }
    }
}
