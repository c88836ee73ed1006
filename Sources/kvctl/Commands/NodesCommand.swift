import ArgumentParser

struct NodesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nodes",
        abstract: "List the nodes with their slots, addresses and states.",
        discussion: """
            EXAMPLES
              kvctl nodes
              kvctl nodes --output json

            JSON
              {"root": "NODE-1", "depth": 3, "coherence": "push", "nodes": [{"slot",
               "name", "address", "port", "api", "state", "last_seen_seconds"}, …]}
            """)

    @Option(help: "The node to ask (default: NODE-1, NODE-2 … until one answers).")
    var node: NodeName?

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let (membership, text) = try Membership.fetch(from: node, with: connection)
        switch output.output {
        case .json:
            try StandardOutput.print(JSONText.laidOut(text, as: .compact) ?? text)
        case .text:
            let lines =
                Self.table(membership.nodes).lines(.ofStandardOutput) + ["", membership.summary]
            try StandardOutput.print(lines.joined(separator: "\n"))
        }
    }

    static func table(_ nodes: [Member]) -> TextTable {
        var table = TextTable(
            headings: ["SLOT", "NAME", "ADDRESS", "API", "STATE", "LAST SEEN"], rightAligned: [0])
        for node in nodes {
            table.append([
                TextTable.Cell("\(node.slot)"), TextTable.Cell(node.name),
                TextTable.Cell(node.location), TextTable.Cell(node.api ?? "-"),
                TextTable.Cell(state: node.state),
                TextTable.Cell(node.lastSeenSeconds.map(ago) ?? "-"),
            ])
        }
        return table
    }

    /// `now`, `12 s ago`, `5 min ago`, `3 h ago`, `2 d ago`.
    static func ago(_ seconds: Int) -> String {
        switch seconds {
        case ..<1: "now"
        case ..<60: "\(seconds) s ago"
        case ..<3600: "\(seconds / 60) min ago"
        case ..<86_400: "\(seconds / 3600) h ago"
        default: "\(seconds / 86_400) d ago"
        }
    }
}
