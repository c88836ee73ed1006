import ClusterSimulation
import Glibc

/// Measures trees of several sizes; the tables go to the standard output.
struct ScaleCommand {
    let depths: ClosedRange<Int>
    let seed: UInt64
    /// Where the picture goes; nil for none.
    let plotPath: String?

    /// The process's exit status.
    func run() -> Int32 {
        var trees: [ScaleFigures] = []
        for depth in depths {
            var plan = ScalePlan(depth: depth)
            plan.seed = seed
            do throws(ScaleFailure) {
                trees.append(
                    try ScaleRun.figures(of: plan) { Console.complain("\(depth) levels: \($0)") })
            } catch {
                Console.complain("simulate: \(depth) levels: \(error)")
                return 1
            }
        }
        Console.say(ScaleReport(trees).markdown)
        guard let plotPath else { return 0 }
        return write(ScalePlot(trees).svg, to: plotPath) ? 0 : 1
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
