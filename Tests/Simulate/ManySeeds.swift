/// Lives through a range of seeds, in several processes, until one violates something.
final class ManySeeds {
    private let options: SimulateOptions
    private let seeds: Range<UInt64>
    private var figures = SeedFigures()
    /// By job: the seed it is at.
    private var current: [Int: UInt64] = [:]
    private var failure: (seed: UInt64, sentence: String)?

    init(_ options: SimulateOptions, _ seeds: Range<UInt64>) {
        self.options = options
        self.seeds = seeds
    }

    func run() -> Int32 {
        let start = Console.seconds
        let pool = WorkerPool(jobs, processesMax: options.jobCount)
        pool.run { [self] job, line in
            guard let line = WorkerLine(line) else { return Console.say(String(line)) }
            switch line {
            case .begin(let seed): current[job] = seed
            case .end(let one): figures += one
            case .fail(let seed, let sentence): fail(seed, sentence, pool)
            }
        } onEnd: { [self] job, signal in
            if let signal, failure == nil {
                fail(current[job] ?? 0, "the process ended: \(signal)", pool)
            }
        }
        summarize(seconds: Console.seconds - start)
        return failure == nil ? 0 : 1
    }

    /// Pieces small enough to keep every process busy until the end.
    private var jobs: [[String]] {
        let size = max(10, min(500, seeds.count / (options.jobCount * 8)))
        return stride(from: seeds.lowerBound, to: seeds.upperBound, by: size).map { first in
            let end = min(first + UInt64(size), seeds.upperBound)
            return ["--worker", "--seeds", "\(first)..<\(end)"]
                + options.arguments(removedRule: options.removedRule)
        }
    }

    private func fail(_ seed: UInt64, _ sentence: String, _ pool: WorkerPool) {
        guard failure == nil else { return }
        failure = (seed, sentence)
        pool.stop()
    }

    private func summarize(seconds: Double) {
        let perSecond = Int(Double(figures.seeds) / max(seconds, 0.001))
        Console.say(
            "\(figures.seeds) seeds in \(Int(seconds.rounded())) s (\(perSecond) per second):"
                + " \(figures.events) events in \(figures.virtualMicroseconds / 1_000_000) virtual"
                + " seconds, \(figures.reads) reads, \(figures.writes) writes")
        guard let failure else { return }
        let arguments = options.arguments(removedRule: options.removedRule)
        Console.say(
            "seed \(failure.seed): \(failure.sentence)\nreplay: simulate --seed \(failure.seed)"
                + " --verbose \(arguments.joined(separator: " "))")
    }
}
