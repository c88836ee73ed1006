/// A request on its way: what to send, until when, and whom to tell.
struct ClientCall {
    /// Counts the calls of a client; requests go out in this order.
    let sequence: UInt64
    let request: HTTPClientRequest
    let deadlineMilliseconds: UInt64
    /// Nil once it was told that the answer is late; the answer may still come.
    var completion: ((Result<HTTPClientResponse, HTTPClientError>) -> Void)?
    /// How often it was sent on a connection that ended without an answer.
    var resendCount = 0

    func isOverdue(now: UInt64) -> Bool { now >= deadlineMilliseconds }
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
        guard isConnected, failure == nil, !state.isLast,
            stream.queuedBytes < limits.outputBytesMax
        else { return 0 }
        let depth = state.mayPipeline ? limits.clientPipelineDepthMax : 1
        return max(0, depth - calls.count)
    }

    /// Sends the first of the calls, as many as there is room for, in one write; returns how many.
    /// With bodies together past `outputBytesMax` the rest waits until they are written.
    func send(firstOf waiting: [ClientCall]) -> Int {
        var output = ByteQueue()
        var count = 0
        let countMax = min(room, waiting.count)
        while count < countMax, output.count < limits.outputBytesMax {
            append(waiting[count], to: &output)
            count += 1
        }
        stream.write(output.readable)
        return count
    }

    private func append(_ call: ClientCall, to output: inout ByteQueue) {
        let request = call.request
        let hasBody: Bool =
            switch request.method {
            case .put, .post, .patch: true
            default: !request.body.isEmpty
            }
        HeadWriter.request(
            request.method, target: request.target, host: host, contentType: request.contentType,
            fieldLines: request.fieldLines, contentLength: hasBody ? request.body.count : nil,
            into: &output)
        output.append(request.body)
        state.onSent(request.method)
        calls.append(call)
    }

    /// Gives up: every call in flight fails with `error`, but those that can be sent elsewhere.
    func fail(_ error: HTTPClientError) {
        if failure == nil { failure = error }
        stream.close()
    }

    /// Gives the calls whose time is over, which are told by the caller. Answers come in order:
    /// when the oldest is late, those behind can't overtake it, and the connection is given up.
    func takeOverdue(now: UInt64) -> [ClientCall] {
        guard failure == nil else { return [] }
        if let first = calls.first, first.isOverdue(now: now) { fail(.timedOut) }
        var overdue: [ClientCall] = []
        for index in calls.indices
        where calls[index].completion != nil && calls[index].isOverdue(now: now) {
            overdue.append(calls[index])
            calls[index].completion = nil
        }
        return overdue
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
        if failure == nil, state.onEndOfInput() { completeFirst() }
        fail(.disconnected)
    }

    func onDrained() { peer.sendAtTurnEnd() }

    func onClosed(_ error: UVError?) {
        if !isConnected, failure == nil || failure == .timedOut {
            peer.onConnectFailed(self, error ?? .timedOut)
            return
        }
        let reason = failure ?? .disconnected
        var resent: [ClientCall] = []
        var lost: [ClientCall] = []
        for (index, call) in calls.enumerated() where call.completion != nil {
            if mayResend(call, at: index, reason) { resent.append(call) } else { lost.append(call) }
        }
        calls.removeAll()
        peer.onClosed(self, resending: resent)
        // Those that were late are told already; the others had time left.
        let told = reason == .timedOut ? .disconnected : reason
        for call in lost { call.completion?(.failure(told)) }
    }

    /// A kept connection may have been closed by the peer just as the requests were sent (RFC 9112
    /// §9.3.1), or was given up because an answer before theirs was late.
    private func mayResend(_ call: ClientCall, at index: Int, _ reason: HTTPClientError) -> Bool {
        guard reason == .disconnected || reason == .timedOut, state.responseCount > 0 else {
            return false
        }
        let hasBegunToAnswer = index == 0 && state.hasPartialResponse
        return !hasBegunToAnswer && call.resendCount < limits.clientResendsMax
    }

    // MARK: Answers

    /// Takes the answers at the front of the bytes; returns how many bytes that were. 16 bytes
    /// behind them are overwritten with zeros, the parser's sentinel.
    private func consume(_ base: UnsafeMutableRawPointer, _ count: Int) -> Int {
        (base + count).storeBytes(of: 0, as: UInt64.self)
        (base + count).storeBytes(of: 0, toByteOffset: 8, as: UInt64.self)
        var offset = 0
        while offset < count, failure == nil {
            // What comes behind the last answer is nobody's (RFC 9112 §9.6).
            if state.isLast { return count }
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
        let response = state.takeResponse()
        call.completion?(.success(response))
    }

    private func afterResponses() {
        if state.isLast { fail(.disconnected) } else { peer.sendAtTurnEnd() }
    }
}
