/// What was measured of some trees, as a picture in SVG, for light and dark pages.
package struct ScalePlot {
    private static let width = 760.0
    private static let panelHeight = 380.0
    private static let colours = ["#6b7280", "#3b82f6", "#16a34a", "#f97316", "#a855f7"]
    private static let style = """
        text{font:13px system-ui,sans-serif;fill:#24292f}.title{font-weight:600;font-size:15px}
        .page{fill:#fff}.axis{stroke:#57606a}.grid{stroke:#d0d7de}
        @media (prefers-color-scheme:dark){text{fill:#e6edf3}.page{fill:#0d1117}\
        .axis{stroke:#8b949e}.grid{stroke:#30363d}}
        """

    private let trees: [ScaleFigures]

    package init(_ trees: [ScaleFigures]) { self.trees = trees }

    package var svg: String {
        let panels = [times, messages]
        let height = Self.panelHeight * Double(panels.count)
        var lines = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(Self.width) \(height)\""
                + " width=\"\(Self.width)\" height=\"\(height)\" role=\"img\">",
            "<title>Writes in trees of up to \(ScaleText.grouped(nodeCountMax)) nodes</title>",
            "<style>\(Self.style)</style>",
            "<rect class=\"page\" width=\"\(Self.width)\" height=\"\(height)\"/>",
        ]
        for (number, panel) in panels.enumerated() {
            lines += panel.elements(
                top: Double(number) * Self.panelHeight, width: Self.width,
                height: Self.panelHeight)
        }
        return lines.joined(separator: "\n") + "\n</svg>\n"
    }

    private var nodeCountMax: Int { trees.map(\.plan.nodeCount).max() ?? 0 }
    private var levels: [Int] { trees.map(\.plan.depth) }

    // MARK: Panels

    private var times: PlotPanel {
        var series: [PlotSeries] = []
        for (index, share) in shares.enumerated() {
            let name = share == .nobody ? "at the root" : "held by \(share.name)"
            for percent in [50, 99] {
                series.append(
                    PlotSeries(
                        name: "\(name), p\(percent)", colour: Self.colours[index % 5],
                        isDashed: percent == 99,
                        points: points(of: share) {
                            Double($0.writes.time(percent: percent)) / 1000
                        }))
            }
        }
        return PlotPanel(
            title: "Time until a write can be read at every node that holds the key",
            xLabel: xLabel, yLabel: "milliseconds", levels: levels, isLogarithmic: false,
            series: series)
    }

    private var messages: PlotPanel {
        var series: [PlotSeries] = []
        for (index, share) in shares.enumerated() {
            let count = { (figures: ShareFigures) in Double(max(1, figures.writes.count)) }
            if share != .nobody {
                series.append(
                    PlotSeries(
                        name: "pushes, held by \(share.name)", colour: Self.colours[index % 5],
                        isDashed: false,
                        points: points(of: share) { Double($0.writes.pushes) / count($0) }))
            }
            guard share == .nobody || share == .everyLeaf else { continue }
            series.append(
                PlotSeries(
                    name: "root, held by \(share.name)", colour: Self.colours[index % 5],
                    isDashed: true,
                    points: points(of: share) {
                        Double($0.writes.framesReceived + $0.writes.framesSent) / count($0)
                    }))
        }
        return PlotPanel(
            title: "Messages of a write: pushes in the whole tree, frames at the root",
            xLabel: xLabel, yLabel: "messages (logarithmic)", levels: levels,
            isLogarithmic: true, series: series)
    }

    private var xLabel: String {
        let counts = trees.map(\.plan.nodeCount)
        let ends = [counts.min(), counts.max()].map { ScaleText.grouped($0 ?? 0) }
        return "levels of the tree (\(ends.joined(separator: " to ")) nodes)"
    }

    private var shares: [ScaleShare] { trees.first?.shares.map(\.share) ?? [] }

    private func points(
        of share: ScaleShare, _ value: (ShareFigures) -> Double
    ) -> [(Int, Double)] {
        trees.compactMap { tree in
            tree.shares.first { $0.share == share }.map { (tree.plan.depth, value($0)) }
        }
    }
}
