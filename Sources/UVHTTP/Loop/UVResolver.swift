import CLibUV
import Glibc

/// One look-up of a host name on libuv's thread pool. While it is under way the loop owns it, from
/// `start` to the callback, which always comes.
final class UVResolution {
    private let request = UnsafeMutablePointer<uv_getaddrinfo_t>.allocate(capacity: 1)
    private let loop: UVLoop
    private let port: UInt16
    private let completion: (Result<[SocketAddress], UVError>) -> Void

    init(
        on loop: UVLoop, port: UInt16,
        completion: @escaping (Result<[SocketAddress], UVError>) -> Void
    ) {
        self.loop = loop
        self.port = port
        self.completion = completion
    }

    deinit { request.deallocate() }

    /// Throws when the look-up could not begin; the completion is not called then.
    func start(_ host: String) throws(UVError) {
        guard !host.utf8.contains(0) else { throw .nameNotFound }
        // SOCK_STREAM alone: otherwise every address comes three times, once per socket type.
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        let code = uv_getaddrinfo(
            loop.raw, request,
            { request, status, list in
                Unmanaged<UVResolution>.fromOpaque(request.unsafelyUnwrapped.pointee.data)
                    .takeUnretainedValue().onResolved(status, list)
            }, host, nil, &hints)
        try UVError.check(code)
        request.pointee.data = Unmanaged.passUnretained(self).toOpaque()
        loop.didStart(self)
    }

    /// Keeps a look-up that still waits for a thread from running; the callback comes anyway.
    func cancel() {
        uv_cancel(UnsafeMutableRawPointer(request).assumingMemoryBound(to: uv_req_t.self))
    }

    private func onResolved(_ status: Int32, _ list: UnsafeMutablePointer<addrinfo>?) {
        loop.didFinish(self)
        let addresses = Self.addresses(list, port: port)
        uv_freeaddrinfo(list)
        if status < 0 {
            completion(.failure(UVError(code: status)))
        } else if addresses.isEmpty {
            completion(.failure(.nameNotFound))
        } else {
            completion(.success(addresses))
        }
    }

    private static func addresses(
        _ list: UnsafeMutablePointer<addrinfo>?, port: UInt16
    ) -> [SocketAddress] {
        var addresses: [SocketAddress] = []
        var next = list
        while let entry = next {
            next = entry.pointee.ai_next
            guard let raw = entry.pointee.ai_addr, let address = SocketAddress(raw) else {
                continue
            }
            let complete = address.with(port: port)
            if !addresses.contains(complete) { addresses.append(complete) }
        }
        return addresses
    }
}
