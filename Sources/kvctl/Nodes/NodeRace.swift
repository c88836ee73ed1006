import UVHTTP

/// One request to several nodes, each of which could answer it: the next node is asked when the one
/// before fails, or is silent for a moment. The first answer with a status of success
/// wins.
final class NodeRace {
    /// Milliseconds of silence after which the next node is asked as well.
    static let staggerMilliseconds: UInt64 = 250

    enum Outcome {
        case won(NodeAddress, HTTPClientResponse)
        /// Nobody answered with success: the first answer of another status.
        case refused(NodeAddress, HTTPClientResponse)
        /// Nobody answered at all: the first node's error. `.closed` stands for an interruption.
        case failed(NodeAddress, HTTPClientError)
    }

    private let nodes: [NodeAddress]
    private let request: HTTPClientRequest
    private let timeoutMilliseconds: UInt64
    private let loop: any EventLoop
    private let client: HTTPClient
    private var results: [Result<HTTPClientResponse, HTTPClientError>?]
    private var askedCount = 0
    private var winner: Int?
    private var timer: (any LoopTimer)?

    /// `nodes` must not be empty.
    init(
        nodes: [NodeAddress], request: HTTPClientRequest, timeoutMilliseconds: UInt64,
        loop: any EventLoop, client: HTTPClient
    ) {
        self.nodes = nodes
        self.request = request
        self.timeoutMilliseconds = timeoutMilliseconds
        self.loop = loop
        self.client = client
        results = Array(repeating: nil, count: nodes.count)
    }

    /// Asks the first node; the loop is stopped each time the race may have ended.
    func start() { askNext() }

    var isOver: Bool { winner != nil || results.allSatisfy { $0 != nil } }

    var outcome: Outcome {
        if let winner, case .success(let response) = results[winner] {
            return .won(nodes[winner], response)
        }
        for (node, result) in zip(nodes, results) {
            if case .success(let response) = result { return .refused(node, response) }
        }
        if case .failure(let error) = results[0] { return .failed(nodes[0], error) }
        return .failed(nodes[0], .closed)
    }

    private func askNext() {
        timer?.cancel()
        guard askedCount < nodes.count, winner == nil else { return }
        let index = askedCount
        askedCount += 1
        client.send(
            request, to: nodes[index].endpoint, timeoutMilliseconds: timeoutMilliseconds
        ) { self.onAnswer($0, from: index) }
        timer = loop.startTimer(
            afterMilliseconds: Self.staggerMilliseconds, repeatMilliseconds: 0
        ) { self.askNext() }
    }

    private func onAnswer(
        _ result: Result<HTTPClientResponse, HTTPClientError>, from index: Int
    ) {
        results[index] = result
        if winner == nil, case .success(let response) = result,
            200..<300 ~= response.status
        {
            winner = index
        }
        if isOver {
            timer?.cancel()
            loop.stop()
        } else if index == askedCount - 1 {
            askNext()
        }
    }
}

extension NodeRace {
    /// The nodes asked when the caller names none: the lowest numbers, the root's likely ones.
    private static let candidates = (1...7).map(NodeName.init(number:))

    /// Asks `name`, or else the first node that answers; anything but success is a failure.
    static func answer(
        to request: HTTPClientRequest, from name: NodeName?, with options: ConnectionOptions
    ) throws -> (node: NodeAddress, response: HTTPClientResponse) {
        let directory = try options.directory()
        let client = try options.client()
        let names = name.map { [$0] } ?? candidates
        let nodes = try names.map(directory.address(of:))
        switch client.race(request, to: nodes) {
        case .won(let node, let response): return (node, response)
        case .refused(let node, let response):
            throw Failure(
                unexpectedStatus: response.status, body: response.body, from: node,
                to: String(decoding: request.target, as: UTF8.self), method: request.method)
        case .failed(let node, let error):
            var failure = Failure(
                error, node: node, timeoutMilliseconds: client.timeoutMilliseconds, in: directory)
            if name == nil, failure.status == .unreachable, let last = nodes.last {
                failure.message += " Nor does any other node answer, up to \(last)."
            }
            throw failure
        }
    }
}
