import Foundation
import UVHTTP

/// Starts the nodes of a plan, one after the other: the root hands out slots in the order in which
/// nodes register, so NODE-i gets slot i when it starts once NODE-(i − 1) is ready. Each takes a
/// few milliseconds.
final class ClusterStarter {
    private static let pollMillisecondsMin: UInt64 = 2
    private static let pollMillisecondsMax: UInt64 = 50
    /// Milliseconds that one question after a node's readiness may take.
    private static let askMilliseconds: UInt64 = 1_000
    /// Milliseconds for stopping nodes that hold nothing yet.
    private static let undoMilliseconds = 3_000

    private let plan: ClusterPlan
    private let directory: ClusterDirectory
    private let executable: String
    private let environment: [String: String]
    private let waitMilliseconds: UInt64
    private let client: NodeClient
    private let progress: Progress
    private var started: [ProcessRecord] = []

    init(
        plan: ClusterPlan, directory: ClusterDirectory, executable: String,
        environment: [String: String], waitMilliseconds: UInt64, progress: Progress
    ) throws {
        self.plan = plan
        self.directory = directory
        self.executable = executable
        self.environment = ClusterPlan.nodeEnvironment(environment)
        self.waitMilliseconds = waitMilliseconds
        self.progress = progress
        client = try NodeClient(timeoutMilliseconds: Self.askMilliseconds)
    }

    /// Starts every node and returns once all are ready. When one isn't, or on Ctrl-C, everything
    /// that was started is stopped before this throws.
    func run() throws -> [ProcessRecord] {
        try refusePortsInUse()
        client.interruptOn([SIGINT, SIGTERM, SIGHUP])
        do {
            for node in plan.nodes { try start(node) }
        } catch {
            progress.show("Stopping what was started")
            var stopper = ClusterStopper(directory: directory, progress: progress)
            stopper.graceMilliseconds = Self.undoMilliseconds
            _ = stopper.stop(started)
            progress.finish()
            throw error
        }
        progress.finish()
        return started
    }

    private func refusePortsInUse() throws {
        let used = Set(PortCheck.used(among: plan.nodes.map(plan.port)))
        guard let node = plan.nodes.first(where: { used.contains(plan.port($0)) }) else { return }
        let port = plan.port(node)
        let others = used.count == 1 ? "" : " (and \(used.count - 1) more of those needed)"
        throw Failure(
            .failure, "port \(port) for \(node) is in use by another program\(others).",
            advice: """
                Choose other ports with --base-port, or see whose it is: ss -ltnp 'sport = :\(port)'
                """)
    }

    private func start(_ node: NodeName) throws {
        progress.show("Starting \(node) (\(node.number) of \(plan.nodes.count))")
        let pid = try NodeProcess.spawn(
            executable, arguments: plan.arguments(for: node), environment: environment,
            logPath: directory.logPath(node))
        guard let process = ProcessIdentity(runningAs: pid) else {
            throw failureOfUnknown(node, pid)
        }
        let record = ProcessRecord(node: node, port: plan.port(node), process: process)
        started.append(record)
        try directory.save(record)
        try waitUntilReady(record)
        progress.step(
            "\(node) is ready on port \(plan.port(node)) (\(node.number) of \(plan.nodes.count))")
    }

    /// The process ended before it could be looked at, or /proc shows nothing; then it is ended,
    /// since nobody could do so later.
    private func failureOfUnknown(_ node: NodeName, _ pid: Int32) -> Failure {
        if let ending = NodeProcess.ending(of: pid) {
            return failure(node, "\(ending) before it was ready")
        }
        kill(pid, SIGKILL)
        waitpid(pid, nil, 0)
        return failure(node, "can't be watched: /proc does not show its process")
    }

    private func waitUntilReady(_ record: ProcessRecord) throws {
        let endpoint = Endpoint(host: ClusterPlan.address, port: record.port)
        let deadline = ContinuousClock.now + .milliseconds(Int(waitMilliseconds))
        var pollMilliseconds = Self.pollMillisecondsMin
        while true {
            let answer = client.answer(
                to: HTTPClientRequest(.get, "/readyz"), from: endpoint)
            if let signal = client.interruptedBy { throw Interruption(signal: signal) }
            if let ending = NodeProcess.ending(of: record.process.pid) {
                throw failure(record.node, "\(ending) before it was ready")
            }
            if case .success(let response) = answer, response.status == 200 { return }
            guard ContinuousClock.now < deadline else {
                let limit = Printable.seconds(Double(waitMilliseconds) / 1000)
                throw failure(record.node, "was not ready within \(limit)\(said(answer))")
            }
            client.pause(milliseconds: pollMilliseconds)
            pollMilliseconds = min(pollMilliseconds * 2, Self.pollMillisecondsMax)
        }
    }

    private func said(_ answer: Result<HTTPClientResponse, HTTPClientError>) -> String {
        guard case .success(let response) = answer else { return "" }
        return " (GET /readyz: \(response.status) \(Failure.reason(in: response.body)))"
    }

    private func failure(_ node: NodeName, _ what: String) -> Failure {
        let tail = directory.logTail(node)
        let log = directory.logPath(node)
        let evidence =
            tail.isEmpty
            ? "Its log is empty: \(log)"
            : "The last lines of \(log):\n" + tail.map { "  \($0)" }.joined(separator: "\n")
        return Failure(
            .failure, "\(node) \(what).\n\(evidence)", advice: "What had been started was stopped.")
    }
}

/// A signal that asked kvctl to end, once everything is tidied up.
struct Interruption: Error {
    var signal: Int32
}
