import Simulation
import UVHTTP

@testable import CacheNode

/// A session of a link: two queues of frames in memory, each delivered in order, at any time.
final class ModelSession {
    unowned let model: CoherenceModel
    unowned let child: ModelNode
    unowned let parent: ModelNode
    private let childIncarnation: Int
    private let parentIncarnation: Int
    /// Frames under way; nil is the end.
    private(set) var ups: [[UInt8]?] = []
    private(set) var downs: [[UInt8]?] = []
    private var lastUp: UInt64 = 0
    private var lastDown: UInt64 = 0
    /// Nothing arrives before this time, in microseconds.
    private var stalledUntil: UInt64 = 0
    private var isChildOpen = true
    private var isParentOpen = true
    private(set) var childID: ChildID?
    private var helloMilliseconds: UInt64 = 0
    private var renewals: [UInt32: UInt64] = [:]
    private var lastToken: UInt32 = 0

    init(_ model: CoherenceModel, child: ModelNode, parent: ModelNode) {
        self.model = model
        self.child = child
        self.parent = parent
        childIncarnation = child.incarnation
        parentIncarnation = parent.incarnation
    }

    private var isChildThere: Bool {
        isChildOpen && child.isUp && child.incarnation == childIncarnation
    }

    private var isParentThere: Bool {
        isParentOpen && parent.isUp && parent.incarnation == parentIncarnation
    }

    var isOver: Bool { !isChildThere && !isParentThere }

    /// Frames under way that aren't the small talk of an idle link.
    var isBusy: Bool {
        let idle: Set<UInt8> = [LinkFrames.renew, LinkFrames.fresh, LinkFrames.flush]
        return ups.contains { $0.map { !idle.contains($0[4]) } ?? true }
            || downs.contains { $0.map { !idle.contains($0[4]) } ?? true }
    }

    func dial() {
        helloMilliseconds = child.host.loop.nowMilliseconds
        let (origin, shown) = child.keyspace.greeting
        child.keyspace.name.withUnsafeBytes {
            sendUp(.hello(origin: origin, shown: shown, name: $0))
        }
    }

    func renew() {
        lastToken += 1
        renewals[lastToken] = child.host.loop.nowMilliseconds
        sendUp(.renew(token: lastToken))
    }

    func stall(milliseconds: UInt64) {
        stalledUntil = model.world.nowMicroseconds + milliseconds * 1000
    }

    // MARK: Sending

    fileprivate func sendUp(_ message: UpMessage) {
        if isChildOpen { queueUp(modelFrame(message)) }
    }

    fileprivate func sendDown(_ message: DownMessage) {
        guard isParentOpen else { return }
        if case .commit(let commit) = message { model.truth.onCommitSent(commit) }
        queueDown(modelFrame(message))
    }

    private func queueUp(_ frame: [UInt8]?) {
        ups.append(frame)
        lastUp = arrival(lastUp)
        model.world.after(microseconds: lastUp - model.world.nowMicroseconds) { [self] in
            deliverUp()
        }
    }

    private func queueDown(_ frame: [UInt8]?) {
        downs.append(frame)
        lastDown = arrival(lastDown)
        model.world.after(microseconds: lastDown - model.world.nowMicroseconds) { [self] in
            deliverDown()
        }
    }

    private func arrival(_ last: UInt64) -> UInt64 {
        let delay = model.world.random.within(model.setup.delays)
        return max(last, model.world.nowMicroseconds + delay, stalledUntil)
    }

    // MARK: Ends

    /// The child's side ends; the parent hears of it behind what is still under way.
    func closeFromChild() {
        guard isChildOpen else { return }
        isChildOpen = false
        if model.world.random.oneIn(2) {
            ups.removeLast(model.world.random.below(ups.count + 1))
        }
        queueUp(nil)
    }

    func closeFromParent() {
        guard isParentOpen else { return }
        isParentOpen = false
        childID = nil
        if model.world.random.oneIn(2) {
            downs.removeLast(model.world.random.below(downs.count + 1))
        }
        queueDown(nil)
    }

    /// The parent's side notices that the session is over.
    func failAtParent() {
        guard isParentThere else { return }
        let id = childID
        closeFromParent()
        if let id { parent.keyspace.onChildDetached(id) }
        model.afterStep(parent)
    }

    /// The child's side notices that the session is over.
    func failAtChild() {
        guard isChildThere else { return }
        closeFromChild()
        if child.dialing === self { child.dialing = nil }
        if child.session === self {
            child.session = nil
            child.keyspace.onParentDetached(
                parentPort, reason: "the connection was closed")
        }
        model.afterStep(child)
    }

