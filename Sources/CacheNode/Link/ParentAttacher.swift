import UVHTTP

/// One try to reach an ancestor by link, and the session that comes of it.
protocol ParentDial: AnyObject {
    /// Ends it. Nothing is told any more.
    func close(reason: String)
}

/// What a dial tells, never from inside the call that began it.
enum ParentDialEvent {
    /// The ancestor said WELCOME, and the keyspace has been told: the session has begun.
    case attached
    /// It answered with another status than 101.
    case notALink(status: Int)
    /// It could not be reached, or broke a rule before its WELCOME: a sentence.
    case failed(String)
    /// The session is over: a sentence.
    case ended(String)
}

/// Keeps a node attached: does what `ParentChoice` decides.
final class ParentAttacher {
    typealias Dialler = (Ancestor, @escaping (ParentDialEvent) -> Void) -> any ParentDial
    typealias PlainMaker = (Ancestor) -> HTTPParent

    private let loop: any EventLoop
    private let log: Log
    private let dialler: Dialler
    private let makePlain: PlainMaker
    private var choice: ParentChoice
    private var dials: [ParentChoice.DialID: any ParentDial] = [:]
    private var plain: HTTPParent?
    private var timer: (any LoopTimer)?
    private var isActing = false
    private var isClosed = false
    /// What is told about plain parents.
    weak var delegate: (any PlainParentDelegate & LinkDelegate)?
    /// Called when the node is attached to another ancestor, or to none.
    var onChange: (() -> Void)?

    /// `dialler` dials an ancestor's link, `makePlain` makes an ancestor the parent in plain HTTP.
    /// `seed` decides how pauses vary.
    init(
        loop: any EventLoop, log: Log, seed: UInt64, dialler: @escaping Dialler,
        makePlain: @escaping PlainMaker
    ) {
        self.loop = loop
        self.log = log
        self.dialler = dialler
        self.makePlain = makePlain
        choice = ParentChoice(seed: seed)
    }

    /// The ancestors from the parent up to the root, as the root told them last.
    var ancestors: [Ancestor] { choice.ancestors }
    /// To whom the node is attached.
    var attached: ParentChoice.Attached? { choice.attached }
    /// Why it is attached to nobody; a sentence.
    var problem: String? { choice.problem }

    /// The root's word on who is above, from the parent up to the root.
    func onPath(_ ancestors: [Ancestor]) {
        guard !isClosed else { return }
        choice.onPath(ancestors, now: loop.nowMilliseconds)
        act()
    }

    /// Ends all sessions and dials.
    func close() {
        isClosed = true
        timer?.cancel()
        timer = nil
        for (_, dial) in dials.sorted(by: { $0.key.number < $1.key.number }) {
            dial.close(reason: "this node stops")
        }
        dials.removeAll()
        plain?.close(isReplaced: false)
        plain = nil
    }

    // MARK: Acting

    private func onEvent(_ event: ParentDialEvent, of id: ParentChoice.DialID) {
        guard !isClosed, dials[id] != nil else { return }
        let now = loop.nowMilliseconds
        switch event {
        case .attached: choice.onWelcome(id, now: now)
        case .notALink(let status):
            dials[id] = nil
            choice.onAnswer(id, .status(status), now: now)
        case .failed(let reason):
            dials[id] = nil
            choice.onAnswer(id, .failed(reason), now: now)
        case .ended(let reason):
            dials[id] = nil
            choice.onEnded(id, reason: reason, now: now)
        }
        act()
    }

    /// Does what has been decided, also what is decided meanwhile: a step may lead to another.
    private func act() {
        guard !isActing else { return }
        isActing = true
        var hasChanged = false
        while !isClosed {
            let actions = choice.takeActions()
            if actions.isEmpty { break }
            for action in actions {
                if case .log = action { hasChanged = true }
                perform(action)
            }
        }
        isActing = false
        schedule()
        if hasChanged { onChange?() }
    }

    private func perform(_ action: ParentChoice.Action) {
        switch action {
        case .dial(let id, let ancestor):
            dials[id] = dialler(ancestor) { [weak self] in self?.onEvent($0, of: id) }
        case .close(let id, let reason): dials.removeValue(forKey: id)?.close(reason: reason)
        case .usePlain(let ancestor, let reason):
            plain?.close(isReplaced: true)
            let parent = makePlain(ancestor)
            plain = parent
            delegate?.onPlainParent(parent, reason: reason)
        case .leavePlain:
            plain?.close(isReplaced: choice.attached != nil)
            plain = nil
        case .detached(let reason): delegate?.onPlainParent(nil, reason: reason)
        case .log(let change): write(change)
        }
    }

    private func schedule() {
        timer?.cancel()
        timer = nil
        guard !isClosed, let deadline = choice.deadline else { return }
        let now = loop.nowMilliseconds
        timer = loop.startTimer(
            afterMilliseconds: deadline > now ? deadline - now : 0, repeatMilliseconds: 0
        ) { [self] in
            timer = nil
            choice.onTimer(now: loop.nowMilliseconds)
            act()
        }
    }

    private func write(_ change: ParentChoice.Change) {
        switch change {
        case .attached(let ancestor, let way, let reason):
            log.info(
                "attached",
                [
                    "parent": .string(ancestor.name),
                    "address": .string(ancestor.endpoint.description), "by": .string(way.rawValue),
                    "api": .string(ancestor.api.rawValue), "reason": .string(reason),
                ])
        case .lost(let ancestor, let reason):
            log.warning(
                "the parent is gone",
                [
                    "parent": .string(ancestor.name),
                    "address": .string(ancestor.endpoint.description), "reason": .string(reason),
                ])
        case .alone(let reason):
            log.warning(
                "attached to nobody; this node serves what it has", ["reason": .string(reason)])
        }
    }
}
