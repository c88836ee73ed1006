import Testing

@testable import kvctl

@Suite struct TreeDrawingTests {
    private func member(_ slot: Int, state: String = "live") -> Member {
        Member(
            slot: slot, name: "NODE-\(slot)", address: "127.0.0.1", port: 5000 + slot,
            api: "canopy", state: state, lastSeenSeconds: 0)
    }

    private func draw(
        _ members: [Member], levels: Int = TreeDrawing.levelsDefault, style: Style = .plain
    ) -> [String]? {
        TreeNode(members).map { TreeDrawing.lines(of: $0, levels: levels, style: style) }
    }

    @Test func drawsSevenNodes() {
        #expect(
            draw((1...7).map { member($0, state: $0 == 5 ? "gone" : "live") }) == [
                "NODE-1          127.0.0.1:5001  live",
                "├── NODE-2      127.0.0.1:5002  live",
                "│   ├── NODE-4  127.0.0.1:5004  live",
                "│   └── NODE-5  127.0.0.1:5005  gone",
                "└── NODE-3      127.0.0.1:5003  live",
                "    ├── NODE-6  127.0.0.1:5006  live",
                "    └── NODE-7  127.0.0.1:5007  live",
            ])
    }

    @Test func drawsARootAlone() {
        #expect(draw([member(1)]) == ["NODE-1  127.0.0.1:5001  live"])
        #expect(TreeNode([]) == nil)
    }

    @Test func aVacantSlotAboveANodeIsShown() {
        #expect(
            draw([member(1), member(5)]) == [
                "NODE-1          127.0.0.1:5001  live",
                "└── slot 2                      vacant",
                "    └── NODE-5  127.0.0.1:5005  live",
            ])
    }

    @Test func deeperLevelsAreCounted() {
        let members = (1...31).map { member($0, state: $0 == 17 || $0 == 31 ? "gone" : "live") }
        #expect(
            draw(members, levels: 2) == [
                "NODE-1                 127.0.0.1:5001  live",
                "├── NODE-2             127.0.0.1:5002  live",
                "│   └── 14 more below                  1 gone",
                "└── NODE-3             127.0.0.1:5003  live",
                "    └── 14 more below                  1 gone",
            ])
        #expect(draw(members)?.count == 31)
        #expect(draw((1...63).map { member($0) })?.count == 31 + 16)
        #expect(draw((1...63).map { member($0) })?.last == "                └── 2 more below")
        #expect(draw((1...63).map { member($0) }, levels: 6)?.count == 63)
    }

    @Test func coloursDoNotMoveTheColumns() {
        let lines = draw([member(1), member(2, state: "gone")], style: Style(colours: true)) ?? []
        let plain = lines.map { line in
            line.replacing("\u{1B}[1m", with: "").replacing("\u{1B}[2m", with: "")
                .replacing("\u{1B}[31m", with: "").replacing("\u{1B}[32m", with: "")
                .replacing("\u{1B}[0m", with: "")
        }
        #expect(plain == draw([member(1), member(2, state: "gone")]))
        #expect(lines.last?.contains("\u{1B}[31mgone") == true)
        #expect(lines.first?.contains("\u{1B}[32mlive") == true)
    }

    @Test func namesOfOthersAreInert() {
        var evil = member(1)
        evil.name = "a\u{1B}[2Jb"
        evil.state = "li\nve"
        #expect(draw([evil]) == [#"a\x1b[2Jb  127.0.0.1:5001  li\nve"#])
    }

    @Test func theReportNestsTheNodes() throws {
        let json = #"""
            {"root":"NODE-1","depth":2,"coherence":"none","nodes":[
            {"slot":1,"name":"NODE-1","address":"127.0.0.1","port":5001,"api":"canopy",
             "state":"live","last_seen_seconds":0},
            {"slot":3,"name":"NODE-3","address":"127.0.0.1","port":5003,"api":"canopy",
             "state":"gone","last_seen_seconds":9}]}
            """#
        let membership = try #require(Membership(json: Array(json.utf8)))
        let report = try TreeReport(membership, TreeNode(membership.nodes)).json()
        #expect(
            String(decoding: report, as: UTF8.self)
                == #"""
                {"coherence":"none","depth":2,"root":"NODE-1","tree":{"address":"127.0.0.1",\#
                "api":"canopy","children":[{"address":"127.0.0.1","api":"canopy","children":[],\#
                "last_seen_seconds":9,"name":"NODE-3","port":5003,"slot":3,"state":"gone"}],\#
                "last_seen_seconds":0,"name":"NODE-1","port":5001,"slot":1,"state":"live"}}
                """#)
    }
}
