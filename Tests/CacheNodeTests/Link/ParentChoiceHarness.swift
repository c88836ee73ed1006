import Simulation
import Testing
import UVHTTP

@testable import CacheNode

/// How an ancestor answers a dial.
enum AncestorHealth: Equatable {
    /// WELCOME, after so many milliseconds.
    case links(after: UInt64)
    case answers(status: Int)
    case refuses
    /// Takes connections and says nothing: a stopped process, a machine without power.
    case silent
}

/// A choice among ancestors that are as a test says, in virtual time. NODE-1 is the root.
final class ParentChoiceHarness {
    private struct Event {
        let time: UInt64
        let order: Int
        let body: (ParentChoiceHarness) -> Void
    }

    private(set) var choice: ParentChoice
    private(set) var now: UInt64 = 10_000
    var health: [String: AncestorHealth] = [:]
    /// `+12 attached NODE-2 by link`, with the milliseconds since the last `mark`.
    private(set) var history: [String] = []
    private(set) var dialled: [String] = []
    /// Sessions and dials that are open.
    private(set) var open: [ParentChoice.DialID: Ancestor] = [:]
    private(set) var sessions: Set<ParentChoice.DialID> = []
    /// To whom the keyspace is attached, as it was told.
    private(set) var parent: String?
    private(set) var plain: String?
    private var events: [Event] = []
    private var eventCount = 0
    private var markedAt: UInt64 = 10_000

    init(seed: UInt64 = 1) { choice = ParentChoice(seed: seed) }

    static func ancestor(_ number: Int, api: NodeAPI = .canopy, isLive: Bool = true) -> Ancestor {
        Ancestor(
            name: "NODE-\(number)", slot: number,
            endpoint: Endpoint(host: "10.0.0.\(number)", port: 5000), api: api, isLive: isLive)
    }

    func path(_ numbers: [Int]) { path(numbers.map { Self.ancestor($0) }) }

    func path(_ ancestors: [Ancestor]) {
        choice.onPath(ancestors, now: now)
        act()
    }

    /// From now on history counts from here.
    func mark() {
        markedAt = now
        history.removeAll()
        dialled.removeAll()
    }

    /// An ancestor fails: its health changes, and its session ends after `milliseconds`.
    func fail(_ name: String, _ health: AncestorHealth, noticedAfter milliseconds: UInt64) {
        self.health[name] = health
        for (id, ancestor) in open where ancestor.name == name && sessions.contains(id) {
            after(milliseconds) { $0.end(id) }
        }
    }

    private func end(_ id: ParentChoice.DialID) {
        guard open.removeValue(forKey: id) != nil else { return }
        sessions.remove(id)
        if choice.attached?.session == id { parent = nil }
        choice.onEnded(id, reason: "silent", now: now)
        act()
    }

    func run(_ milliseconds: UInt64) {
        let end = now + milliseconds
        while true {
            let event = events.min { ($0.time, $0.order) < ($1.time, $1.order) }
            let timer = choice.deadline.map { max($0, now) }
            guard let next = [event?.time, timer].compactMap({ $0 }).min(), next <= end else {
                break
            }
            now = next
            if let event, event.time == next {
                events.removeAll { $0.order == event.order }
                event.body(self)
            } else {
                choice.onTimer(now: now)
                act()
            }
        }
        now = end
    }

    private func after(_ milliseconds: UInt64, _ body: @escaping (ParentChoiceHarness) -> Void) {
        eventCount += 1
        events.append(Event(time: now + milliseconds, order: eventCount, body: body))
    }

    private func act() {
        for action in choice.takeActions() { perform(action) }
    }

    private func perform(_ action: ParentChoice.Action) {
        switch action {
        case .dial(let id, let ancestor):
            open[id] = ancestor
            dialled.append(ancestor.name)
            answer(id, ancestor)
        case .close(let id, _):
            #expect(open[id] != nil, "closed twice, or never opened")
            open[id] = nil
            sessions.remove(id)
        case .usePlain(let ancestor, _):
            parent = ancestor.name
            plain = ancestor.name
        case .leavePlain:
            #expect(plain != nil)
            plain = nil
        case .detached:
            parent = nil
        case .log(let change): note(change)
        }
    }

    private func answer(_ id: ParentChoice.DialID, _ ancestor: Ancestor) {
        switch health[ancestor.name] ?? .links(after: 1) {
        case .silent: break
        case .refuses: after(1) { $0.finish(id, .failed("connection refused")) }
        case .answers(let status): after(1) { $0.finish(id, .status(status)) }
        case .links(let milliseconds):
            after(milliseconds) { test in
                guard test.open[id] != nil else { return }
                guard case .links = test.health[ancestor.name] ?? .links(after: 1) else {
                    return test.finish(id, .failed("it failed meanwhile"))
                }
                test.sessions.insert(id)
                test.parent = ancestor.name
                test.choice.onWelcome(id, now: test.now)
                test.act()
                #expect(test.sessions.count <= 1, "two sessions after one step")
            }
        }
    }

    private func finish(_ id: ParentChoice.DialID, _ answer: ParentChoice.Answer) {
        guard open.removeValue(forKey: id) != nil else { return }
        choice.onAnswer(id, answer, now: now)
        act()
    }

    private func note(_ change: ParentChoice.Change) {
        let text =
            switch change {
            case .attached(let ancestor, let way, let reason):
                "\(ancestor.name) by \(way.rawValue): \(reason)"
            case .lost(let ancestor, let reason): "lost \(ancestor.name): \(reason)"
            case .alone: "alone"
            }
        history.append("+\(now - markedAt) \(text)")
    }
}
