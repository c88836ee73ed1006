/// A request on its way: what to send, until when, and whom to tell.
struct ClientCall {
    let request: HTTPClientRequest
    let deadlineMilliseconds: UInt64
    let completion: (Result<HTTPClientResponse, HTTPClientError>) -> Void
    /// How often it was sent on a connection that ended without an answer.
    var resendCount = 0
}

/// One connection to a peer: sends requests, pipelined when the peer has shown that it can, and
/// hands out the answers.
final class ClientConnection: StreamHandler {
    private let peer: ClientPeer
    private let stream: any ByteStream
    private let limits: HTTPLimits
    private let host: String
    private var state = ClientConnectionState()
    private var calls: [ClientCall] = []
    private(set) var isConnected = false
    private var failure: HTTPClientError?
    /// Since when nothing has been in flight, or the connection is being made.
    private(set) var idleSinceMilliseconds: UInt64

    init(peer: ClientPeer, stream: any ByteStream, host: String, limits: HTTPLimits, now: UInt64) {
        self.peer = peer
        self.stream = stream
        self.host = host
        self.limits = limits
        idleSinceMilliseconds = now
    }

    func start() { stream.start(self) }

    var inFlightCount: Int { calls.count }

    /// How many more requests may be sent now.
    var room: Int {
        guard isConnected, failure == nil, !state.isLast else { return 0 }
        let depth = state.mayPipeline ? limits.clientPipelineDepthMax : 1
        return max(0, depth - calls.count)
    }

    /// Sends the calls in one write.
    func send(_ batch: ArraySlice<ClientCall>) {
        var output = ByteQueue()
        for call in batch {
            let request = call.request
            let hasBody: Bool =
                switch request.method {
                case .put, .post, .patch: true
                default: !request.body.isEmpty
                }
            HeadWriter.request(
                request.method, target: request.target, host: host,
                contentType: request.contentType,
                contentLength: hasBody ? request.body.count : nil, into: &output)
            output.append(request.body)
            state.onSent(request.method)
            calls.append(call)
        }
        stream.write(output.readable)
    }

    /// Gives up: every call in flight fails with `error`.
    func fail(_ error: HTTPClientError) {
        if failure == nil { failure = error }
        stream.close()
    }

    /// The earliest deadline among the calls in flight is over.
    func isOverdue(now: UInt64) -> Bool {
        calls.contains { now >= $0.deadlineMilliseconds }
    }

    // MARK: Events of the stream

    func onConnected() {
        isConnected = true
        idleSinceMilliseconds = peer.nowMilliseconds
        peer.onConnected(self)
    }

    func onRead(_ bytes: UnsafeMutableRawBufferPointer) {
        guard failure == nil, let base = bytes.baseAddress else { return }
        if state.input.isEmpty {
            let used = consume(base, bytes.count)
            if used < bytes.count, failure == nil {
                state.input.append(UnsafeRawBufferPointer(bytes).dropping(used))
            }
        } else {
            state.input.append(UnsafeRawBufferPointer(bytes))
            // Taken out, because completions run meanwhile and may reach this connection.
            var input = ByteQueue()
            swap(&input, &state.input)
            let readable = input.readable
            guard let start = readable.baseAddress else { return }
            let used = consume(UnsafeMutableRawPointer(mutating: start), readable.count)
            input.removeFirst(used)
            if failure == nil { swap(&input, &state.input) }
        }
        if failure == nil { afterResponses() }
    }

    func onEndOfInput() {
        if state.onEndOfInput() { completeFirst() }
        fail(.disconnected)
    }

    func onDrained() {}

    func onClosed(_ error: UVError?) {
        if !isConnected, failure == nil || failure == .timedOut {
            peer.onConnectFailed(self, error ?? .timedOut)
            return
        }
        let reason = failure ?? .disconnected
        // A kept connection may have been closed by the peer just as the requests were sent (RFC
        // 9112 §9.3.1).
        let mayResend =
            reason == .disconnected && state.responseCount > 0 && !state.hasPartialResponse
        var resent: [ClientCall] = []
        var lost: [ClientCall] = []
        for var call in calls {
            if mayResend, call.resendCount < limits.clientResendsMax {
                call.resendCount += 1
                resent.append(call)
            } else {
                lost.append(call)
            }
        }
        calls.removeAll()
        peer.onClosed(self, resending: resent)
        for call in lost { call.completion(.failure(reason)) }
    }

    // MARK: Answers

    private func consume(_ base: UnsafeMutableRawPointer, _ count: Int) -> Int {
        (base + count).storeBytes(of: 0, as: UInt64.self)
        (base + count).storeBytes(of: 0, toByteOffset: 8, as: UInt64.self)
        var offset = 0
        while offset < count, failure == nil {
            let bytes = UnsafeRawPointer(base) + offset
            switch state.step(bytes, count: count - offset, limits: limits) {
            case .needInput: return offset
            case .progress(let consumed): offset += consumed
            case .response(let consumed):
                offset += consumed
                completeFirst()
            case .refused(let refusal): fail(.malformed(refusal))
            }
        }
        return offset
    }

    private func completeFirst() {
        let call = calls.removeFirst()
        idleSinceMilliseconds = peer.nowMilliseconds
        call.completion(.success(state.takeResponse()))
    }

    private func afterResponses() {
        if state.isLast { fail(.disconnected) } else { peer.sendAtTurnEnd() }
    }
}
