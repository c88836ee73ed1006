import UVHTTP

/// A parent in plain HTTP: asks it for keys over a few connections, and hands the queue's writes up
/// in order over one.
final class HTTPParent: PlainParent {
    /// Milliseconds that the parent has to answer one request, its own way up included.
    static let answerMilliseconds: UInt64 = 5_000

    private let loop: any EventLoop
    private let metrics: UnsafeMutablePointer<Metrics>
    private let log: Log
    private let readClient: HTTPClient
    private let writeClient: HTTPClient
    private let parent: Ancestor
    private let authorization: () -> [UInt8]
    private let queue: UpwardQueue
    private var retryTimer: (any LoopTimer)?
    private var jitter: Jitter
    private var isClosed = false
    /// What was asked here is asked elsewhere now.
    private var isReplaced = false
    private(set) var awayReason: String?
    /// What is told about the writes; set once, before the first.
    weak var delegate: (any PlainParentDelegate)?

    /// `authorization` gives the field line by which this node proves that it belongs to the tree;
    /// `seed` decides how pauses vary.
    init(
        _ parent: Ancestor, queue: UpwardQueue, loop: any EventLoop, limits: HTTPLimits,
        metrics: UnsafeMutablePointer<Metrics>, log: Log, seed: UInt64,
        authorization: @escaping () -> [UInt8] = { [] }
    ) {
        self.parent = parent
        self.authorization = authorization
        self.queue = queue
        self.loop = loop
        self.metrics = metrics
        self.log = log
        jitter = Jitter(seed: seed)
        readClient = HTTPClient(loop: loop, limits: limits)
        var ordered = limits
        ordered.clientConnectionsMax = 1
        ordered.clientResendsMax = 0
        writeClient = HTTPClient(loop: loop, limits: ordered)
    }

    /// Drops all connections. Who waits for a key is told so, unless another parent has been asked
    /// in this one's place.
    func close(isReplaced: Bool) {
        isClosed = true
        self.isReplaced = isReplaced
        retryTimer?.cancel()
        readClient.close()
        writeClient.close()
    }

    func fetch(_ key: [UInt8], completion: @escaping (FetchOutcome) -> Void) {
        let dialect = parent.dialect
        readClient.send(
            authorized(dialect.fetchRequest(key)), to: parent.endpoint,
            timeoutMilliseconds: Self.answerMilliseconds
        ) { [self] result in
            guard !isReplaced else { return }
            switch result {
            case .success(let response): dialect.withFetchOutcome(of: response, completion)
            case .failure(let error): completion(.unavailable(Self.reason(error, parent)))
            }
        }
    }

    /// Nodes of the earlier systems know no tokens, and get none.
    private func authorized(_ request: HTTPClientRequest) -> HTTPClientRequest {
        guard parent.api == .canopy else { return request }
        var request = request
        request.fieldLines += authorization()
        return request
    }

    // MARK: Writing

    func onQueued() {
        guard !isClosed, retryTimer == nil else { return }
        while let sending = queue.next(window: parent.window) {
            writeClient.send(
                authorized(parent.dialect.request(for: sending.write)), to: parent.endpoint,
                timeoutMilliseconds: Self.answerMilliseconds
            ) { [self] in onAnswer($0, to: sending) }
        }
    }

    private func onAnswer(
        _ result: Result<HTTPClientResponse, HTTPClientError>, to sending: UpwardQueue.Sending
    ) {
        guard !isClosed, queue.isCurrent(sending) else { return }
        switch result {
        case .failure(let error): onFailure(Self.reason(error, parent))
        case .success(let response):
            switch parent.dialect.writeAnswer(of: response) {
            case .accepted:
                queue.removeFirst()
                onParentAnswers()
                delegate?.onAccepted(sending.write, number: sending.number)
                onQueued()
            case .refused(let status, let detail):
                queue.removeFirst()
                onParentAnswers()
                log.warning(
                    "the parent refused a write for good; it is withdrawn here too",
                    ["status": .int(status), "detail": .string(detail)])
                delegate?.onRefused(
                    sending.write, number: sending.number, status: status, detail: detail)
                onQueued()
            case .busy(let reason):
                onFailure("\(parent.name) at \(parent.endpoint): \(reason)")
            }
        }
    }

    private func onParentAnswers() {
        guard awayReason != nil else { return }
        awayReason = nil
        log.info("the parent answers again", ["queued": .int(queue.count)])
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
            onQueued()
        }
        delegate?.onUnconfirmed(reason)
    }

    private static func reason(_ error: HTTPClientError, _ parent: Ancestor) -> String {
        "the parent \(parent.name) at \(parent.endpoint) does not answer: \(error.sentence)"
    }
}
