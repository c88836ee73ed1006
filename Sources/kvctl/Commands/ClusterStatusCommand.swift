import ArgumentParser
import UVHTTP

struct ClusterStatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Say of each node of the tree here whether it runs and is ready.",
        discussion: """
            The exit status is 0 when every node is ready, and 1 otherwise.

            STATES
              ready      answers 200 to GET /readyz
              not ready  answers something else
              silent     runs, and does not answer
              exited     does not run any more

            EXAMPLES
              kvctl cluster status

            JSON
              {"state_dir": …, "nodes": [{"name", "pid", "port", "state", "log"}, …]}
            """)

    /// Milliseconds a node may take to say whether it is ready.
    private static let askMilliseconds: UInt64 = 2_000

    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let directory = try cluster.directory()
        let records = directory.records()
        let nodes = zip(records, try states(records)).map {
            ClusterReport.Node($0, directory, state: $1)
        }
        switch output.output {
        case .json:
            try StandardOutput.print(try JSONReport.encode(ClusterReport(directory, nodes)))
        case .text:
            guard !nodes.isEmpty else {
                let flags = try cluster.flags()
                throw Failure(
                    .failure, "no cluster runs here (\(directory.path)).",
                    advice: "Start one with: kvctl cluster up\(flags)")
            }
            let lines = Self.table(nodes).lines(.ofStandardOutput)
            try StandardOutput.print(lines.joined(separator: "\n"))
        }
        if nodes.isEmpty || nodes.contains(where: { $0.state != "ready" }) {
            throw ExitCode(CommandStatus.failure.rawValue)
        }
    }

    static func table(_ nodes: [ClusterReport.Node]) -> TextTable {
        var table = TextTable(headings: ["NAME", "PID", "PORT", "STATE", "LOG"], rightAligned: [1])
        for node in nodes {
            table.append([
                TextTable.Cell(node.name), TextTable.Cell("\(node.pid)"),
                TextTable.Cell("\(node.port)"), TextTable.Cell(state: node.state ?? ""),
                TextTable.Cell(node.log),
            ])
        }
        return table
    }

    private func states(_ records: [ProcessRecord]) throws -> [String] {
        let running = records.map(\.process.isRunning)
        let client = try NodeClient(timeoutMilliseconds: Self.askMilliseconds)
        let answers = client.answers(
            to: HTTPClientRequest(.get, "/readyz"),
            from: records.map { Endpoint(host: ClusterPlan.address, port: $0.port) })
        return zip(running, answers).map { isRunning, answer in
            // A process that ended while its port answers: somebody else has the port.
            guard isRunning else { return "exited" }
            guard case .success(let response) = answer else { return "silent" }
            return response.status == 200 ? "ready" : "not ready"
        }
    }
}
