/// A tree of slots: heap indices, the children of i being 2i and 2i + 1.
struct TreeNode: Equatable {
    var slot: Int
    /// Nil for a slot that nobody holds, though nodes below it do.
    var member: Member?
    var children: [TreeNode]

    /// The tree of `members`; nil when there are none. Slots are from 1 to 65535.
    init?(_ members: [Member]) {
        var present = Set<Int>()
        for member in members {
            var slot = member.slot
            while slot >= 1, present.insert(slot).inserted { slot /= 2 }
        }
        guard present.contains(1) else { return nil }
        let bySlot = Dictionary(
            members.map { ($0.slot, $0) }, uniquingKeysWith: { first, _ in first })
        self.init(slot: 1, present, bySlot)
    }

    private init(slot: Int, _ present: Set<Int>, _ bySlot: [Int: Member]) {
        self.slot = slot
        member = bySlot[slot]
        children = [2 * slot, 2 * slot + 1].filter(present.contains).map {
            TreeNode(slot: $0, present, bySlot)
        }
    }

    /// How many nodes are in this subtree, and how many of them are gone.
    var census: (nodes: Int, gone: Int) {
        children.reduce((member == nil ? 0 : 1, member?.isGone == true ? 1 : 0)) { sum, child in
            let below = child.census
            return (sum.0 + below.nodes, sum.1 + below.gone)
        }
    }
}

/// The tree as a person would draw it: a line for each node, branches at the left, addresses and
/// states in columns. What lies deeper than a person would draw is counted instead.
struct TreeDrawing {
    /// 31 nodes fit on a screen.
    static let levelsDefault = 5

    private struct Line {
        var branches: String
        var name: String
        var location: String
        var state: String
        var width: Int { branches.count + name.count }
    }

    private let style: Style
    private let levels: Int
    private var lines: [Line] = []

    /// `root` down to `levels` levels, which are at least 1.
    static func lines(of root: TreeNode, levels: Int, style: Style) -> [String] {
        var drawing = TreeDrawing(style: style, levels: levels)
        drawing.add(root, level: 1, lead: "", branch: "")
        return drawing.rendered()
    }

    private init(style: Style, levels: Int) {
        self.style = style
        self.levels = levels
    }

    /// `lead`: what stands to the left of this node's branch; `branch`: its own.
    private mutating func add(_ node: TreeNode, level: Int, lead: String, branch: String) {
        lines.append(
            Line(
                branches: lead + branch,
                name: node.member.map { Printable.text($0.name) } ?? "slot \(node.slot)",
                location: node.member.map { Printable.text($0.location) } ?? "",
                state: node.member.map { Printable.text($0.state) } ?? "vacant"))
        let below = lead + Self.continuation(of: branch)
        if level == levels, !node.children.isEmpty {
            addCount(of: node.children, lead: below)
            return
        }
        for (index, child) in node.children.enumerated() {
            let isLast = index == node.children.count - 1
            add(child, level: level + 1, lead: below, branch: isLast ? "└── " : "├── ")
        }
    }

    private mutating func addCount(of nodes: [TreeNode], lead: String) {
        let counts = nodes.map(\.census)
        let total = counts.reduce(0) { $0 + $1.nodes }
        let gone = counts.reduce(0) { $0 + $1.gone }
        lines.append(
            Line(
                branches: lead + "└── ", name: "\(total) more below", location: "",
                state: gone == 0 ? "" : "\(gone) gone"))
    }

    private static func continuation(of branch: String) -> String {
        switch branch {
        case "├── ": "│   "
        case "└── ": "    "
        default: ""
        }
    }

    private func rendered() -> [String] {
        let nameWidth = lines.map(\.width).max() ?? 0
        let locationWidth = lines.map(\.location.count).max() ?? 0
        return lines.map { line in
            let isCount = line.location.isEmpty && line.state.isEmpty
            var text = style.paint(line.branches, .dim) + style.paint(line.name, .bold)
            if isCount { return text }
            text += String(repeating: " ", count: nameWidth - line.width + 2)
            text += line.location
            text += String(repeating: " ", count: locationWidth - line.location.count + 2)
            return text + paint(line.state)
        }
    }

    private func paint(_ state: String) -> String {
        state.hasSuffix(" gone") ? style.paint(state, .red) : style.paint(state: state)
    }
}
