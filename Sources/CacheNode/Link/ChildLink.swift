import UVHTTP

/// One child's link, from the upgrade to the end: waits for HELLO, then takes the child's messages
/// to the keyspace, and the keyspace's to the child.
final class ChildLink: ChildPort, LinkStreamOwner {
    private let server: LinkServer
    private let loop: any EventLoop
    private let stream: LinkStream
    @exclusivity(unchecked) private var decoder: LinkDecoder
    @exclusivity(unchecked) private var state: ChildLinkState
    private var timer: (any LoopTimer)?
    /// Where the server keeps this link.
    var indexInServer = 0
    /// The child's name; empty before HELLO.
    private(set) var name = ""
    /// When it said HELLO, by the loop's clock.
    private(set) var attachedMilliseconds: UInt64 = 0

    init(server: LinkServer, stream: LinkStream, loop: any EventLoop, bodyBytesMax: Int) {
        self.server = server
        self.stream = stream
        self.loop = loop
        decoder = LinkDecoder(openingType: LinkFrames.hello, bodyBytesMax: bodyBytesMax)
        state = ChildLinkState(now: loop.nowMilliseconds)
        watch()
    }

    var isAttached: Bool { state.child != nil }

    /// Bytes that the child has not taken yet.
    var queuedBytes: Int { stream.queuedBytes }

    /// Ends the link; the keyspace is told of it if the child was attached.
    func end(reason: String) { stream.end(reason: reason) }

    // MARK: ChildPort

    func send(_ message: DownMessage) { stream.send(message) }
    func send(_ commit: CommitMessage) { stream.send(commit) }

    func sendAccept(count: UInt64) { stream.sendAccept(count: count) }

    func close(reason: String) {
        state.onClosedByKeyspace()
        stream.end(reason: reason)
    }

    // MARK: Events

    func onBytes(_ bytes: UnsafeRawBufferPointer) throws(LinkFault) {
        // Once for all frames: a weak reference costs more than a frame.
        guard let delegate = server.delegate else {
            return stream.end(reason: "this node stops")
        }
        state.onHeard(now: loop.nowMilliseconds)
        var rest = bytes
        while !stream.hasEnded, let frame = try decoder.next(&rest) {
            server.metrics.pointee.linkFramesReceived &+= 1
            if let child = state.child {
                if frame.type == LinkFrames.put {
                    delegate.onPut(try PutMessage(frame), from: child)
                } else {
                    delegate.onMessage(try UpMessage.decode(frame), from: child)
                }
            } else if case .hello(let origin, let shown, let name) = try UpMessage.decode(frame) {
                onHello(origin, shown, name, delegate)
            }
        }
    }

    private func onHello(
        _ origin: UInt64, _ shown: Version, _ name: UnsafeRawBufferPointer,
        _ delegate: any LinkDelegate
    ) {
        self.name = name.text
        attachedMilliseconds = loop.nowMilliseconds
        state.onAttached(
            delegate.onChildAttached(self, origin: origin, shown: shown, name: name))
        server.onAttached(self, peer: stream.peer)
        timer?.cancel()
        watch()
    }

    func onEnded(reason: String) {
        timer?.cancel()
        server.onEnded(self, reason: reason)
        if let child = state.onEnded() { server.delegate?.onChildDetached(child) }
    }

    // MARK: Time

    private func watch() {
        let now = loop.nowMilliseconds
        guard let patience = state.patience(now: now) else { return }
        timer = loop.startTimer(
            afterMilliseconds: patience, repeatMilliseconds: 0
        ) { [self] in
            // After a standstill of this process, it must first read what has come meanwhile.
            loop.schedule { [self] in onTimer(dueMilliseconds: now + patience) }
        }
    }

    private func onTimer(dueMilliseconds: UInt64) {
        guard !stream.hasEnded else { return }
        let now = loop.nowMilliseconds
        state.onTimer(now: now, dueMilliseconds: dueMilliseconds)
        guard state.patience(now: now) == 0 else { return watch() }
        stream.end(reason: isAttached ? "the child is silent" : "the child says no HELLO")
    }
}