    // MARK: Arrivals

    private func deliverUp() {
        guard !ups.isEmpty else { return }
        if ups[0] == nil { model.trace("\(parent.index) hears the end of \(child.index)") }
        guard let frame = ups.removeFirst() else { return failAtParent() }
        guard isParentThere else { return closeFromParent() }
        withFrame(frame) { bytes, count in
            guard let message = try? UpMessage.decode(LinkFrame(bytes, byteCount: count)) else {
                return model.report("a frame of \(child.index) can't be decoded")
            }
            model.trace("\(parent.index) gets \(ModelTrace.text(message)) from \(child.index)")
            if case .hello(let origin, let shown, let name) = message {
                // As `LinkRoute`: nobody learns a policy from a node that has none.
                guard parent.keyspace.hasJoined else { return closeFromParent() }
                childID = parent.keyspace.onChildAttached(
                    ModelChildPort(self), origin: origin, shown: shown, name: name)
            } else if let childID {
                model.truth.onArrival(message, at: parent)
                parent.keyspace.onMessage(message, from: childID)
            }
        }
        model.afterStep(parent)
    }

    private func deliverDown() {
        guard !downs.isEmpty else { return }
        if downs[0] == nil { model.trace("\(child.index) hears the end of \(parent.index)") }
        guard let frame = downs.removeFirst() else { return failAtChild() }
        guard isChildThere else { return closeFromChild() }
        guard child.session === self || child.dialing === self else { return }
        withFrame(frame) { bytes, count in
            guard let message = try? DownMessage.decode(LinkFrame(bytes, byteCount: count)) else {
                return model.report("a frame of \(parent.index) can't be decoded")
            }
            receive(message)
        }
        model.afterStep(child)
    }

    /// The one port by which the child knows this session.
    private lazy var parentPort = ModelParentPort(self)

    private func receive(_ message: DownMessage) {
        model.trace("\(child.index) gets \(ModelTrace.text(message)) from \(parent.index)")
        switch message {
        case .welcome(let welcome):
            let earlier = child.session
            child.session = self
            child.dialing = nil
            child.keyspace.onParentAttached(
                parentPort, welcome, helloMilliseconds: helloMilliseconds)
            earlier?.closeFromChild()
        case .fresh(let token, _, _):
            guard let sent = renewals.removeValue(forKey: token) else {
                return model.report("FRESH without RENEW")
            }
            child.keyspace.onMessage(message, from: parentPort, renewMilliseconds: sent)
        default: child.keyspace.onMessage(message, from: parentPort, renewMilliseconds: 0)
        }
    }

    /// The bytes behind the length lie in memory of their own size, so that a sanitizer sees who
    /// reads too far.
    private func withFrame(_ frame: [UInt8], _ body: (UnsafeRawPointer, Int) -> Void) {
        let memory = UnsafeMutableRawBufferPointer.allocate(
            byteCount: frame.count - 4, alignment: 1)
        defer { memory.deallocate() }
        frame.withUnsafeBytes {
            memory.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[4...]))
        }
        if let start = memory.baseAddress { body(UnsafeRawPointer(start), memory.count) }
    }
}

private func modelFrame(_ message: UpMessage) -> [UInt8] {
    var queue = ByteQueue()
    message.append(to: &queue)
    return Array(queue.readable)
}

private func modelFrame(_ message: DownMessage) -> [UInt8] {
    var queue = ByteQueue()
    message.append(to: &queue)
    return Array(queue.readable)
}

/// What the parent's keyspace has of a session.
private final class ModelChildPort: ChildPort {
    private let session: ModelSession

    init(_ session: ModelSession) { self.session = session }

    func send(_ message: DownMessage) { session.sendDown(message) }

    func send(_ commit: CommitMessage) { send(.commit(commit)) }
    func sendAccept(count: UInt64) { send(.accept(count: count)) }

    func close(reason: String) {
        let reasons = ["the child has opened another session", "the root has another policy"]
        if !reasons.contains(reason) {
            session.model.report(
                "\(session.parent.index) ends the session of \(session.child.index): \(reason)")
        }
        session.closeFromParent()
    }
}

/// What the child's keyspace has of a session.
private final class ModelParentPort: ParentPort {
    private unowned let session: ModelSession

    init(_ session: ModelSession) { self.session = session }

    func send(_ message: UpMessage) { session.sendUp(message) }
    func send(_ put: PutMessage) { send(.put(put)) }

    func close(reason: String) {
        session.model.report("\(session.child.index) ends its session: \(reason)")
    }
}
