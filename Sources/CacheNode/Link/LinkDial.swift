import UVHTTP

/// A dial of an ancestor's link. It stands between its session and the keyspace: the ancestor must
/// be who it is meant to be, and once the dial is closed the keyspace hears nothing of it any more.
final class LinkDial: ParentDial, ParentLinkDelegate {
    private let ancestor: Ancestor
    private weak var keyspace: (any ParentLinkDelegate)?
    private var onEvent: ((ParentDialEvent) -> Void)?
    private var session: ParentSession?
    private var isAttached = false

    init(
        to ancestor: Ancestor, keyspace: any ParentLinkDelegate,
        onEvent: @escaping (ParentDialEvent) -> Void
    ) {
        self.ancestor = ancestor
        self.keyspace = keyspace
        self.onEvent = onEvent
    }

    /// Begins; `makeSession` makes the session that tells its delegate, which is this dial.
    func start(_ makeSession: (any ParentLinkDelegate) -> ParentSession) {
        let session = makeSession(self)
        self.session = session
        session.start { [weak self] in self?.onOutcome($0) }
    }

    func close(reason: String) {
        onEvent = nil
        session?.close()
        session = nil
    }

    private func onOutcome(_ outcome: ParentSessionOutcome) {
        session = nil
        let onEvent = onEvent
        self.onEvent = nil
        switch outcome {
        case .notALink(let status): onEvent?(.notALink(status: status))
        case .failed(let reason): onEvent?(.failed(reason))
        case .ended(let reason): onEvent?(isAttached ? .ended(reason) : .failed(reason))
        }
    }

    // MARK: The session

    var greeting: (origin: UInt64, shown: Version) { keyspace?.greeting ?? (0, .none) }

    func onParentAttached(
        _ port: any ParentPort, _ welcome: WelcomeMessage, helloMilliseconds: UInt64
    ) {
        guard let onEvent else { return }
        guard welcome.name.elementsEqual(ancestor.name.utf8) else {
            return port.close(
                reason: "\(EscapedText.quotedIfNeeded(welcome.name.text)) answers there")
        }
        isAttached = true
        keyspace?.onParentAttached(port, welcome, helloMilliseconds: helloMilliseconds)
        onEvent(.attached)
    }

    func onMessage(
        _ message: DownMessage, from port: any ParentPort, renewMilliseconds: UInt64
    ) {
        guard isAttached, onEvent != nil else { return }
        keyspace?.onMessage(message, from: port, renewMilliseconds: renewMilliseconds)
    }

    func onParentDetached(_ port: any ParentPort, reason: String) {
        guard isAttached, onEvent != nil else { return }
        keyspace?.onParentDetached(port, reason: reason)
    }
}
