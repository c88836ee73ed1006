import UVHTTP

/// One attempt to attach to a parent by a link, and the session that comes of it: dials, says
/// HELLO, then takes the parent's messages to the keyspace and the keyspace's to the parent, and
/// keeps asking how fresh the parent is. It lives until it is over, whether anybody holds it or
/// not.
final class ParentSession: ParentDial, LinkStreamOwner {
    private let loop: any EventLoop
    private let metrics: UnsafeMutablePointer<Metrics>
    private let name: [UInt8]
    private let parentName: [UInt8]
    private let queuedBytesMax: Int
    private let request: UpgradeRequest
    private weak var delegate: (any LinkDelegate)?
    /// Who is told how it goes; nil when nobody is to be told any more.
    private var onEvent: ((ParentDialEvent) -> Void)?
    private var stream: LinkStream?
    @exclusivity(unchecked) private var decoder: LinkDecoder
    @exclusivity(unchecked) private var state = ParentSessionState()
    private var watchTimer: (any LoopTimer)?
    private var renewTimer: (any LoopTimer)?

    /// `name` is this node's own, `parentName` whom it expects: whoever else answers there may even
    /// be below this node. `queuedBytesMax` bytes may wait for the parent, or it is taken
    /// for one that doesn't drain. `authorization` is the field line by which this node proves that
    /// it belongs to the tree.
    init(
        to endpoint: Endpoint, named parentName: String, name: String, loop: any EventLoop,
        limits: HTTPLimits,
        queuedBytesMax: Int? = nil, metrics: UnsafeMutablePointer<Metrics>,
        authorization: [UInt8] = [], delegate: any LinkDelegate
    ) {
        self.loop = loop
        self.metrics = metrics
        self.name = Array(name.utf8)
        self.parentName = Array(parentName.utf8)
        self.delegate = delegate
        self.queuedBytesMax =
            queuedBytesMax
            ?? LinkOutput.defaultQueuedBytesMax(bodyBytesMax: limits.bodyBytesMax)
        decoder = LinkDecoder(
            openingType: LinkFrames.welcome, bodyBytesMax: limits.bodyBytesMax)
        var dialLimits = limits
        dialLimits.connectMilliseconds = ParentSessionState.connectMilliseconds
        request = UpgradeRequest(
            to: LinkFrames.protocolName, target: LinkFrames.target, at: endpoint,
            fieldLines: authorization, loop: loop, limits: dialLimits)
    }

    /// Begins; once at most. `onEvent` is told, in later events, of the session's beginning and its
    /// end, or why there is none; the keyspace hears of either before that.
    func start(onEvent: @escaping (ParentDialEvent) -> Void) {
        self.onEvent = onEvent
        request.start(timeoutMilliseconds: ParentSessionState.dialMilliseconds) { [self] stream in
            onSwitched(stream)
        } onFailure: { [self] failure in
            onDialFailed(failure)
        }
    }

    /// Bytes that the parent has not taken yet.
    var queuedBytes: Int { stream?.queuedBytes ?? 0 }

    /// Ends it for its owner, who is told nothing more; the keyspace is, in a later event, if it
    /// was attached.
    func close(reason: String) {
        onEvent = nil
        request.cancel()
        stream?.end(reason: reason)
    }

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
            handler.send(.hello(origin: greeting.origin, shown: greeting.shown, name: $0))
        }
        watch()
        return handler
    }

    private func onDialFailed(_ failure: UpgradeFailure) {
        switch failure {
        case .answered(let status):
            tellEnd(.notALink(status: status))
        case .failed(let error): tellEnd(.failed(error.sentence))
        }
    }

    func onBytes(_ bytes: UnsafeRawBufferPointer) throws(LinkFault) {
        // Once for all frames: a weak reference costs more than a frame.
        guard let stream, let delegate else { return }
        state.onHeard(now: loop.nowMilliseconds)
        try takeFrames(of: bytes, stream, delegate)
    }

    /// Not inlined: what a function is given needs no counting for each frame.
    @inline(never)
    private func takeFrames(
        of bytes: UnsafeRawBufferPointer, _ stream: LinkStream, _ delegate: any LinkDelegate
    ) throws(LinkFault) {
        var rest = bytes
        while !stream.hasEnded, let frame = try decoder.next(&rest) {
            metrics.pointee.linkFramesReceived &+= 1
            if frame.type == LinkFrames.commit {
                delegate.onCommit(try CommitMessage(frame), from: stream)
            } else {
                onMessage(try DownMessage.decode(frame), stream, delegate)
            }
        }
    }

    private func onMessage(
        _ message: DownMessage, _ stream: LinkStream, _ delegate: any LinkDelegate
    ) {
        var renewMilliseconds: UInt64 = 0
        switch message {
        case .welcome(let welcome): return onWelcome(welcome, stream, delegate)
        case .fresh(let token, _, _):
            guard let sentMilliseconds = state.onFresh(token) else {
                return stream.end(reason: "the parent answers a RENEW that wasn't sent")
            }
            renewMilliseconds = sentMilliseconds
        default: break
        }
        delegate.onMessage(message, from: stream, renewMilliseconds: renewMilliseconds)
    }

    private func onWelcome(
        _ welcome: WelcomeMessage, _ stream: LinkStream, _ delegate: any LinkDelegate
    ) {
        guard welcome.name.elementsEqual(parentName) else {
            return stream.end(reason: "it is \(EscapedText.quotedIfNeeded(welcome.name.text))")
        }
        guard let helloMilliseconds = state.onWelcome() else { return }
        watchTimer?.cancel()
        watch()
        let interval = ParentSessionState.renewMilliseconds(
            maxStalenessMilliseconds: welcome.policy.maxStalenessMilliseconds)
        renewTimer = loop.startTimer(
            afterMilliseconds: interval, repeatMilliseconds: interval
        ) { [self] in renew() }
        delegate.onParentAttached(stream, welcome, helloMilliseconds: helloMilliseconds)
        onEvent?(.attached)
    }

    private func renew() {
        guard let token = state.renew(now: loop.nowMilliseconds) else { return }
        stream?.send(.renew(token: token))
    }

    func onEnded(reason: String) {
        watchTimer?.cancel()
        renewTimer?.cancel()
        guard let stream, let end = state.onEnded(reason) else { return }
        self.stream = nil
        if case .ended = end { delegate?.onParentDetached(stream, reason: reason) }
        tellEnd(end)
    }

    private func tellEnd(_ end: ParentDialEvent) {
        let onEvent = onEvent
        self.onEvent = nil
        onEvent?(end)
    }

    // MARK: Time

    private func watch() {
        let now = loop.nowMilliseconds
        guard let patience = state.patience(now: now) else { return }
        watchTimer = loop.startTimer(
            afterMilliseconds: patience, repeatMilliseconds: 0
        ) { [self] in
            // After a standstill of this process, it must first read what has come meanwhile.
            loop.schedule { [self] in onTimer(dueMilliseconds: now + patience) }
        }
    }

    private func onTimer(dueMilliseconds: UInt64) {
        guard let stream, !stream.hasEnded else { return }
        let now = loop.nowMilliseconds
        state.onTimer(now: now, dueMilliseconds: dueMilliseconds)
        guard state.patience(now: now) == 0 else { return watch() }
        let isAttached = state.phase == .attached
        stream.end(reason: isAttached ? "the parent is silent" : "the parent says no WELCOME")
    }
}
