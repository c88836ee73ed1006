import Glibc

/// A line in a panel: values by the levels of the tree.
struct PlotSeries {
    var name: String
    var colour: String
    var isDashed: Bool
    var points: [(Int, Double)]
}

/// One pair of axes with its lines and their names.
struct PlotPanel {
    private static let left = 70.0
    private static let right = 200.0
    private static let top = 40.0
    private static let bottom = 55.0
    private static let legendStep = 22.0

    var title: String
    var xLabel: String
    var yLabel: String
    var levels: [Int]
    /// The y axis begins at 1 then, and otherwise at 0.
    var isLogarithmic: Bool
    var series: [PlotSeries]

    /// Where the axes are.
    private struct Frame {
        var left: Double
        var right: Double
        var top: Double
        var bottom: Double
    }

    func elements(top: Double, width: Double, height: Double) -> [String] {
        let frame = Frame(
            left: Self.left, right: width - Self.right, top: top + Self.top,
            bottom: top + height - Self.bottom)
        var lines = [text(title, Self.left, top + 24, "class=\"title\"")]
        for tick in yTicks {
            let y = y(tick, frame)
            lines.append(line(frame.left, y, frame.right, y, "class=\"grid\""))
            lines.append(
                text(
                    ScaleText.decimal(tick, digits: 0), frame.left - 8, y + 4,
                    "text-anchor=\"end\""))
        }
        for level in levels {
            lines.append(
                text("\(level)", x(level, frame), frame.bottom + 20, "text-anchor=\"middle\""))
        }
        lines.append(line(frame.left, frame.bottom, frame.right, frame.bottom, "class=\"axis\""))
        lines.append(line(frame.left, frame.top, frame.left, frame.bottom, "class=\"axis\""))
        lines += labels(frame)
        for (number, series) in series.enumerated() {
            lines += elements(of: series, number, frame)
        }
        return lines
    }

    private func labels(_ frame: Frame) -> [String] {
        let middle = (frame.top + frame.bottom) / 2
        return [
            text(
                xLabel, (frame.left + frame.right) / 2, frame.bottom + 42,
                "text-anchor=\"middle\""),
            text(
                yLabel, 18, middle,
                "text-anchor=\"middle\" transform=\"rotate(-90 18 \(number(middle)))\""),
        ]
    }

    private func elements(of series: PlotSeries, _ index: Int, _ frame: Frame) -> [String] {
        let stroke =
            "stroke=\"\(series.colour)\" stroke-width=\"2\" fill=\"none\""
            + (series.isDashed ? " stroke-dasharray=\"5 4\"" : "")
        let points = series.points.map { level, value in
            "\(number(x(level, frame))),\(number(y(value, frame)))"
        }
        let legendY = frame.top + 8 + Double(index) * Self.legendStep
        let legendX = frame.right + 16
        return [
            "<polyline points=\"\(points.joined(separator: " "))\" \(stroke)/>",
            line(legendX, legendY, legendX + 24, legendY, stroke),
            text(series.name, legendX + 30, legendY + 4, ""),
        ]
    }

    // MARK: Scales

    private func x(_ level: Int, _ frame: Frame) -> Double {
        let first = levels.min() ?? 0
        let last = levels.max() ?? 0
        guard last > first else { return (frame.left + frame.right) / 2 }
        let part = Double(level - first) / Double(last - first)
        return frame.left + 12 + part * (frame.right - frame.left - 24)
    }

    private func y(_ value: Double, _ frame: Frame) -> Double {
        let part = isLogarithmic ? log10(max(1, value)) / log10(yMax) : value / yMax
        return frame.bottom - part * (frame.bottom - frame.top)
    }

    private var yMax: Double { max(yTicks.last ?? 1, 1) }

    /// Round numbers, from the axis's beginning until nothing lies above the last.
    private var yTicks: [Double] {
        let highest = series.flatMap(\.points).map(\.1).max() ?? 1
        if isLogarithmic {
            var ticks = [1.0, 10.0]
            while let last = ticks.last, last < highest { ticks.append(last * 10) }
            return ticks
        }
        let step = [1, 2, 5, 10, 20, 50, 100].first { highest / $0 <= 10 } ?? highest
        return (0...max(1, Int((highest / step).rounded(.up)))).map { Double($0) * step }
    }

    // MARK: Elements

    private func line(
        _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ attributes: String
    ) -> String {
        "<line x1=\"\(number(x1))\" y1=\"\(number(y1))\" x2=\"\(number(x2))\""
            + " y2=\"\(number(y2))\" \(attributes)/>"
    }

    private func text(_ text: String, _ x: Double, _ y: Double, _ attributes: String) -> String {
        "<text x=\"\(number(x))\" y=\"\(number(y))\" \(attributes)>\(text)</text>"
    }

    private func number(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
}
