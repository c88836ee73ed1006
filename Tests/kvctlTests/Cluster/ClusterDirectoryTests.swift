import Foundation
import Testing

@testable import kvctl

@Suite struct ClusterDirectoryTests {
    private let folder: TemporaryFolder
    private let directory: ClusterDirectory

    init() throws {
        folder = try TemporaryFolder()
        directory = ClusterDirectory(path: folder.path)
    }

    private func record(_ node: Int, _ process: ProcessIdentity) -> ProcessRecord {
        ProcessRecord(node: NodeName(number: node), port: UInt16(5000 + node), process: process)
    }

    private func sleeper(_ program: String = "/bin/sleep", _ arguments: [String] = ["60"]) throws
        -> ProcessIdentity
    {
        let pid = try NodeProcess.spawn(
            program, arguments: arguments, environment: [:], logPath: "\(folder.path)/sleeper.log")
        return try #require(ProcessIdentity(runningAs: pid))
    }

    @Test func recordsComeBackInTheOrderOfTheNodes() throws {
        let process = ProcessIdentity(pid: 99, startTicks: 1, boot: "")
        for node in [10, 2, 1] { try directory.save(record(node, process)) }
        _ = try folder.write("NODE-3.pid", "nonsense")
        _ = try folder.write("other.pid", "pid 2\nport 3\nstarted 4\n")
        #expect(directory.records().map(\.node.number) == [1, 2, 10])
        directory.remove(NodeName(number: 2))
        #expect(directory.records().map(\.node.number) == [1, 10])
    }

    @Test func onlyOneCommandAtATimeChangesACluster() throws {
        let inner = try directory.locked {
            #expect(throws: Failure.self) { try directory.locked { Issue.record("not locked") } }
        }
        #expect(inner?.advice.hasPrefix("Try again") == true)
        try directory.locked {}
    }

    @Test func theEndOfALogIsInert() throws {
        let node = NodeName(number: 1)
        #expect(directory.logTail(node) == [])
        let lines = (1...5000).map { "line \($0)" } + ["\u{1B}[2Jlast"]
        _ = try folder.write("NODE-1.log", lines.joined(separator: "\n") + "\n")
        #expect(directory.logTail(node, lines: 2) == ["line 5000", #"\x1b[2Jlast"#])
    }

    @Test func stoppingAsksFirstAndKillsWhatDoesNotListen() throws {
        let deaf = try sleeper(
            "/bin/sh", ["-c", "trap '' TERM; echo deaf; while :; do sleep 0.05; done"])
        let deadline = ContinuousClock.now + .seconds(5)
        while directory.logText("sleeper.log") != "deaf\n", ContinuousClock.now < deadline {
            usleep(1000)
        }
        let polite = try sleeper()
        let ended = ProcessIdentity(pid: polite.pid, startTicks: 1, boot: polite.boot)
        for (node, process) in [(1, polite), (2, deaf), (3, ended)] {
            try directory.save(record(node, process))
        }
        let stopper = ClusterStopper(
            directory: directory, graceMilliseconds: 200, progress: Progress(isTerminal: false))
        let report = stopper.stop(directory.records())
        #expect(report.stopped.map(\.number) == [1])
        #expect(report.killed.map(\.number) == [2])
        #expect(!polite.isRunning && !deaf.isRunning)
        #expect(directory.records() == [])
    }

    @Test func aProcessThatTookAnOldPidIsLeftAlone() throws {
        let stranger = try sleeper()
        defer {
            kill(stranger.pid, SIGKILL)
            waitpid(stranger.pid, nil, 0)
        }
        var earlier = stranger
        earlier.startTicks -= 1
        try directory.save(record(1, earlier))
        let stopper = ClusterStopper(directory: directory, progress: Progress(isTerminal: false))
        #expect(stopper.stop(directory.records()) == ClusterStopper.Report())
        #expect(stranger.isRunning)
    }
}

extension ClusterDirectory {
    /// A file's text, empty while there is none.
    fileprivate func logText(_ name: String) -> String {
        (try? String(contentsOfFile: "\(path)/\(name)", encoding: .utf8)) ?? ""
    }
}
