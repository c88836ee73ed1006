/// Judges a history: what clients heard against what the root had. It knows nothing of nodes, and
/// says nothing where a correct system could have behaved so.
package struct HistoryChecker {
    let history: History
    let rules: CheckedRules
    private var violations: [Violation] = []

    package init(_ history: History, _ rules: CheckedRules) {
        self.history = history
        self.rules = rules
    }

    package static func violations(of history: History, _ rules: CheckedRules) -> [Violation] {
        var checker = HistoryChecker(history, rules)
        for write in history.writes { checker.check(write) }
        for read in history.reads { checker.check(read) }
        checker.checkOrder()
        checker.checkRepeats()
        return checker.violations
    }

    mutating func report(_ invariant: Invariant, _ detail: String) {
        violations.append(Violation(invariant, detail))
    }

    // MARK: Writes

    private mutating func check(_ write: WriteRecord) {
        let states = history.root[write.key]
        switch write.outcome {
        case .unknown: return
        case .refused, .conditionFailed:
            // Another root decides anew what somebody on the way still has.
            if !write.isDeletion, !hasRootCrashed(since: write.start),
                states.contains(where: { $0.content == .write(write.number) })
            {
                report(.refusedWritesChangeNothing, "the root has committed \(write.text)")
            }
            if write.outcome == .conditionFailed { checkRefusal(write) }
        case .acknowledged:
            if !isKept(write), !isExcused(write) {
                report(.acknowledgedWritesAreKept, "\(write.text) never reached the root")
            }
            checkCondition(write)
        }
    }

    /// Whether the root has, or may have, committed an acknowledged write: by the time of its
    /// answer if it waited for the root.
    private func isKept(_ write: WriteRecord) -> Bool {
        let states = history.root[write.key]
        let limit = write.ack == .root ? write.end ?? .max : .max
        if history.hiddenCommits.contains(where: { $0 >= write.start && $0 <= limit }) {
            return true
        }
        guard write.isDeletion else {
            return states.contains { $0.content == .write(write.number) && $0.start <= limit }
        }
        // A deletion leaves no value: it is lost if nothing has happened to the value since.
        guard let before = states.last(where: { $0.start <= write.start }) else { return true }
        return before.content == .absent
            || states.contains { $0.start > write.start && $0.start <= limit }
    }

    /// Whether everybody who had to keep the write has crashed. A node keeps a write until the
    /// root's commit comes back; with ack=parent the parent does too, and with ack=root the root
    /// has it: while it lives the write is there, and whether it was there is known from its
    /// history.
    private func isExcused(_ write: WriteRecord) -> Bool {
        guard write.ack != .root,
            history.crashes.contains(where: {
                $0.life.node == write.life.node && $0.time >= write.start
            })
        else { return false }
        return write.ack == .local
            || history.crashes.contains {
                $0.life.node != write.life.node && $0.time >= write.start
            }
    }

    func hasRootCrashed(since start: UInt64, until end: UInt64 = .max) -> Bool {
        history.crashes.contains { $0.life.node == 0 && $0.time >= start && $0.time <= end }
    }

    private mutating func checkRepeats() {
        for (key, states) in history.root.enumerated() {
            var lives: [Int: Int] = [:]
            for state in states {
                guard case .write(let number) = state.content else { continue }
                if lives[number] == state.life {
                    report(
                        .writesArriveOnce,
                        "w\(number) of k\(key) was committed again at \(seconds(state.start))")
                }
                lives[number] = state.life
            }
        }
    }

    // MARK: Conditions

    private mutating func checkCondition(_ write: WriteRecord) {
        guard write.condition != .none, !write.isDeletion, history.hiddenCommits.isEmpty else {
            return
        }
        let states = history.root[write.key]
        guard let index = states.firstIndex(where: { $0.content == .write(write.number) }),
            index > 0
        else { return }
        if !holds(write.condition, states[index - 1]) {
            report(
                .conditionsHold,
                "\(write.text) took the place of \(states[index - 1].content)"
                    + "\(states[index - 1].version.map { " as \($0)" } ?? "")")
        }
    }

    /// A refusal must have had its reason at some time while the write was under way.
    private mutating func checkRefusal(_ write: WriteRecord) {
        guard history.hiddenCommits.isEmpty else { return }
        let states = self.states(of: write.key, from: write.start, to: write.end ?? .max)
        if states.allSatisfy({ holds(write.condition, $0) }) {
            report(.conditionsHold, "\(write.text) was refused, though its condition held")
        }
    }

    private func holds(_ condition: Condition, _ state: RootState) -> Bool {
        switch condition {
        case .none: true
        case .exists: state.content != .absent
        case .isAbsent: state.content == .absent
        case .matches(let version): state.content != .absent && state.version == version
        }
    }

    // MARK: What the root had

    /// What the root had at some time between the two.
    func states(of key: Int, from start: UInt64, to end: UInt64) -> ArraySlice<RootState> {
        let states = history.root[key]
        let last = states.lastIndex { $0.start <= end } ?? 0
        var first = last
        while first > 0, states[first].start >= start { first -= 1 }
        return states[first...last]
    }

    /// Whether the root had, or may have had, a content at some time between the two.
    func wasCurrent(_ content: Content, of key: Int, from start: UInt64, to end: UInt64) -> Bool {
        if states(of: key, from: start, to: end).contains(where: { $0.content == content }) {
            return true
        }
        guard history.hiddenCommits.contains(where: { $0 >= start && $0 <= end }) else {
            return false
        }
        // Several commits in one turn of the root: only those that weren't seen yet can be meant.
        guard case .write(let number) = content else { return true }
        return history.commitTime(of: history.writes[number]).map { $0 > end } ?? true
    }
}

/// Which invariants hold in a mode, and with which figures.
package struct CheckedRules: Sendable {
    /// Copies below the root follow it; without this a node may show anything it once had.
    package var copiesFollow = true
    package var ownWritesAreRead = true
    /// How old an answer may be without saying that it is stale; nil without a limit.
    package var limitMicroseconds: UInt64?
    /// How much older an answer may be than it says, because clocks of nodes count milliseconds.
    package var clockMicroseconds: UInt64 = 0

    package init() {}
}
