import ArgumentParser

struct ClusterDownCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "down",
        abstract: "Stop the tree that cluster up started.",
        discussion: """
            Leaves first, the root last, so that writes on their way up arrive. A node that takes \
            longer than 12 s is killed, and the exit status is 1.

            EXAMPLES
              kvctl cluster down
              kvctl cluster down --base-port 6000

            JSON
              {"stopped": ["NODE-2", …], "killed": []}
            """)

    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let directory = try cluster.directory()
        let begin = ContinuousClock.now
        let records = directory.records()
        let report =
            records.isEmpty
            ? ClusterStopper.Report()
            : try directory.locked {
                ClusterStopper(directory: directory, progress: Progress()).stop(records)
            }
        let seconds = ((ContinuousClock.now - begin) / .milliseconds(100)).rounded() / 10
        switch output.output {
        case .json:
            try StandardOutput.print(try JSONReport.encode(Stopped(report)))
        case .text:
            try StandardOutput.print(Self.text(report, known: records.count, directory, seconds))
        }
        if !report.killed.isEmpty { throw ExitCode(CommandStatus.failure.rawValue) }
    }

    static func text(
        _ report: ClusterStopper.Report, known: Int, _ directory: ClusterDirectory,
        _ seconds: Double
    ) -> String {
        if known == 0 { return "Nothing to stop: no cluster runs here (\(directory.path))." }
        let gone = known - report.count
        var text =
            "Stopped \(report.stopped.count) of \(known) nodes in \(Printable.seconds(seconds))."
        if gone > 0 { text += " \(gone) had ended before." }
        for node in report.killed {
            text += "\n\(node) did not stop and was killed; its log: \(directory.logPath(node))"
        }
        return text
    }
}

private struct Stopped: Encodable {
    var stopped: [String]
    var killed: [String]

    init(_ report: ClusterStopper.Report) {
        stopped = report.stopped.map(\.description)
        killed = report.killed.map(\.description)
    }
}
