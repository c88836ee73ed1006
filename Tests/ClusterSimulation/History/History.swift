/// A version as answers state it in their ETag: the root's incarnation and the number of the
/// commit.
package struct ETag: Hashable, Comparable, CustomStringConvertible, Sendable {
    package var epoch: UInt32
    package var sequence: UInt64

    package init(epoch: UInt32, sequence: UInt64) {
        self.epoch = epoch
        self.sequence = sequence
    }

    /// Reads `"EPOCH.SEQUENCE"`, with its quotes.
    package init?(quoted text: String) {
        guard text.count > 2, text.first == "\"", text.last == "\"" else { return nil }
        let parts = text.dropFirst().dropLast().split(separator: ".")
        guard parts.count == 2, let epoch = UInt32(parts[0]), let sequence = UInt64(parts[1]) else {
            return nil
        }
        self.init(epoch: epoch, sequence: sequence)
    }

    package static func < (left: ETag, right: ETag) -> Bool {
        (left.epoch, left.sequence) < (right.epoch, right.sequence)
    }

    package var description: String { "\(epoch).\(sequence)" }
}

/// What a key has. Every write has a value of its own, so a value says which write it is from.
package enum Content: Hashable, CustomStringConvertible, Sendable {
    case absent
    /// The value of the write of this number.
    case write(Int)
    /// A value that nobody wrote to this key.
    case alien(String)

    package var description: String {
        switch self {
        case .absent: "nothing"
        case .write(let number): "w\(number)"
        case .alien(let text): "the alien value '\(text)'"
        }
    }
}

/// A node in one of its lives.
package struct Life: Hashable, Comparable, CustomStringConvertible, Sendable {
    package var node: Int
    package var number: Int

    package init(node: Int, number: Int) {
        self.node = node
        self.number = number
    }

    package static func < (left: Life, right: Life) -> Bool {
        (left.node, left.number) < (right.node, right.number)
    }

    package var description: String {
        number == 0 ? "NODE-\(node + 1)" : "NODE-\(node + 1) in life \(number + 1)"
    }
}

/// What a write waits for.
package enum AwaitedHop: String, CaseIterable, Sendable { case local, parent, root }

/// On what a write depends.
package enum Condition: Equatable, Sendable {
    case none, exists, isAbsent
    case matches(ETag)
}

/// A client's write and what it heard of it. Times are the world's, in microseconds.
package struct WriteRecord: Sendable {
    package enum Outcome: Sendable {
        /// No answer, or one that leaves open whether it was done.
        case unknown
        case acknowledged
        /// The answer says that nothing was changed.
        case refused
        /// The condition doesn't hold (412).
        case conditionFailed
    }

    package var number: Int
    package var key: Int
    package var life: Life
    package var isDeletion = false
    package var ack = AwaitedHop.local
    package var condition = Condition.none
    package var start: UInt64
    package var end: UInt64?
    package var outcome = Outcome.unknown
    /// The node has begun another life between question and answer: which one answered isn't known.
    package var isAcrossLives = false

    package init(number: Int, key: Int, life: Life, start: UInt64) {
        self.number = number
        self.key = key
        self.life = life
        self.start = start
    }

    package var text: String {
        let condition = condition == .none ? "" : " if \(condition)"
        return "\(isDeletion ? "the deletion" : "the write") w\(number) of k\(key) at \(life)"
            + " (ack=\(ack.rawValue)\(condition), \(seconds(start)))"
    }
}

/// A client's read that was answered with a content or an absence.
package struct ReadRecord: Sendable {
    package enum Wish: String, Sendable {
        case any = "plain"
        case fromRoot = "no-cache"
        case held = "only-if-cached"
    }

    package var key: Int
    package var life: Life
    package var wish = Wish.any
    package var start: UInt64
    package var end: UInt64
    package var content: Content
    package var version: ETag?
    /// How old the answer says it may be.
    package var boundMicroseconds: UInt64?
    /// The answer says that it is older than the limit.
    package var isMarkedStale = false
    /// What the answer says of its way (RFC 9211).
    package var way = ""
    /// As of a write.
    package var isAcrossLives = false

    package init(key: Int, life: Life, start: UInt64, end: UInt64, content: Content) {
        self.key = key
        self.life = life
        self.start = start
        self.end = end
        self.content = content
    }

    package var text: String {
        let version = version.map { " as \($0)" } ?? ""
        let bound = boundMicroseconds.map { ", at most \(milliseconds($0)) old" } ?? ""
        return "\(wish.rawValue) read of k\(key) at \(life) from \(seconds(start)) to"
            + " \(seconds(end)): \(content)\(version)\(bound) [\(way)]"
    }
}

/// What the root had of a key from a time on.
package struct RootState: Sendable {
    package var start: UInt64
    /// The root's life.
    package var life: Int
    package var content: Content
    package var version: ETag?

    package init(start: UInt64, life: Int, content: Content, version: ETag? = nil) {
        self.start = start
        self.life = life
        self.content = content
        self.version = version
    }
}

/// Everything that is known of a run: what clients asked and heard, what the root had at every
/// moment, and who crashed.
package struct History: Sendable {
    package var writes: [WriteRecord] = []
    package var reads: [ReadRecord] = []
    /// By key; each begins with an absence at time 0.
    package private(set) var root: [[RootState]]
    /// Times at which the root committed more than could be seen: several writes of one key in one
    /// turn of its loop.
    package private(set) var hiddenCommits: [UInt64] = []
    package private(set) var crashes: [(life: Life, time: UInt64)] = []

    package init(keyCount: Int) {
        root = Array(
            repeating: [RootState(start: 0, life: 0, content: .absent)], count: keyCount)
    }

    package mutating func rootHas(_ state: RootState, of key: Int) { root[key].append(state) }

    package mutating func rootHid(at time: UInt64) { hiddenCommits.append(time) }

    package mutating func crashed(_ life: Life, at time: UInt64) { crashes.append((life, time)) }

    /// What the root had when it committed a write first; nil if that can't be known. A root that
    /// doesn't know of a write commits it again, and its predecessor may have done so unseen.
    package func firstCommit(of write: WriteRecord) -> RootState? {
        guard let state = commits(of: write).first,
            !mayHideCommit(from: write.start, to: state.start)
        else { return nil }
        return state
    }

    /// What the root had when it committed a write last; nil if that can't be known.
    package func lastCommit(of write: WriteRecord) -> RootState? {
        guard let state = commits(of: write).last, !mayHideCommit(from: state.start, to: .max)
        else { return nil }
        return state
    }

    private func commits(of write: WriteRecord) -> [RootState] {
        root[write.key].filter { $0.content == .write(write.number) }
    }

    /// Whether a write that was seen to be committed at one of the two times may have been
    /// committed between them too, unseen, by another root.
    private func mayHideCommit(from start: UInt64, to end: UInt64) -> Bool {
        hiddenCommits.contains { $0 >= start && $0 <= end }
            && crashes.contains { $0.life.node == 0 && $0.time >= start && $0.time <= end }
    }

    /// When a write was committed first; nil if that wasn't seen.
    package func commitTime(of write: WriteRecord) -> UInt64? {
        commits(of: write).first?.start
    }
}

/// A time as the story prints it.
package func seconds(_ microseconds: UInt64) -> String {
    let fraction = "\(1_000_000 + microseconds % 1_000_000)".dropFirst()
    return "\(microseconds / 1_000_000).\(fraction) s"
}

package func milliseconds(_ microseconds: UInt64) -> String {
    microseconds % 1000 == 0 ? "\(microseconds / 1000) ms" : "\(microseconds) µs"
}
