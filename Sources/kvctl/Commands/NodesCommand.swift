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
               "name", "address", "port", "api", "state", "gone_seconds",
               "last_seen_seconds", "depth", "parent", "by", "coherence",
               "session"}, …]}
              What doesn't hold for a node is left out.
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
        let hasSessions = nodes.contains { $0.session != nil }
        let headings = [
            "SLOT", "NAME", "ADDRESS", "API", "DEPTH", "ATTACHED TO", "COHERENCE", "STATE",
            "LAST SEEN",
        ]
        var table = TextTable(
            headings: headings + (hasSessions ? ["SESSION"] : []), rightAligned: [0, 4])
        for node in nodes {
            table.append(
                [
                    TextTable.Cell("\(node.slot)"), TextTable.Cell(node.name),
                    TextTable.Cell(node.location), TextTable.Cell(node.api ?? "-"),
                    TextTable.Cell(node.depth.map(String.init) ?? "-"),
                    TextTable.Cell(attachment(of: node)), TextTable.Cell(node.coherence ?? "-"),
                    TextTable.Cell(state: node.state),
                    TextTable.Cell(seen(node)),
                ] + (hasSessions ? [TextTable.Cell(node.session ?? "-")] : []))
        }
        return table
    }

    /// `NODE-2`, or `NODE-2 (http)` for a parent without a link.
    private static func attachment(of node: Member) -> String {
        guard let parent = node.parent else { return "-" }
        return node.by == nil || node.by == "link" ? parent : "\(parent) (\(node.by ?? ""))"
    }

    /// For a node that is gone, since when.
    private static func seen(_ node: Member) -> String {
        (node.goneSeconds ?? node.lastSeenSeconds).map(ago) ?? "-"
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
