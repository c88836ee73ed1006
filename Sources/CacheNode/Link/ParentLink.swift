import UVHTTP

/// A parent and how to speak to it.
struct Parent: Equatable {
    var name: String
    var endpoint: Endpoint
    var api: NodeAPI

    var dialect: ParentDialect { api == .store ? .store : .kv }

    /// Requests that may be on their way to this parent at once: the earlier systems' servers are
    /// not relied on to take them in order.
    var window: Int { api == .canopy ? 64 : 1 }
}

/// The parent in plain HTTP: asks it for keys over a few connections, and hands writes up in order
/// over one.
final class ParentLink: Upstream {
    /// Milliseconds that the parent has to answer one request, its own way up included.
    static let answerMilliseconds: UInt64 = 5_000

    private let loop: any EventLoop
    private let metrics: UnsafeMutablePointer<Metrics>
    private let log: Log
    private let readClient: HTTPClient
    private let writeClient: HTTPClient
    private var parent: Parent?
    private var queue: UpwardQueue
    private var retryTimer: (any LoopTimer)?
    private var completions: [UInt64: (ForwardOutcome) -> Void] = [:]
    private var onEmpty: (() -> Void)?
    private var jitter: Jitter
    private(set) var awayReason: String?
    /// What is told about the writes; set once, before the first.
    weak var delegate: (any UpstreamDelegate)?

    /// `queueCountMax` writes of `queueBytesMax` bytes in all may wait for the parent; `root` is
    /// named in messages until a parent is known. `seed` decides how pauses vary.
    init(
        loop: any EventLoop, limits: HTTPLimits, metrics: UnsafeMutablePointer<Metrics>, log: Log,
        queueCountMax: Int, queueBytesMax: Int, root: Endpoint, seed: UInt64
    ) {
        self.loop = loop
        self.metrics = metrics
        self.log = log
        jitter = Jitter(seed: seed)
        queue = UpwardQueue(countMax: queueCountMax, bytesMax: queueBytesMax)
        readClient = HTTPClient(loop: loop, limits: limits)
        var ordered = limits
        ordered.clientConnectionsMax = 1
        ordered.clientResendsMax = 0
        writeClient = HTTPClient(loop: loop, limits: ordered)
        awayReason = "this node has not joined the tree yet: it waits for the root at \(root)"
    }

    /// Writes that wait for the parent.
    var queuedCount: Int { queue.count }

    /// From now on `parent` is the parent; what it hasn't accepted is sent to it.
    func attach(to parent: Parent) {
        guard parent != self.parent else { return }
        self.parent = parent
        awayReason = nil
        retryTimer?.cancel()
        retryTimer = nil
        queue.restart()
        send()
    }

    /// Calls `completion` once no write waits any more: at once, or later.
    func whenEmpty(_ completion: @escaping () -> Void) {
        if queue.isEmpty { completion() } else { onEmpty = completion }
    }

    /// Drops all connections; nothing is answered any more.
    func close() {
        retryTimer?.cancel()
        parent = nil
        readClient.close()
        writeClient.close()
    }

    // MARK: Reading

    func fetch(_ key: [UInt8], completion: @escaping (FetchOutcome) -> Void) {
        guard let parent else {
            let reason = awayReason ?? "this node is stopping"
            return loop.schedule { completion(.unavailable(reason)) }
        }
        let dialect = parent.dialect
        readClient.send(
            dialect.fetchRequest(key), to: parent.endpoint,
            timeoutMilliseconds: Self.answerMilliseconds
        ) { result in
            switch result {
            case .success(let response): dialect.withFetchOutcome(of: response, completion)
            case .failure(let error): completion(.unavailable(Self.reason(error, parent)))
            }
        }
    }

    // MARK: Writing

    func hasRoom(for write: UpwardWrite) -> Bool { queue.hasRoom(for: write) }

    func forward(_ write: UpwardWrite) -> UInt64 {
        let sequence = queue.append(write)
        updateGauge()
        send()
        return sequence
    }

    func whenForwarded(_ sequence: UInt64, completion: @escaping (ForwardOutcome) -> Void) {
        completions[sequence] = completion
    }

    private func send() {
        guard let parent, retryTimer == nil else { return }
        while let sending = queue.next(window: parent.window) {
            writeClient.send(
                parent.dialect.request(for: sending.write), to: parent.endpoint,
                timeoutMilliseconds: Self.answerMilliseconds
            ) { [self] in onAnswer($0, to: sending, from: parent) }
        }
    }

    private func onAnswer(
        _ result: Result<HTTPClientResponse, HTTPClientError>, to sending: UpwardQueue.Sending,
        from parent: Parent
    ) {
        guard queue.isCurrent(sending), parent == self.parent else { return }
        switch result {
        case .failure(let error): onFailure(Self.reason(error, parent))
        case .success(let response):
            switch parent.dialect.writeAnswer(of: response) {
            case .accepted: onAccepted(sending)
            case .refused(let status, let detail):
                onRefused(sending, status: status, detail: detail)
            case .busy(let reason):
                if completions[sending.sequence] != nil {
                    // Its writer still waits: refusing is honest, and spares those behind it the
                    // wait.
                    onRefused(sending, status: response.status, detail: reason)
                } else {
                    onFailure("\(parent.name) at \(parent.endpoint): \(reason)")
                }
            }
        }
    }

    private func onAccepted(_ sending: UpwardQueue.Sending) {
        metrics.pointee.upwardSent &+= 1
        queue.removeFirst()
        onParentAnswers()
        delegate?.onAccepted(sending.sequence, key: sending.write.key)
        afterRemoval(of: sending, .accepted)
    }

    private func onRefused(_ sending: UpwardQueue.Sending, status: Int, detail: String) {
        metrics.pointee.upwardRefused &+= 1
        queue.removeFirst()
        onParentAnswers()
        log.warning(
            "the parent refused a write for good; it is withdrawn here too",
            ["status": .int(status), "detail": .string(detail)])
        delegate?.onRefused(sending.sequence, key: sending.write.key)
        afterRemoval(of: sending, .refused(status: status, detail: detail))
    }

    private func onParentAnswers() {
        guard awayReason != nil else { return }
        awayReason = nil
        log.info("the parent answers again", ["queued": .int(queue.count)])
    }

    private func afterRemoval(of sending: UpwardQueue.Sending, _ outcome: ForwardOutcome) {
        updateGauge()
        completions.removeValue(forKey: sending.sequence)?(outcome)
        send()
        if queue.isEmpty, let onEmpty {
            self.onEmpty = nil
            onEmpty()
        }
    }

    /// The parent is away or full: everybody who waits is told, and after a pause all is sent
    /// again.
    private func onFailure(_ reason: String) {
        let pause = queue.onFailure()
        metrics.pointee.upwardRetried &+= 1
        if awayReason == nil {
            log.warning("the parent takes no writes; they wait", ["reason": .string(reason)])
        }
        awayReason = reason
        retryTimer = loop.startTimer(
            afterMilliseconds: jitter.vary(pause), repeatMilliseconds: 0
        ) { [self] in
            retryTimer = nil
            send()
        }
        let waiting = completions.sorted { $0.key < $1.key }
        completions.removeAll()
        for (_, completion) in waiting { completion(.unconfirmed(reason)) }
    }

    private func updateGauge() { metrics.pointee.upwardQueued = UInt64(queue.count) }

    private static func reason(_ error: HTTPClientError, _ parent: Parent) -> String {
        "the parent \(parent.name) at \(parent.endpoint) does not answer: \(error.sentence)"
    }
}
