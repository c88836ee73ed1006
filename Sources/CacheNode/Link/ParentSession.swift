import UVHTTP

/// One attempt to attach to a parent by a link, and the session that comes of it: dials, says
/// HELLO, then takes the parent's messages to the keyspace and the keyspace's to the parent, and
/// keeps asking how fresh the parent is. It lives until it is over, whether anybody holds it or not.
final class ParentSession: ParentPort, LinkStreamOwner {
    private let loop: any EventLoop
    private let metrics: UnsafeMutablePointer<Metrics>
    private let name: [UInt8]
    private let queuedBytesMax: Int
    private let request: UpgradeRequest
    private weak var delegate: (any LinkDelegate)?
    /// Who is told how it ended; nil when nobody is to be told any more.
    private var onOutcome: ((ParentSessionOutcome) -> Void)?
    private var stream: LinkStream?
    @exclusivity(unchecked) private var decoder: LinkDecoder<DownMessage>
    @exclusivity(unchecked) private var state = ParentSessionState()
    private var watchTimer: (any LoopTimer)?
    private var renewTimer: (any LoopTimer)?

    /// `name` is this node's own. `queuedBytesMax` bytes may wait for the parent, or it is taken for
    /// one that doesn't drain.
    init(
        to endpoint: Endpoint, name: String, loop: any EventLoop, limits: HTTPLimits,
        queuedBytesMax: Int? = nil, metrics: UnsafeMutablePointer<Metrics>,
        delegate: any LinkDelegate
    ) {
        self.loop = loop
        self.metrics = metrics
        self.name = Array(name.utf8)
        self.delegate = delegate
        self.queuedBytesMax =
            queuedBytesMax
            ?? LinkOutput.defaultQueuedBytesMax(bodyBytesMax: limits.bodyBytesMax)
        decoder = LinkDecoder(bodyBytesMax: limits.bodyBytesMax)
        var dialLimits = limits
        dialLimits.connectMilliseconds = ParentSessionState.connectMilliseconds
        request = UpgradeRequest(
            to: LinkFrames.protocolName, target: LinkFrames.target, at: endpoint, loop: loop,
            limits: dialLimits)
    }

    /// Begins; once at most. `onOutcome` is called when it is over, once, in a later event, unless
    /// `close()` comes first. The keyspace hears of an end before that.
    func start(onOutcome: @escaping (ParentSessionOutcome) -> Void) {
        self.onOutcome = onOutcome
        request.start(timeoutMilliseconds: ParentSessionState.dialMilliseconds) { [self] stream in
            onSwitched(stream)
        } onFailure: { [self] failure in
            onDialFailed(failure)
        }
    }

    /// Bytes that the parent has not taken yet.
    var queuedBytes: Int { stream?.queuedBytes ?? 0 }

    /// Ends it for its owner, who is told nothing more; the keyspace is, in a later event, if it was
    /// attached.
    func close() {
        onOutcome = nil
        request.cancel()
        stream?.end(reason: "this node left the parent")
    }

    // MARK: ParentPort

    func send(_ message: UpMessage) { stream?.send(message) }

    func close(reason: String) { stream?.end(reason: reason) }

    // MARK: Events

    private func onSwitched(_ stream: any ByteStream) -> any StreamHandler {
        let output = LinkOutput(
            stream: stream, loop: loop, queuedBytesMax: queuedBytesMax, metrics: metrics)
        let handler = LinkStream(
            stream: stream, output: output, metrics: metrics, peerNoun: "the parent")
        handler.start(self)
        self.stream = handler
        state.onSwitched(now: loop.nowMilliseconds)
        guard let greeting = delegate?.greeting else {
            handler.end(reason: "this node stops")
            return handler
        }
        name.withUnsafeBytes {
            handler.send(
                UpMessage.hello(origin: greeting.origin, shown: greeting.shown, name: $0))
        }
        watch()
        return handler
    }

    private func onDialFailed(_ failure: UpgradeFailure) {
        switch failure {
        case .answered(let status):
            _ = state.onEnded("")
            tell(.notALink(status: status))
        case .failed(let error):
            if let outcome = state.onEnded(error.sentence) { tell(outcome) }
        }
    }

    func onBytes(_ bytes: UnsafeRawBufferPointer) throws(LinkFault) {
        state.onHeard(now: loop.nowMilliseconds)
        var rest = bytes
        while let stream, !stream.hasEnded, let message = try decoder.next(&rest) {
            metrics.pointee.linkFramesReceived &+= 1
            switch message {
            case .fresh(let token, _, _):
                guard let renewMilliseconds = state.onFresh(token) else {
                    stream.end(reason: "the parent answers a question that wasn't asked")
                    return
                }
                delegate?.onMessage(
                    message, from: self, renewMilliseconds: renewMilliseconds)
            case .welcome(let welcome): onWelcome(welcome)
            default: delegate?.onMessage(message, from: self, renewMilliseconds: 0)
            }
        }
    }

    private func onWelcome(_ welcome: WelcomeMessage) {
        guard let helloMilliseconds = state.onWelcome() else { return }
        watchTimer?.cancel()
        watch()
        let interval = ParentSessionState.renewMilliseconds(
            maxStalenessMilliseconds: welcome.policy.maxStalenessMilliseconds)
        renewTimer = loop.startTimer(
            afterMilliseconds: interval, repeatMilliseconds: interval
        ) { [weak self] in self?.renew() }
        delegate?.onParentAttached(self, welcome, helloMilliseconds: helloMilliseconds)
    }

    private func renew() {
        guard let token = state.renew(now: loop.nowMilliseconds) else { return }
        stream?.send(UpMessage.renew(token: token))
    }

    func onEnded(reason: String) {
        watchTimer?.cancel()
        renewTimer?.cancel()
        stream = nil
        guard let outcome = state.onEnded(reason) else { return }
        if case .ended = outcome { delegate?.onParentDetached(self, reason: reason) }
        tell(outcome)
    }

    private func tell(_ outcome: ParentSessionOutcome) {
        let onOutcome = onOutcome
        self.onOutcome = nil
        onOutcome?(outcome)
    }

    // MARK: Time

    private func watch() {
        guard let patience = state.patience(now: loop.nowMilliseconds) else { return }
        watchTimer = loop.startTimer(
            afterMilliseconds: patience, repeatMilliseconds: 0
        ) { [weak self] in
            // A process that stood still must first read what has come meanwhile.
            self?.loop.schedule { self?.onTimer() }
        }
    }

    private func onTimer() {
        guard let stream, !stream.hasEnded else { return }
        guard state.patience(now: loop.nowMilliseconds) == 0 else { return watch() }
        let isAttached = state.phase == .attached
        stream.end(reason: isAttached ? "the parent is silent" : "the parent says no WELCOME")
    }
}
