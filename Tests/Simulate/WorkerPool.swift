import Glibc

/// Runs this program again in a few processes at a time, because a node that traps takes its
/// process with it: what it says, and how it ends, is told line by line.
final class WorkerPool {
    /// A process and the job it does.
    private final class Process {
        let job: Int
        let id: pid_t
        let output: Int32
        var text: [UInt8] = []
        var heardAt = Console.seconds

        init(job: Int, id: pid_t, output: Int32) {
            self.job = job
            self.id = id
            self.output = output
        }
    }

    /// Seconds without a line after which a worker has lost itself.
    private static let silenceMax = 60.0

    private let jobs: [[String]]
    private let processesMax: Int
    private var nextJob = 0
    private var running: [Process] = []
    private var isStopped = false

    /// Each job is one process's arguments.
    init(_ jobs: [[String]], processesMax: Int) {
        self.jobs = jobs
        self.processesMax = processesMax
    }

    /// No further job begins, and those under way are ended.
    func stop() {
        isStopped = true
        for process in running { kill(process.id, SIGKILL) }
    }

    /// Does all jobs. `onLine` gets every line of a job, `onEnd` its end: nil when the worker left
    /// by itself, a sentence when it was killed or trapped.
    func run(onLine: (Int, Substring) -> Void, onEnd: (Int, String?) -> Void) {
        while true {
            while !isStopped, running.count < processesMax, nextJob < jobs.count {
                start(nextJob)
                nextJob += 1
            }
            guard !running.isEmpty else { return }
            waitForOutput()
            for process in running { read(process, onLine, onEnd) }
        }
    }

    private func start(_ job: Int) {
        var ends: [Int32] = [0, 0]
        precondition(pipe(&ends) == 0, "no pipe for a worker")
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // A worker's trap is reported by its seed; its backtrace is made when that is replayed.
        let environment = ["SWIFT_BACKTRACE=enable=no"]
        var id: pid_t = 0
        let status = withStrings([CommandLine.arguments[0]] + jobs[job]) { arguments in
            withStrings(environment) { variables in
                posix_spawn(&id, "/proc/self/exe", &actions, nil, arguments, variables)
            }
        }
        close(ends[1])
        precondition(status == 0, "a worker does not start: \(String(cString: strerror(status)))")
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        running.append(Process(job: job, id: id, output: ends[0]))
    }

    private func waitForOutput() {
        var descriptors = running.map { pollfd(fd: $0.output, events: Int16(POLLIN), revents: 0) }
        poll(&descriptors, nfds_t(descriptors.count), 1000)
    }

    private func read(
        _ process: Process, _ onLine: (Int, Substring) -> Void, _ onEnd: (Int, String?) -> Void
    ) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = Glibc.read(process.output, &buffer, buffer.count)
        if count > 0 {
            process.heardAt = Console.seconds
            process.text += buffer[..<count]
            while let end = process.text.firstIndex(of: UInt8(ascii: "\n")) {
                onLine(process.job, Substring(decoding: process.text[..<end], as: UTF8.self))
                process.text.removeSubrange(...end)
            }
        } else if count == 0 {
            onEnd(process.job, end(of: process))
        } else if Console.seconds - process.heardAt > Self.silenceMax {
            kill(process.id, SIGKILL)
        }
    }

    /// Waits for a process that has closed its output; why it ended, unless by itself.
    private func end(of process: Process) -> String? {
        var status: Int32 = 0
        while waitpid(process.id, &status, 0) == -1, errno == EINTR {}
        close(process.output)
        running.removeAll { $0 === process }
        let signal = status & 0x7F
        guard signal != 0 else { return nil }
        return signal == SIGKILL ? "no end in \(Int(Self.silenceMax)) s" : "signal \(signal)"
    }

    private func withStrings<Outcome>(
        _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Outcome
    ) -> Outcome {
        var pointers: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        return pointers.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { preconditionFailure("it has one at least") }
            return body(base)
        }
    }
}
