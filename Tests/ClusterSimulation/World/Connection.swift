import Simulation
import UVHTTP

/// A client's connection to its node: one question at a time, from a host of its own.
final class Connection {
    private let host: SimHost
    private let node: SimHost
    private let port: UInt16
    private var attempt: Attempt?
    private var completion: ((Answer?) -> Void)?
    private var askedCount = 0

    init(from host: SimHost, to node: SimHost, port: UInt16) {
        self.host = host
        self.node = node
        self.port = port
    }

    var isBusy: Bool { completion != nil }

    /// Asks; `completion` gets the answer, or nil when the connection ended before it, or when
    /// there was none in time.
    func ask(
        _ question: [UInt8], withinMilliseconds limit: UInt64,
        _ completion: @escaping (Answer?) -> Void
    ) {
        precondition(!isBusy, "one question at a time")
        self.completion = completion
        askedCount += 1
        let asked = askedCount
        host.loop.schedule { [self] in send(question) }
        host.loop.world.after(milliseconds: limit) { [weak self] in
            if let self, askedCount == asked { giveUp() }
        }
    }

    /// Ends the connection; a question that waits gets no answer.
    func giveUp() {
        attempt?.stream.close()
        attempt = nil
        finish(nil)
    }

    private func send(_ question: [UInt8]) {
        let attempt = self.attempt ?? connect()
        attempt.received.removeAll(keepingCapacity: true)
        question.withUnsafeBytes { attempt.stream.write($0) }
    }

    private func connect() -> Attempt {
        let attempt = Attempt(self, host.loop.connect(to: node.address(port: port)))
        self.attempt = attempt
        attempt.stream.start(attempt)
        return attempt
    }

    fileprivate func finish(_ answer: Answer?) {
        guard let completion else { return }
        self.completion = nil
        completion(answer)
    }

    fileprivate func onEnded(_ ended: Attempt) {
        guard ended === attempt else { return }
        giveUp()
    }
}

/// One stream, as long as it lasts.
private final class Attempt: StreamHandler {
    let stream: any ByteStream
    var received: [UInt8] = []
    private weak var connection: Connection?

    init(_ connection: Connection, _ stream: any ByteStream) {
        self.connection = connection
        self.stream = stream
    }

    func onConnected() {}

    func onRead(_ bytes: UnsafeMutableRawBufferPointer) {
        received += bytes
        if let answer = Answer(received) { connection?.finish(answer) }
    }

    func onEndOfInput() { connection?.onEnded(self) }

    func onDrained() {}

    func onClosed(_ error: UVError?) { connection?.onEnded(self) }
}
