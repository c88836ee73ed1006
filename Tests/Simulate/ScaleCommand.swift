import ClusterSimulation
import Glibc

/// Measures trees of several sizes; the tables go to the standard output.
struct ScaleCommand {
    let depths: ClosedRange<Int>
    let seed: UInt64
    /// Where the picture goes; nil for none.
    let plotPath: String?

    /// Which numbers of levels make sense; a clause.
    static let depthsRule =
        "a number of levels from \(ScalePlan.depths.lowerBound) to \(ScalePlan.depths.upperBound),"
        + " or a range of them such as 10..16"

    /// `N` or `A..B`; nil for what is neither, or has trees that can't be measured.
    static func depths(_ text: String) -> ClosedRange<Int>? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 1 || parts.count == 3 && parts[1].isEmpty,
            let first = Int(parts[0]), let last = Int(parts[parts.count - 1]), first <= last,
            ScalePlan.depths.contains(first), ScalePlan.depths.contains(last)
        else { return nil }
        return first...last
    }

    /// The process's exit status.
    func run() -> Int32 {
        var trees: [ScaleFigures] = []
        var isComplete = true
        do throws(ScaleFailure) {
            for depth in depths { trees.append(try measure(depth)) }
        } catch {
            Console.complain("simulate: \(error)")
            isComplete = false
        }
        // Also of those that were measured before one that failed.
        if !trees.isEmpty { Console.say(ScaleReport(trees).markdown) }
        if let plotPath, isComplete { isComplete = write(ScalePlot(trees).svg, to: plotPath) }
        return isComplete ? 0 : 1
    }

    private func measure(_ depth: Int) throws(ScaleFailure) -> ScaleFigures {
        var plan = ScalePlan(depth: depth)
        plan.seed = seed
        return try ScaleRun.figures(of: plan) { Console.complain("\(depth) levels: \($0)") }
    }

    private func write(_ text: String, to path: String) -> Bool {
        guard let file = fopen(path, "w") else {
            Console.complain("simulate: \(path): \(String(cString: strerror(errno)))")
            return false
        }
        let isWritten = fputs(text, file) >= 0
        guard fclose(file) == 0, isWritten else {
            Console.complain("simulate: \(path): \(String(cString: strerror(errno)))")
            return false
        }
        return true
    }
}
