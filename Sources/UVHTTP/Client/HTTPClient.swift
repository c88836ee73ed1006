/// An HTTP/1.1 client on an event loop: keeps connections per endpoint, pipelines on them, and
/// never blocks.
///
/// Requests to one endpoint go out in the order of `send`; with `clientConnectionsMax` 1 and
/// `clientResendsMax` 0 they also arrive in that order. Only idempotent requests belong here: a
/// request may be sent twice (RFC 9110 §9.2.2).
public final class HTTPClient {
    /// Milliseconds between two looks at the deadlines while anything is under way; a timeout is
    /// late by this much at most.
    private static let sweepMilliseconds: UInt64 = 50

    private let loop: any EventLoop
    private let limits: HTTPLimits
    private var peersByEndpoint: [Endpoint: ClientPeer] = [:]
    /// The same peers, oldest first: what happens in which order must not hang on a hash.
    private var peers: [ClientPeer] = []
    private var sweeper: (any LoopTimer)?
    /// Nothing is under way, and the sweeper waits for connections to have been idle for long.
    private var isSweeperResting = false
    private var isClosed = false
    private var lastSequence: UInt64 = 0

    public init(loop: any EventLoop, limits: HTTPLimits = HTTPLimits()) {
        self.loop = loop
        self.limits = limits
    }

    deinit { close() }

    /// Sends `request` and calls `completion` once, in a later turn of the loop, with the answer or
    /// the reason why there is none. `timeoutMilliseconds` covers everything from resolving the
    /// name to the answer's last byte.
    public func send(
        _ request: HTTPClientRequest, to endpoint: Endpoint, timeoutMilliseconds: UInt64,
        completion: @escaping (Result<HTTPClientResponse, HTTPClientError>) -> Void
    ) {
        guard !isClosed else { return loop.schedule { completion(.failure(.closed)) } }
        lastSequence += 1
        let deadline = loop.nowMilliseconds.addingReportingOverflow(timeoutMilliseconds)
        let call = ClientCall(
            sequence: lastSequence, request: request,
            deadlineMilliseconds: deadline.overflow ? .max : deadline.partialValue,
            completion: completion)
        if !peer(for: endpoint).send(call) {
            loop.schedule { completion(.failure(.overloaded)) }
        }
        if sweeper == nil || isSweeperResting { sweep(afterMilliseconds: Self.sweepMilliseconds) }
    }

    /// Closes every connection; calls under way fail with `.closed`, in a later turn. A client that
    /// is dropped closes itself.
    public func close() {
        isClosed = true
        sweeper?.cancel()
        sweeper = nil
        for peer in peers { peer.close() }
        peers.removeAll()
        peersByEndpoint.removeAll()
    }

    private func peer(for endpoint: Endpoint) -> ClientPeer {
        if let peer = peersByEndpoint[endpoint] { return peer }
        let peer = ClientPeer(endpoint: endpoint, loop: loop, limits: limits)
        peersByEndpoint[endpoint] = peer
        peers.append(peer)
        return peer
    }

    // MARK: Time

    private func sweep(afterMilliseconds milliseconds: UInt64) {
        sweeper?.cancel()
        isSweeperResting = milliseconds > Self.sweepMilliseconds
        sweeper = loop.startTimer(
            afterMilliseconds: milliseconds, repeatMilliseconds: 0
        ) { [weak self] in self?.sweep() }
    }

    private func sweep() {
        sweeper = nil
        let now = loop.nowMilliseconds
        let overdue = peers.flatMap { $0.sweep(now: now) }
        for peer in peers where peer.isIdle { peersByEndpoint[peer.endpoint] = nil }
        peers.removeAll { $0.isIdle }
        if !peers.isEmpty { sweep(afterMilliseconds: pause(now: now)) }
        // Last, because these may send again, or close this client.
        for call in overdue { call.completion?(.failure(.timedOut)) }
    }

    /// Until the next look at the deadlines: a short while, unless all that can become due is the
    /// end of idle connections.
    private func pause(now: UInt64) -> UInt64 {
        var earliest = UInt64.max
        for peer in peers {
            guard let idleUntil = peer.idleUntilMilliseconds else { return Self.sweepMilliseconds }
            earliest = min(earliest, idleUntil)
        }
        return max(Self.sweepMilliseconds, earliest - min(now, earliest))
    }
}
