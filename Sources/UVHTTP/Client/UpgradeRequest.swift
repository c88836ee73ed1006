/// Why a stream was not upgraded.
public enum UpgradeFailure: Error, Equatable, Sendable {
    /// The peer answered with this status (200…999) and stays with HTTP: it doesn't speak the
    /// protocol, or not now.
    case answered(status: Int)
    /// There is no answer, or none that is valid.
    case failed(HTTPClientError)
}

/// Asks a peer to leave HTTP for another protocol, on a connection of its own (RFC 9110 §7.8).
///
/// It lives until it has ended, whether anybody holds it or not.
public final class UpgradeRequest {
    private struct Waiter {
        let takeOver: HTTPStreamTakeOver
        let onFailure: (UpgradeFailure) -> Void
    }

    private let endpoint: Endpoint
    private let target: [UInt8]
    private let protocolName: StaticString
    private let fieldLines: [UInt8]
    private let loop: any EventLoop
    private let limits: HTTPLimits
    /// Who is to be told; nil before the beginning, and at the end.
    private var waiter: Waiter?
    private var hasBegun = false
    /// Addresses still to be tried.
    private var addresses: [SocketAddress] = []
    private var attempt: UpgradeAttempt?
    private var deadline: (any LoopTimer)?
    private var connectDeadline: (any LoopTimer)?

    /// A request for `target`, path and query in origin form and percent-encoded; `protocolName` in
    /// lower case, as in `canopy-link/1`; `fieldLines` are further field lines, each with its CR
    /// LF, which must be valid.
    public init(
        to protocolName: StaticString, target: String, at endpoint: Endpoint,
        fieldLines: [UInt8] = [], loop: any EventLoop, limits: HTTPLimits = HTTPLimits()
    ) {
        self.endpoint = endpoint
        self.target = Array(target.utf8)
        self.protocolName = protocolName
        self.fieldLines = fieldLines
        self.loop = loop
        self.limits = limits
    }

    /// Begins; once at most. One of the two is called, once, in a later turn of the loop:
    /// `takeOver` with the connected stream behind a `101`, or `onFailure`. `timeoutMilliseconds`
    /// covers everything from resolving the name to the end of the answer's head; one address may
    /// take `connectMilliseconds` of it before the next is tried.
    public func start(
        timeoutMilliseconds: UInt64, takeOver: @escaping HTTPStreamTakeOver,
        onFailure: @escaping (UpgradeFailure) -> Void
    ) {
        precondition(!hasBegun, "an upgrade is asked for once")
        hasBegun = true
        waiter = Waiter(takeOver: takeOver, onFailure: onFailure)
        deadline = loop.startTimer(
            afterMilliseconds: timeoutMilliseconds, repeatMilliseconds: 0
        ) { [self] in end(.failed(.timedOut)) }
        loop.resolve(host: endpoint.host, port: endpoint.port) { [self] result in
            guard waiter != nil else { return }
            switch result {
            case .success(let addresses):
                self.addresses = addresses
                tryNextAddress()
            case .failure(let error): end(.failed(.unresolved(error)))
            }
        }
    }

    /// Gives up: neither of the closures is called any more. Does nothing when one has been.
    public func cancel() { _ = finish() }

    // MARK: One address after the other

    private func tryNextAddress() {
        let attempt = UpgradeAttempt(
            self, stream: loop.connect(to: addresses.removeFirst()), protocolName: protocolName,
            limits: limits)
        self.attempt = attempt
        attempt.start()
        connectDeadline = loop.startTimer(
            afterMilliseconds: limits.connectMilliseconds, repeatMilliseconds: 0
        ) { [self] in
            onConnectFailed(attempt, .timedOut)
            attempt.close()
        }
    }

    /// The request's bytes, as the connection stands.
    func onConnected(into output: inout ByteQueue) {
        connectDeadline?.cancel()
        HeadWriter.upgradeRequest(
            to: protocolName, target: target, host: endpoint.description, fieldLines: fieldLines,
            into: &output)
    }

    func onConnectFailed(_ attempt: UpgradeAttempt, _ error: UVError) {
        guard self.attempt === attempt else { return }
        self.attempt = nil
        connectDeadline?.cancel()
        if addresses.isEmpty { end(.failed(.unreachable(error))) } else { tryNextAddress() }
    }

    // MARK: The end

    /// The peer has switched: gives whom its stream belongs to.
    func onSwitched(_ stream: any ByteStream) -> (any StreamHandler)? {
        attempt = nil
        return finish()?.takeOver(stream)
    }

    func end(_ failure: UpgradeFailure) { finish()?.onFailure(failure) }

    /// Lets go of everything; gives who is to be told, if anybody.
    private func finish() -> Waiter? {
        let waiter = waiter
        self.waiter = nil
        deadline?.cancel()
        connectDeadline?.cancel()
        attempt?.close()
        attempt = nil
        return waiter
    }
}
