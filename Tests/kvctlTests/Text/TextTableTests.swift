import Testing

@testable import kvctl

@Suite struct TextTableTests {
    @Test func columnsAreAsWideAsTheirWidestCell() {
        var table = TextTable(headings: ["SLOT", "NAME", "STATE"], rightAligned: [0])
        table.append([.init("1"), .init("NODE-1"), .init(state: "live")])
        table.append([.init("12"), .init("é"), .init(state: "gone")])
        #expect(
            table.lines(.plain) == [
                "SLOT  NAME    STATE",
                "   1  NODE-1  live",
                "  12  é       gone",
            ])
    }

    @Test func coloursDoNotMoveTheColumns() {
        var table = TextTable(headings: ["A", "B"])
        table.append([.init(state: "live"), .init("x")])
        #expect(
            table.lines(Style(colours: true)) == [
                "\u{1B}[1mA\u{1B}[0m     \u{1B}[1mB\u{1B}[0m",
                "\u{1B}[32mlive\u{1B}[0m  x",
            ])
    }

    @Test func cellsOfOthersCannotBreakTheTable() {
        var table = TextTable(headings: ["NAME"])
        table.append([.init("a\u{1B}[2J\nb")])
        #expect(table.lines(.plain) == ["NAME", #"a\x1b[2J\nb"#])
    }

    @Test func theNodesTableSaysWhenANodeWasLastSeen() {
        let nodes = [
            Member(
                slot: 1, name: "NODE-1", address: "127.0.0.1", port: 5001, api: "canopy",
                state: "live", lastSeenSeconds: 0),
            Member(
                slot: 2, name: "NODE-2", address: "::1", port: 5002, api: "kv", state: "gone",
                lastSeenSeconds: 75, goneSeconds: 70, depth: 2, parent: "NODE-1", by: "http",
                coherence: "ttl", session: "0x1"),
            Member(
                slot: 3, name: "NODE-3", address: "10.0.1.69", port: nil, api: nil,
                state: "unknown", lastSeenSeconds: nil),
        ]
        #expect(
            NodesCommand.table(nodes).lines(.plain) == [
                "SLOT  NAME    ADDRESS         API     DEPTH  ATTACHED TO    COHERENCE"
                    + "  STATE    LAST SEEN  SESSION",
                "   1  NODE-1  127.0.0.1:5001  canopy      -  -              -        "
                    + "  live     now        -",
                "   2  NODE-2  [::1]:5002      kv          2  NODE-1 (http)  ttl      "
                    + "  gone     1 min ago  0x1",
                "   3  NODE-3  10.0.1.69       -           -  -              -        "
                    + "  unknown  -          -",
            ])
    }

    @Test(arguments: [
        (0, "now"), (1, "1 s ago"), (59, "59 s ago"), (60, "1 min ago"), (3599, "59 min ago"),
        (3600, "1 h ago"), (86_399, "23 h ago"), (86_400, "1 d ago"), (-3, "now"),
    ])
    func agesAreRoundedToOneUnit(_ seconds: Int, _ expected: String) {
        #expect(NodesCommand.ago(seconds) == expected)
    }
}
