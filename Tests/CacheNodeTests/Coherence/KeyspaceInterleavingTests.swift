import Simulation
import Testing

@testable import CacheNode

/// What may happen next to the one key.
private enum Event: CaseIterable {
    case read, put, delete
    /// The parent takes, or refuses, the oldest write.
    case accept, refuse
    /// The oldest fetch is answered with what the parent had when it was asked, or has now.
    case answerEarly, answerLate
    case unavailable
    /// The latest of several fetches overtakes the others.
    case answerLatestFirst
    case evict
}

/// One key of a node whose parent nobody else writes to: a model of what may be held and read,
/// beside the real keyspace.
private final class Story {
    private let node: KeyspaceHarness
    private static let key = "k"
    /// What the parent has; nil is absence.
    private var parentValue: String?
    /// Written here and not decided by the parent, oldest first.
    private var pending: [String?] = []
    /// What the parent had when each open fetch was sent.
    private var asked: [String?] = []
    /// Each state that this node's view of the key has had, or the parent's.
    private var states: [String?] = []
    private var writeCount = 0
    private var reads = 0
    private var answers = 0
    private(set) var problems: [String] = []

    init(_ node: KeyspaceHarness, parentValue: String?) {
        self.node = node
        self.parentValue = parentValue
        node.store.removeAll()
        states = [parentValue]
    }

    func canHappen(_ event: Event) -> Bool {
        switch event {
        case .read: node.held(Self.key) == nil
        case .put, .delete: true
        case .accept, .refuse: !pending.isEmpty
        case .answerEarly, .unavailable: !asked.isEmpty
        // The same as an early answer unless the parent's value has changed.
        case .answerLate: asked.first.map { $0 != parentValue } ?? false
        case .answerLatestFirst: asked.count > 1
        case .evict: !node.store.candidate().isNone
        }
    }

    func happen(_ event: Event) {
        switch event {
        case .read: read()
        case .put:
            writeCount += 1
            node.put(Self.key, "p\(writeCount)")
            pending.append("p\(writeCount)")
        case .delete:
            node.delete(Self.key)
            pending.append(nil)
        case .accept:
            parentValue = pending.removeFirst()
            node.parent.acceptOldest()
        case .refuse:
            pending.removeFirst()
            node.parent.refuseOldest()
        case .answerEarly: node.parent.answer(asked.removeFirst().map(bytes))
        case .answerLate:
            asked.removeFirst()
            node.parent.answer(parentValue.map(bytes))
        case .unavailable:
            asked.removeFirst()
            node.parent.answerUnavailable()
        case .answerLatestFirst:
            let value = asked.removeLast()
            node.parent.answer(at: asked.count, value.map(bytes))
        case .evict: node.store.cache.pointee.remove(node.store.candidate())
        }
        states.append(pending.last ?? parentValue)
        check(event)
    }

    private func read() {
        reads += 1
        let begin = states.count - 1
        var isAnswered = false
        let fetchCount = node.parent.fetchCount
        node.read(Self.key) { [self] outcome in
            if isAnswered { problems.append("a reader was answered twice") }
            isAnswered = true
            answers += 1
            let value: String?
            switch outcome {
            case .unavailable: return
            case .absent: value = nil
            case .value(let text): value = text
            }
            if !states[begin...].contains(value) {
                problems.append("a reader got \(value ?? "absence"), which was over when it asked")
            }
        }
        if node.parent.fetchCount > fetchCount { asked.append(parentValue) }
    }

    private func check(_ event: Event) {
        let held = node.held(Self.key)
        if let last = pending.last {
            if held != Self.copy(last) { problems.append("\(event): not its own last write") }
        } else if let held {
            if held == .absent || held != Self.copy(parentValue) {
                problems.append("\(event): holds \(held), the parent \(parentValue ?? "nothing")")
            }
            if node.store.uncommitted(bytes(Self.key)) != 0 {
                problems.append("\(event): pinned without a write that waits")
            }
        }
        if asked.count != node.parent.fetches.count { problems.append("\(event): lost a fetch") }
    }

    /// Lets everything end, and looks at what is left.
    func finish() {
        while !asked.isEmpty { happen(.answerEarly) }
        while !pending.isEmpty { happen(.accept) }
        if answers != reads { problems.append("\(reads) readers got \(answers) answers") }
        if node.held(Self.key) != nil, node.store.candidate().isNone {
            problems.append("what is held can't be evicted")
        }
    }

    private static func copy(_ value: String?) -> ReadCopy { value.map { .value($0) } ?? .absent }
}

@Suite struct KeyspaceInterleavingTests {
    /// Every order of so many events, tried one after the other: never is anything older than this
    /// node's own last write held or shown, nothing stays pinned, and every reader is answered
    /// once.
    @Test(arguments: [nil, "v"] as [String?]) func noOrderOfEventsShowsTheOld(value: String?) throws
    {
        let node = try KeyspaceHarness()
        var storyCount = 0
        var path: [Event] = []
        func tell(_ depth: Int) {
            let soFar = Story(node, parentValue: value)
            for event in path { soFar.happen(event) }
            let next = Event.allCases.filter { soFar.canHappen($0) }
            soFar.finish()
            for event in next {
                path.append(event)
                defer { path.removeLast() }
                if depth > 1 {
                    tell(depth - 1)
                    continue
                }
                storyCount += 1
                let story = Story(node, parentValue: value)
                for event in path { story.happen(event) }
                story.finish()
                if !story.problems.isEmpty { Issue.record("\(path): \(story.problems)") }
            }
        }
        tell(scaled(debug: 6, release: 7))
        #expect(storyCount > 3000)
    }

    /// Longer stories, drawn at random.
    @Test(arguments: 0..<8) func noLongStoryShowsTheOld(seed: UInt64) throws {
        let node = try KeyspaceHarness()
        var random = SimRandom(seed: seed)
        for _ in 0..<100 {
            let story = Story(node, parentValue: Bool.random(using: &random) ? "v" : nil)
            var path: [Event] = []
            for _ in 0..<40 {
                let events = Event.allCases.filter { story.canHappen($0) }
                guard let event = events.randomElement(using: &random) else { break }
                path.append(event)
                story.happen(event)
            }
            story.finish()
            if !story.problems.isEmpty { Issue.record("\(path): \(story.problems)") }
        }
    }
}
