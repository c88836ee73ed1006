import ArgumentParser
import Foundation

struct TreeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tree",
        abstract: "Draw the tree: every node with its address and whether it lives.",
        discussion: """
            Any node can be asked, since each passes the question on to the root.

            EXAMPLES
              kvctl tree
              kvctl tree --node 4              ask NODE-4
              kvctl tree --levels 3

            JSON
              {"root": "NODE-1", "depth": 3, "coherence": "push", "tree": {"slot": 1,
               "name", "address", "port", "api", "state", "last_seen_seconds",
               "children": […]}}
              A slot that nobody holds, above one that somebody does, has the state
              "vacant" and no name.
            """)

    @Option(help: "The node to ask (default: NODE-1, NODE-2 … until one answers).")
    var node: NodeName?

    @Option(help: "Draw this many levels; deeper nodes are counted.")
    var levels = TreeDrawing.levelsDefault

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard levels >= 1 else {
            throw ValidationError("--levels is \(levels): a number from 1 on is allowed.")
        }
    }

    func run() throws {
        let membership = try Membership.fetch(from: node, with: connection).membership
        let root = TreeNode(membership.nodes)
        switch output.output {
        case .json:
            try StandardOutput.print(try TreeReport(membership, root).json())
        case .text:
            let drawing =
                root.map {
                    TreeDrawing.lines(of: $0, levels: levels, style: .ofStandardOutput) + [""]
                } ?? []
            try StandardOutput.print((drawing + [membership.summary]).joined(separator: "\n"))
        }
    }
}

/// What `kvctl tree --output json` prints: the nodes nested as the tree is. A vacant slot has its
/// number, the state `vacant` and its children.
struct TreeReport: Encodable {
    struct Node: Encodable {
        var slot: Int
        var name: String?
        var address: String?
        var port: Int?
        var api: String?
        var state: String
        var lastSeenSeconds: Int?
        var children: [Node]

        init(_ node: TreeNode) {
            slot = node.slot
            name = node.member?.name
            address = node.member?.address
            port = node.member?.port
            api = node.member?.api
            state = node.member?.state ?? "vacant"
            lastSeenSeconds = node.member?.lastSeenSeconds
            children = node.children.map(Node.init)
        }
    }

    var root: String
    var depth: Int
    var coherence: String?
    var tree: Node?

    init(_ membership: Membership, _ root: TreeNode?) {
        self.root = membership.root
        depth = membership.depth
        coherence = membership.coherence
        tree = root.map(Node.init)
    }

    func json() throws -> [UInt8] { try JSONReport.encode(self) }
}
