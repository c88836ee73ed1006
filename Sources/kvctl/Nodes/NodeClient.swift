import Glibc
import UVHTTP

/// Requests to nodes for a program that does one thing at a time: each call runs the loop until
/// there is an answer. Not for use from inside a callback of that loop.
final class NodeClient {
    /// The longest answer taken, in bytes; a longer one fails as `.malformed` with 413.
    static let answerBytesMax = 256 * 1024 * 1024

    let timeoutMilliseconds: UInt64
    private let loop: UVLoop
    private let client: HTTPClient
    private let authorizationLine: [UInt8]
    /// The signal that ended the waiting, once one of `interruptOn` arrived.
    private(set) var interruptedBy: Int32?

    /// `authorizationLine` is a field line for every request; empty for none.
    init(timeoutMilliseconds: UInt64, authorizationLine: [UInt8] = []) throws {
        self.timeoutMilliseconds = timeoutMilliseconds
        self.authorizationLine = authorizationLine
        do {
            loop = try UVLoop()
        } catch {
            throw Failure(.failure, "cannot make an event loop: \(error)")
        }
        var limits = HTTPLimits()
        limits.bodyBytesMax = Self.answerBytesMax
        limits.connectMilliseconds = timeoutMilliseconds
        client = HTTPClient(loop: loop, limits: limits)
    }

    /// The whole answer to `request`, of any status.
    func exchange(
        _ request: HTTPClientRequest, with node: NodeAddress, in directory: NodeDirectory
    ) throws -> HTTPClientResponse {
        switch answer(to: request, from: node.endpoint) {
        case .success(let response): return response
        case .failure(let error):
            throw Failure(
                error, node: node, timeoutMilliseconds: timeoutMilliseconds, in: directory)
        }
    }

    /// The same without words around the error. `.closed` stands for an interruption.
    func answer(
        to request: HTTPClientRequest, from endpoint: Endpoint
    ) -> Result<HTTPClientResponse, HTTPClientError> {
        answers(to: request, from: [endpoint])[0]
    }

    /// Asks `nodes` in turn, as `NodeRace` does, until one answers with status 200.
    func race(_ request: HTTPClientRequest, to nodes: [NodeAddress]) -> NodeRace.Outcome {
        let race = NodeRace(
            nodes: nodes, request: authorized(request), timeoutMilliseconds: timeoutMilliseconds,
            loop: loop,
            client: client)
        runLoop(until: { race.isOver }) { race.start() }
        return race.outcome
    }

    /// The answers of all `endpoints` to the same request, asked at once, in their order.
    func answers(
        to request: HTTPClientRequest, from endpoints: [Endpoint]
    ) -> [Result<HTTPClientResponse, HTTPClientError>] {
        var results = [Result<HTTPClientResponse, HTTPClientError>](
            repeating: .failure(.closed), count: endpoints.count)
        var missing = endpoints.count
        let request = authorized(request)
        runLoop(until: { missing == 0 }) { [client, loop, timeoutMilliseconds] in
            for (index, endpoint) in endpoints.enumerated() {
                client.send(request, to: endpoint, timeoutMilliseconds: timeoutMilliseconds) {
                    results[index] = $0
                    missing -= 1
                    if missing == 0 { loop.stop() }
                }
            }
        }
        return results
    }

    private func authorized(_ request: HTTPClientRequest) -> HTTPClientRequest {
        var request = request
        request.fieldLines += authorizationLine
        return request
    }

    /// Waits; an interruption ends it early.
    func pause(milliseconds: UInt64) {
        var over = false
        runLoop(until: { over }) { [loop] in
            loop.startTimer(afterMilliseconds: milliseconds, repeatMilliseconds: 0) {
                over = true
                loop.stop()
            }
        }
    }

    /// From now on these signals don't end the process but every wait of this client.
    func interruptOn(_ signals: [Int32]) {
        // Whoever starts us may have them blocked, and hands that down.
        var set = sigset_t()
        sigemptyset(&set)
        for signal in signals { sigaddset(&set, signal) }
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
        for signal in signals {
            loop.onSignal(signal) { [weak self, loop] in
                self?.interruptedBy = signal
                loop.stop()
            }
        }
    }

    /// Calls `start` in the loop's next turn, because the loop's time stands still between runs and
    /// deadlines would be early.
    private func runLoop(until done: () -> Bool, start: @escaping () -> Void) {
        loop.schedule(start)
        while !done(), interruptedBy == nil { loop.run() }
    }
}
