/// An HTTP/1.1 client on an event loop: keeps connections per endpoint, pipelines on them, and
/// never blocks.
///
/// Requests to one endpoint go out in the order of `send`; with `clientConnectionsMax` 1 and
/// `clientResendsMax` 0 they also arrive in that order. Only idempotent requests belong here: a
/// request may be sent twice (RFC 9110 §9.2.2).
public final class HTTPClient {
    /// Milliseconds between two looks at the deadlines; a timeout is late by this much at most.
    private static let sweepMilliseconds: UInt64 = 50

    private let loop: any EventLoop
    private let limits: HTTPLimits
    private var peers: [Endpoint: ClientPeer] = [:]
    private var sweeper: (any LoopTimer)?
    private var isClosed = false
    private var peersWithCalls: [ClientPeer] = []

    public init(loop: any EventLoop, limits: HTTPLimits = HTTPLimits()) {
        self.loop = loop
        self.limits = limits
        loop.onTurnEnd { [weak self] in self?.onTurnEnd() }
    }

    /// Sends `request` and calls `completion` once, in a later turn of the loop, with the answer or
    /// the reason why there is none. `timeoutMilliseconds` covers everything from resolving the
    /// name to the answer's last byte.
    public func send(
        _ request: HTTPClientRequest, to endpoint: Endpoint, timeoutMilliseconds: UInt64,
        completion: @escaping (Result<HTTPClientResponse, HTTPClientError>) -> Void
    ) {
        let call = ClientCall(
            request: request, deadlineMilliseconds: loop.nowMilliseconds + timeoutMilliseconds,
            completion: completion)
        guard !isClosed else { return loop.schedule { completion(.failure(.closed)) } }
        if !peer(for: endpoint).send(call) {
            loop.schedule { completion(.failure(.overloaded)) }
        }
        startSweeping()
    }

    /// Closes every connection; calls under way fail with `.closed`.
    public func close() {
        isClosed = true
        sweeper?.cancel()
        sweeper = nil
        for peer in peers.values { peer.close() }
        peers.removeAll()
    }

    private func peer(for endpoint: Endpoint) -> ClientPeer {
        if let peer = peers[endpoint] { return peer }
        let peer = ClientPeer(endpoint: endpoint, loop: loop, limits: limits) { [weak self] in
            self?.peersWithCalls.append($0)
        }
        peers[endpoint] = peer
        return peer
    }

    private func onTurnEnd() {
        guard !peersWithCalls.isEmpty else { return }
        let peers = peersWithCalls
        peersWithCalls.removeAll(keepingCapacity: true)
        for peer in peers { peer.sendWaiting() }
    }

    private func startSweeping() {
        guard sweeper == nil else { return }
        sweeper = loop.startTimer(
            afterMilliseconds: Self.sweepMilliseconds, repeatMilliseconds: Self.sweepMilliseconds
        ) { [weak self] in self?.sweep() }
    }

    private func sweep() {
        let now = loop.nowMilliseconds
        for peer in peers.values { peer.sweep(now: now) }
        peers = peers.filter { !$0.value.isIdle }
        if peers.isEmpty {
            sweeper?.cancel()
            sweeper = nil
        }
    }
}
