import Simulation

/// Applications that ask nodes, each beside the node that it asks. They take no time themselves.
final class ScaleClient {
    /// Milliseconds until an answer counts as missing.
    private static let answerMilliseconds: UInt64 = 10_000

    private let tree: ScaleTree
    private let host: SimHost
    /// Questions that are not answered yet.
    private(set) var openCount = 0
    /// What was not answered as it should have been; a sentence.
    private(set) var problem: String?

    init(_ tree: ScaleTree) {
        self.tree = tree
        host = tree.world.addHost("client")
        host.loop.turnMicroseconds = 0...0
    }

    func put(_ key: String, _ value: [UInt8], at member: ClusterMember) {
        let head =
            "PUT /kv/\(key)?ack=local HTTP/1.1\r\nHost: x\r\nContent-Length: \(value.count)\r\n\r\n"
        ask(Array(head.utf8) + value, member) { [self] answer, _ in
            if !(200...201 ~= answer.status) { complain("a write", member, answer) }
        }
    }

    /// Reads what must be `value`; `onAnswer` is told the microseconds that it took.
    func get(
        _ key: String, expecting value: [UInt8], at member: ClusterMember,
        onAnswer: @escaping (UInt64) -> Void
    ) {
        ask(Array("GET /kv/\(key) HTTP/1.1\r\nHost: x\r\n\r\n".utf8), member) {
            [self] answer, microseconds in
            if answer.status != 200 || !answer.body.elementsEqual(value) {
                complain("a read of \(key)", member, answer)
            }
            onAnswer(microseconds)
        }
    }

    private func ask(
        _ question: [UInt8], _ member: ClusterMember,
        _ onAnswer: @escaping (Answer, UInt64) -> Void
    ) {
        let network = tree.world.network
        let latency = tree.plan.clientLatencyMicroseconds
        network.setLatency(from: host, to: member.host, microseconds: latency)
        network.setLatency(from: member.host, to: host, microseconds: latency)
        let connection = Connection(from: host, to: member.host, port: Cluster.port)
        let start = tree.world.nowMicroseconds
        openCount += 1
        connection.ask(question, withinMilliseconds: Self.answerMilliseconds) { [self] answer in
            connection.giveUp()
            openCount -= 1
            if let answer {
                onAnswer(answer, tree.world.nowMicroseconds - start)
            } else {
                complain("a question", member, nil)
            }
        }
    }

    private func complain(_ what: String, _ member: ClusterMember, _ answer: Answer?) {
        let text = answer.map { "\($0.status) \($0.text)" } ?? "nothing"
        problem = problem ?? "\(what) at \(member.host.name) was answered with \(text)"
    }
}
