import ClusterSimulation
import Testing

/// What `simulate --report` counts, in a tree small enough to be counted by hand.
@Suite struct ScaleRunTests {
    private static let levels = 4
    private static let samples = 8

    private static func figures(_ share: ScaleShare) throws -> (ScaleFigures, ShareFigures) {
        var plan = ScalePlan(depth: levels)
        plan.sampleCount = samples
        let figures = try ScaleRun.figures(of: plan, shares: [share])
        return (figures, try #require(figures.shares.first))
    }

    @Test func aKeyThatNobodyElseHoldsIsPushedToNobody() throws {
        let (figures, share) = try Self.figures(.nobody)
        #expect(share.writes.count == Self.samples)
        #expect(share.writes.pushes == 0)
        #expect(share.writes.rootCommits == Self.samples)
        // PUT; ACCEPT and COMMIT, the former perhaps for some writes together.
        #expect(share.writes.framesReceived == Self.samples)
        #expect(Self.samples + 1...2 * Self.samples ~= share.writes.framesSent)
        // GET and REPLY.
        #expect(share.misses.framesReceived == Self.samples)
        #expect(share.misses.framesSent == Self.samples)
        #expect(share.hits.count == Self.samples)
        #expect(share.hits.framesReceived == 0 && share.hits.framesSent == 0)
        // Every node but the root, and two links with four RENEWs a second each.
        #expect(figures.idle.registrations == figures.plan.nodeCount - 1)
        #expect(figures.idle.framesReceived == 8 && figures.idle.framesSent == 8)
    }

    @Test func aKeyThatAllHoldIsToldByTheRootToTwo() throws {
        let (figures, share) = try Self.figures(.everyLeaf)
        let nodeCount = figures.plan.nodeCount
        let writes = Self.samples / 2
        #expect(share.copyCount == Double(nodeCount))
        #expect(share.writes.count == writes)
        // The child that the write came from is told its commit, the other one the change.
        #expect(share.writes.rootPushes == writes)
        #expect(share.writes.rootCommits == writes)
        // All learn it by a push but the root, and those between it and the writer.
        #expect(share.writes.pushes == writes * (nodeCount - Self.levels))
        // Up one way and down the others, 0.1 to 0.5 ms for each hop.
        let hops = UInt64(2 * (Self.levels - 1))
        #expect(share.writes.times.allSatisfy { hops * 100...hops * 520 + 60 ~= $0 })
        #expect(share.misses.count == 0)
    }

    @Test func aTreeIsMeasuredTheSameAgain() throws {
        let (_, one) = try Self.figures(.twoLeaves)
        let (_, other) = try Self.figures(.twoLeaves)
        #expect(one.writes.times == other.writes.times)
        #expect(one.misses.times == other.misses.times)
    }

    @Test func theReportHasATreeInEachRow() throws {
        let (figures, _) = try Self.figures(.nobody)
        let tables = ScaleReport([figures]).markdown
        #expect(tables.contains("\n| levels | nodes | nobody |\n"))
        #expect(tables.split(separator: "\n").count { $0.hasPrefix("| 4 | 15 | ") } == 11)
        let picture = ScalePlot([figures]).svg
        #expect(picture.hasPrefix("<svg "))
        #expect(picture.hasSuffix("</svg>\n"))
        #expect(picture.contains("levels of the tree (15 to 15 nodes)"))
    }

    @Test(
        arguments: [
            (0, "0"), (999, "999"), (1000, "1,000"), (65_535, "65,535"), (1_002_003, "1,002,003"),
        ])
    func numbersAreGrouped(number: Int, text: String) {
        #expect(ScaleText.grouped(number) == text)
    }

    @Test(
        arguments: [
            (0.0, "0"), (3.0, "3"), (2.5, "2.5"), (2.05, "2.05"), (2.999, "3"), (1234.5, "1,234.5"),
        ])
    func decimalsHaveNoNeedlessZeros(number: Double, text: String) {
        #expect(ScaleText.decimal(number, digits: 2) == text)
    }

    @Test func percentilesAreThoseOfTheNearestRank() {
        var figures = RequestFigures()
        #expect(figures.time(percent: 50) == 0)
        figures.times = Array((1...200).reversed())
        #expect(figures.time(percent: 50) == 100)
        #expect(figures.time(percent: 99) == 198)
        figures.times = [7]
        #expect(figures.time(percent: 1) == 7)
    }
}
