import Foundation

/// A small HTTP server at 127.0.0.1 that plays NODE-7, with nobody at the ports of NODE-1 to
/// NODE-6: plain sockets and a thread per connection.
final class Responder: @unchecked Sendable {
    struct Request: Equatable, Sendable {
        var method: String
        var target: String
        var contentType: String
        var body: String
    }

    struct Response: Sendable {
        /// What is sent, byte for byte; nil to say nothing until the other side leaves.
        var bytes: [UInt8]?

        init(status: Int, contentType: String = "application/json", body: String) {
            let head = """
                HTTP/1.1 \(status) Status\r\nContent-Type: \(contentType)\r\n\
                Content-Length: \(body.utf8.count)\r\n\r\n
                """
            bytes = Array((head + body).utf8)
        }

        init(bytes: [UInt8]?) { self.bytes = bytes }

        static let silence = Response(bytes: nil)
    }

    let basePort: Int
    private let listener: Int32
    private let answer: @Sendable (Request) -> Response
    private let acceptEnded = DispatchSemaphore(value: 0)
    private let lock = NSLock()
    private var received: [Request] = []
    private var isStopped = false

    init(_ answer: @escaping @Sendable (Request) -> Response) throws {
        self.answer = answer
        basePort = try FreePorts.base()
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = port.bigEndian
        let descriptor = listener
        let isListening =
            withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                }
            } && listen(descriptor, 16) == 0
        guard isListening else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        Thread.detachNewThread { [weak self, listener, acceptEnded] in
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { break }
                Thread.detachNewThread { [weak self] in
                    self?.serve(connection)
                    close(connection)
                }
            }
            acceptEnded.signal()
        }
    }

    deinit { stop() }

    var port: UInt16 { UInt16(basePort + 7) }

    /// The requests so far, oldest first.
    var requests: [Request] { lock.withLock { received } }

    /// Closes the port; returns when it is closed.
    func stop() {
        let isFirst = lock.withLock {
            defer { isStopped = true }
            return !isStopped
        }
        guard isFirst else { return }
        shutdown(listener, Int32(SHUT_RDWR))
        // A thread in `accept` keeps the port until it is out of there.
        acceptEnded.wait()
        close(listener)
    }

    private func serve(_ connection: Int32) {
        var input: [UInt8] = []
        while let request = Self.read(connection, &input) {
            lock.withLock { received.append(request) }
            guard let bytes = answer(request).bytes else {
                // Until the other side closes.
                _ = Self.receive(connection, &input)
                return
            }
            var sent = 0
            while sent < bytes.count {
                let count = bytes.withUnsafeBytes {
                    send(
                        connection, $0.baseAddress! + sent, bytes.count - sent,
                        Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { return }
                sent += count
            }
            guard bytes.starts(with: Array("HTTP/1.1".utf8)) else { return }
        }
    }

    private static func receive(_ connection: Int32, _ input: inout [UInt8]) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = recv(connection, &buffer, buffer.count, 0)
        if count > 0 { input += buffer[..<count] }
        return count > 0
    }

    private static func read(_ connection: Int32, _ input: inout [UInt8]) -> Request? {
        let blank = Data("\r\n\r\n".utf8)
        while true {
            if let end = Data(input).range(of: blank) {
                let lines = String(decoding: input[..<end.lowerBound], as: UTF8.self)
                    .components(separatedBy: "\r\n")
                let length = field("content-length", lines).flatMap { Int($0) } ?? 0
                while input.count < end.upperBound + length {
                    guard receive(connection, &input) else { return nil }
                }
                let start = lines[0].split(separator: " ").map(String.init)
                guard start.count == 3 else { return nil }
                let body = input[end.upperBound..<(end.upperBound + length)]
                let request = Request(
                    method: start[0], target: start[1],
                    contentType: field("content-type", lines) ?? "",
                    body: String(decoding: body, as: UTF8.self))
                input.removeFirst(end.upperBound + length)
                return request
            }
            guard receive(connection, &input) else { return nil }
        }
    }

    private static func field(_ name: String, _ lines: [String]) -> String? {
        lines.first { $0.lowercased().hasPrefix("\(name):") }?
            .dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces)
    }
}
