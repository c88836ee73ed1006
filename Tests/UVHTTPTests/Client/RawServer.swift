import Simulation
import Testing
import UVHTTP

/// A request as the server's side of a test sees it.
struct RawRequest: Equatable {
    var method = ""
    var target = ""
    var fields = ""
    var body = ""
}

/// One connection that a client under test has made. Its script writes whatever bytes it likes.
final class RawServerEnd: StreamHandler {
    let stream: any ByteStream
    private(set) var requests: [RawRequest] = []
    private(set) var hasEnded = false
    private(set) var isClosed = false
    private var bytes: [UInt8] = []
    private let onRequest: (RawServerEnd, RawRequest) -> Void

    init(_ stream: any ByteStream, onRequest: @escaping (RawServerEnd, RawRequest) -> Void) {
        self.stream = stream
        self.onRequest = onRequest
        stream.start(self)
    }

    func write(_ text: String) {
        Array(text.utf8).withUnsafeBytes { stream.write($0) }
    }

    /// Answers with a body of known length.
    func answer(_ body: String, _ status: Int = 200, _ fields: String = "") {
        write("HTTP/1.1 \(status) X\r\nContent-Length: \(body.utf8.count)\r\n\(fields)\r\n\(body)")
    }

    func reset() { (stream as? SimStream)?.reset() }

    func onConnected() {}
    func onRead(_ read: UnsafeMutableRawBufferPointer) {
        bytes.append(contentsOf: read)
        while let request = takeRequest() {
            requests.append(request)
            onRequest(self, request)
        }
    }
    func onEndOfInput() {
        hasEnded = true
        stream.close()
    }
    func onDrained() {}
    func onClosed(_ error: UVError?) { isClosed = true }

    private func takeRequest() -> RawRequest? {
        let text = String(decoding: bytes, as: UTF8.self)
        let parts = text.split(
            separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        var lines = parts[0].split(separator: "\r\n").map(String.init)
        let words = lines.removeFirst().split(separator: " ").map(String.init)
        var request = RawRequest()
        request.method = words.first ?? ""
        request.target = words.dropFirst().first ?? ""
        request.fields = lines.joined(separator: "\n")
        let length =
            lines.first { $0.hasPrefix("Content-Length: ") }
            .flatMap { Int($0.dropFirst(16)) } ?? 0
        guard parts[1].utf8.count >= length else { return nil }
        let bodyStart = parts[0].utf8.count + 4
        request.body = String(decoding: bytes[bodyStart..<(bodyStart + length)], as: UTF8.self)
        bytes.removeFirst(bodyStart + length)
        return request
    }
}

/// What became of one request of the client.
final class CallRecord {
    fileprivate(set) var results: [Result<HTTPClientResponse, HTTPClientError>] = []
    fileprivate(set) var milliseconds: UInt64 = 0

    var isDone: Bool { !results.isEmpty }
    var body: String? {
        guard case .success(let response) = results.first else { return nil }
        return String(decoding: response.body, as: UTF8.self)
    }
    var status: Int? {
        guard case .success(let response) = results.first else { return nil }
        return response.status
    }
    var error: HTTPClientError? {
        guard case .failure(let error) = results.first else { return nil }
        return error
    }
}

/// A client in a simulated world, and a server for it that speaks raw bytes.
final class ClientHarness {
    let world: SimWorld
    let clientHost: SimHost
    let serverHost: SimHost
    private(set) var client: HTTPClient
    let endpoint: Endpoint
    private(set) var ends: [RawServerEnd] = []
    private(set) var listener: (any StreamListener)?
    /// Answers with the request's target unless a test says otherwise.
    var onRequest: (RawServerEnd, RawRequest) -> Void = { end, request in
        end.answer(request.target)
    }
    /// In the order in which they were completed.
    private(set) var completed: [String] = []

    init(_ world: SimWorld, _ limits: HTTPLimits) throws {
        self.world = world
        clientHost = world.addHost("client")
        serverHost = world.addHost("server")
        client = HTTPClient(loop: clientHost.loop, limits: limits)
        endpoint = Endpoint(host: "server", port: 80)
        try listen()
    }

    func listen() throws {
        listener = try serverHost.loop.listen(
            on: serverHost.address(port: 80), backlog: 64
        ) { [unowned self] stream in
            ends.append(RawServerEnd(stream) { [unowned self] in onRequest($0, $1) })
        }
    }

    func stopListening() { listener?.close() }

    /// Sends a request from inside the client's process.
    @discardableResult
    func send(
        _ target: String, method: HTTPMethod = .get, body: String = "",
        to endpoint: Endpoint? = nil,
        timeout: UInt64 = 5_000, then: @escaping (CallRecord) -> Void = { _ in }
    ) -> CallRecord {
        let record = CallRecord()
        clientHost.loop.schedule { [self] in
            let start = clientHost.loop.nowMilliseconds
            let turn = clientHost.loop.turnCount
            client.send(
                HTTPClientRequest(method, target, body: Array(body.utf8)),
                to: endpoint ?? self.endpoint, timeoutMilliseconds: timeout
            ) { [self] result in
                if clientHost.loop.turnCount == turn { Issue.record("told in the turn of send") }
                record.results.append(result)
                record.milliseconds = clientHost.loop.nowMilliseconds - start
                completed.append(target)
                then(record)
            }
        }
        return record
    }

    func onClient(_ body: @escaping () -> Void) { clientHost.loop.schedule(body) }

    /// Runs until all are completed.
    func finish(_ records: [CallRecord]) -> Bool {
        world.run(withinMilliseconds: 600_000) { records.allSatisfy(\.isDone) }
    }
}

/// Lends a client to `body`; afterwards every request must have been completed once, and nothing of
/// the client's be left.
func withClient(
    seed: UInt64 = 1, _ limits: HTTPLimits = HTTPLimits(), _ body: (ClientHarness) throws -> Void
) throws {
    try withSimWorld(seed: seed) { world in
        let harness = try ClientHarness(world, limits)
        try body(harness)
        // It holds the harness.
        harness.onRequest = { _, _ in }
    }
}
