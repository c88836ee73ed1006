import Simulation
import Testing
import UVHTTP

@testable import CacheNode

/// A client that alone writes its keys, at its own node, one request after the other, and looks at
/// what it reads. A value is the number of its write.
final class SimWriter {
    /// What is known of a key.
    struct Knowledge {
        /// The last write that was acknowledged; nil is a delete, or none.
        var acknowledged: Int?
        /// Writes after it of which it isn't known whether they happened.
        var possible: [Int?] = []

        var values: [Int?] { [acknowledged] + possible }
    }

    let name: String
    let nodeIndex: Int
    private let tree: SimTree
    private let client: SimClient
    private var random: SimRandom
    private var writeCount = 0
    private var remaining: Int
    private(set) var keys: [String: Knowledge] = [:]
    private(set) var problems: [String] = []

    init(_ tree: SimTree, name: String, nodeIndex: Int, operations: Int, seed: UInt64) {
        self.tree = tree
        self.name = name
        self.nodeIndex = nodeIndex
        client = SimClient(tree.world.addHost(name))
        random = SimRandom(seed: seed)
        remaining = operations
    }

    var isDone: Bool { remaining == 0 }
    var hasOneAnswerToEach: Bool { client.sentCount == client.answeredCount }

    func begin() { next() }

    private func next() {
        guard remaining > 0 else { return }
        let pause = UInt64(random.oneIn(3) ? random.below(400) : 1)
        tree.world.after(milliseconds: pause) { [self] in act() }
    }

    private func act() {
        // A slash and an escape, as part of the key.
        let key = "\(name)%2Fk\(random.below(3))"
        switch random.below(8) {
        case 0, 1, 2: put(key)
        case 3: delete(key)
        case 4, 5: read(key, at: nodeIndex)
        default: read(key, at: random.below(tree.hosts.count))
        }
    }

    private func send(
        _ request: HTTPClientRequest, at index: Int, _ onAnswer: @escaping (SimAnswer) -> Void
    ) {
        client.send(request, to: tree.hosts[index]) { [self] answer in
            if answer.isMalformed { problems.append("not HTTP: \(answer.text)") }
            onAnswer(answer)
            remaining -= 1
            next()
        }
    }

    // MARK: Writing

    private func put(_ key: String) {
        writeCount += 1
        let value = writeCount
        let waits = random.oneIn(2)
        let request: HTTPClientRequest
        if random.oneIn(2) {
            request = HTTPClientRequest(
                .put, "/kv/\(key)?wait_propagate=\(waits ? 1 : 0)", contentType: "x/y",
                body: bytes("\(value)"))
        } else {
            request = HTTPClientRequest(
                .put, "/store/\(key)", contentType: "application/json",
                body: bytes("{\"value\":\(value),\"wait_for_parent\":\(waits)}"))
        }
        send(request, at: nodeIndex) { [self] in onWritten(key, value, $0) }
    }

    private func delete(_ key: String) {
        let waits = random.oneIn(2)
        let target =
            random.oneIn(2)
            ? "/kv/\(key)?wait_propagate=\(waits ? 1 : 0)"
            : "/store/\(key)?wait_for_parent=\(waits)"
        send(HTTPClientRequest(.delete, target), at: nodeIndex) { [self] in
            onWritten(key, nil, $0)
        }
    }

    private func onWritten(_ key: String, _ value: Int?, _ answer: SimAnswer) {
        switch answer.status {
        case 200: keys[key] = Knowledge(acknowledged: value)
        case 503 where answer.text.contains("nothing was changed"): break
        case 0, 503: keys[key, default: Knowledge()].possible.append(value)
        default: problems.append("a write got \(answer.status): \(answer.text)")
        }
    }

    // MARK: Reading

    private func read(_ key: String, at index: Int) {
        let target = random.oneIn(2) ? "/kv/\(key)" : "/store/\(key)"
        send(HTTPClientRequest(.get, target), at: index) { [self] answer in
            switch answer.status {
            case 200, 404: onRead(key, Self.value(of: answer), isOwnNode: index == nodeIndex)
            case 0, 503: break
            default: problems.append("a read got \(answer.status): \(answer.text)")
            }
        }
    }

    private func onRead(_ key: String, _ value: Int?, isOwnNode: Bool) {
        if let value, !(1...writeCount).contains(value) {
            problems.append("\(key) is \(value), which was never written")
        }
        guard isOwnNode else { return }
        let allowed = keys[key, default: Knowledge()].values
        if !allowed.contains(value) {
            problems.append("\(key) reads as \(Self.text(value)), written was \(allowed)")
        }
    }

    /// The number in an answer of either API; nil for a key that isn't there.
    static func value(of answer: SimAnswer) -> Int? {
        answer.status == 200 ? Int(answer.text.filter(\.isWholeNumber)) : nil
    }

    static func text(_ value: Int?) -> String { value.map { "\($0)" } ?? "absent" }
}
