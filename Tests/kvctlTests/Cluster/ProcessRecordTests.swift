import Foundation
import Testing

@testable import kvctl

@Suite struct ProcessRecordTests {
    private let record = ProcessRecord(
        node: NodeName(number: 3), port: 5003,
        process: ProcessIdentity(pid: 1234, startTicks: 567, boot: "b-1"))

    @Test func aPidFileIsReadAsItWasWritten() {
        #expect(record.text == "pid 1234\nport 5003\nstarted 567\nboot b-1\n")
        #expect(ProcessRecord(node: record.node, text: record.text) == record)
        var bootless = record
        bootless.process.boot = ""
        #expect(ProcessRecord(node: record.node, text: bootless.text) == bootless)
    }

    @Test(arguments: [
        "", "1234\n", "pid 1234\n", "pid x\nport 5003\nstarted 567\n",
        "pid 0\nport 5003\nstarted 567\n", "pid 1\nport 5003\nstarted 567\n",
        "pid -1\nport 5003\nstarted 567\n", "pid 1234\nport 99999\nstarted 567\n",
        "pid 1234\nport 5003\nstarted -1\n",
    ])
    func aPidFileThatMakesNoSenseIsNone(_ text: String) {
        #expect(ProcessRecord(node: record.node, text: text) == nil)
    }

    @Test func startTimesAreFoundBehindAnyProgramName() {
        let fields = (4...21).map(String.init).joined(separator: " ")
        for name in ["cachenode", "a b", "x) S 1 (y", ")"] {
            let parsed = ProcessIdentity.parse(stat: "7 (\(name)) S \(fields) 4711 23 24\n")
            #expect(parsed?.state == "S")
            #expect(parsed?.startTicks == 4711)
        }
        for broken in ["", "7 (x", "7 (x) S 1 2 3", "7 (x) S \(fields) abc 23"] {
            #expect(ProcessIdentity.parse(stat: broken) == nil)
        }
    }

    @Test func aRecycledPidIsAnotherProcess() throws {
        let own = try #require(ProcessIdentity(runningAs: getpid()))
        #expect(own.isRunning)
        var earlier = own
        earlier.startTicks -= 1
        #expect(!earlier.isRunning)
        var otherBoot = own
        otherBoot.boot = "another"
        #expect(!otherBoot.isRunning)
    }

    @Test func aProcessThatEndedDoesNotRunThoughItIsNotCollectedYet() throws {
        let pid = try NodeProcess.spawn(
            "/bin/sleep", arguments: ["60"], environment: [:], logPath: "/dev/null")
        let identity = try #require(ProcessIdentity(runningAs: pid))
        #expect(getsid(pid) == pid)
        kill(pid, SIGKILL)
        let deadline = ContinuousClock.now + .seconds(5)
        while identity.isRunning, ContinuousClock.now < deadline { usleep(1000) }
        #expect(!identity.isRunning)
        #expect(NodeProcess.ending(of: pid) == "was ended by signal 9 (Killed)")
    }
}
