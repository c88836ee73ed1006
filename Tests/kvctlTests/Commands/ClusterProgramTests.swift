import Foundation
import Testing

@testable import kvctl

/// `kvctl cluster` as a process: first with programs that are no nodes, then with the real ones.
@Suite(.serialized) struct ClusterProgramTests {
    private let folder: TemporaryFolder
    private let basePort: Int

    init() throws {
        folder = try TemporaryFolder()
        basePort = try FreePorts.base()
    }

    private func cluster(_ arguments: String...) throws -> Program.Outcome {
        try Program.run(["cluster"] + arguments + place, environment: ["HOME": folder.path])
    }

    private var place: [String] {
        ["--base-port", "\(basePort)", "--state-dir", "\(folder.path)/state"]
    }

    private var records: [ProcessRecord] {
        ClusterDirectory(path: "\(folder.path)/state").records()
    }

    @Test func aNodeThatDiesIsReportedWithItsLog() throws {
        let program = try folder.executable(
            "cachenode", "#!/bin/sh\necho \"started as $2\"\necho broken >&2\nexit 4\n")
        let outcome = try cluster("up", "--cachenode", program)
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("NODE-1 exited with status 4 before it was ready"))
        #expect(outcome.errors.contains("\(folder.path)/state/NODE-1.log"))
        #expect(outcome.errors.contains("  started as NODE-1\n  broken"))
        #expect(records == [])
    }

    @Test func aNodeThatIsNeverReadyIsStopped() throws {
        let program = try folder.executable("cachenode", "#!/bin/sh\necho $$\nexec sleep 60\n")
        let outcome = try cluster("up", "--cachenode", program, "--wait", "0.2")
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("NODE-1 was not ready within 0.2 s"))
        #expect(records == [])
        let log = try String(contentsOfFile: "\(folder.path)/state/NODE-1.log", encoding: .utf8)
        let pid = try #require(Int32(log.trimmingCharacters(in: .newlines)))
        #expect(ProcessIdentity(runningAs: pid) == nil)
    }

    @Test func anInterruptionStopsWhatWasStarted() throws {
        let program = try folder.executable("cachenode", "#!/bin/sh\nexec sleep 60\n")
        let started = try Program.start(["cluster", "up", "--cachenode", program] + place)
        let deadline = ContinuousClock.now + .seconds(10)
        while records.isEmpty, ContinuousClock.now < deadline { usleep(1000) }
        let process = try #require(records.first?.process)
        kill(started.process.processIdentifier, SIGINT)
        started.process.waitUntilExit()
        #expect(started.process.terminationReason == .exit)
        #expect(started.process.terminationStatus == 128 + SIGINT)
        #expect(!process.isRunning)
        #expect(records == [])
    }

    @Test func aPortInUseIsReportedBeforeAnythingStarts() throws {
        let responder = try Responder { _ in .silence }
        let base = Int(responder.port) - 3
        let outcome = try Program.run([
            "cluster", "up", "--cachenode", "/bin/sleep", "--base-port", "\(base)", "--state-dir",
            "\(folder.path)/state",
        ])
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("port \(responder.port) for NODE-3 is in use"))
        #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/state/NODE-1.log"))
    }

    @Test func nothingToStopIsFineAndNothingToShowIsNot() throws {
        let down = try cluster("down")
        #expect(down.status == 0)
        #expect(down.output.hasPrefix("Nothing to stop"))
        let status = try cluster("status")
        #expect(status.status == 1)
        #expect(status.errors.contains("kvctl cluster up --base-port \(basePort)"))
    }

    @Test func sevenNodesComeUpServeAndStop() throws {
        let base = "\(basePort)"
        let up = try cluster("up")
        #expect(up.status == 0, "\(up.errors)")
        #expect(up.output.contains("7 nodes are up on ports \(basePort + 1) to \(basePort + 7)"))
        #expect(up.errors.contains("NODE-7 is ready on port \(basePort + 7) (7 of 7)"))
        let processes = records.map(\.process)
        #expect(processes.count == 7 && processes.allSatisfy { $0.isRunning })
        defer { for process in processes where process.isRunning { kill(process.pid, SIGKILL) } }

        #expect(try cluster("status").status == 0)
        let again = try cluster("up")
        #expect(again.status == 1)
        #expect(again.errors.contains("kvctl cluster down --base-port \(basePort)"))

        let put = try Program.run(["put", "7", "hello", "world", "--base-port", base])
        #expect(put.output == "200 {\"key\": \"hello\", \"value\": \"world\"}\n")
        let get = try Program.run(["get", "3", "hello", "--base-port", base])
        #expect(get.output == "200 {\"value\": \"world\"}\n")
        #expect(try Program.run(["get", "4", "nothing", "--base-port", base]).status == 3)
        #expect(try Program.run(["keys", "7", "--base-port", base]).output == "hello\n")
        let nodes = try Program.run(["nodes", "--output", "json", "--base-port", base]).output
        let membership = try #require(Membership(json: Array(nodes.utf8)))
        #expect(membership.nodes.map(\.name) == (1...7).map { "NODE-\($0)" })
        #expect(membership.nodes.map(\.slot) == Array(1...7))
        #expect(membership.nodes.allSatisfy { $0.state == "live" })

        kill(processes[6].pid, SIGKILL)
        let deadline = ContinuousClock.now + .seconds(5)
        while processes[6].isRunning, ContinuousClock.now < deadline { usleep(1000) }
        let status = try cluster("status", "--output", "json")
        #expect(status.status == 1)
        #expect(status.output.contains(#""state":"exited""#))

        let down = try cluster("down")
        #expect(down.status == 0, "\(down.errors)")
        #expect(down.output.contains("Stopped 6 of 7 nodes"))
        #expect(processes.allSatisfy { !$0.isRunning })
        #expect(records == [])
    }
}
