import ClusterSimulation

/// Takes each rule of the link away in turn: a simulation that doesn't miss it proves nothing about
/// it.
final class MutationGate {
    private let options: SimulateOptions
    private let seeds: Range<UInt64>
    private let rules = Array(LinkRules.all)
    private var current: [Int: UInt64] = [:]
    /// By rule: what was violated first.
    private var catches: [Int: (seed: UInt64, sentence: String)] = [:]

    init(_ options: SimulateOptions, _ seeds: Range<UInt64>) {
        self.options = options
        self.seeds = seeds
    }

    func run() -> Int32 {
        let start = Console.seconds
        let jobs = rules.map { rule in
            ["--worker", "--seeds", "\(seeds.lowerBound)..<\(seeds.upperBound)"]
                + options.arguments(removedRule: rule)
        }
        WorkerPool(jobs, processesMax: options.jobCount).run { [self] job, line in
            switch WorkerLine(line) {
            case .begin(let seed): current[job] = seed
            case .fail(let seed, let sentence): catches[rules[job]] = (seed, sentence)
            case .end, nil: break
            }
        } onEnd: { [self] job, signal in
            if let signal {
                catches[rules[job]] = (current[job] ?? 0, "the process ended: \(signal)")
            }
        }
        for rule in rules { Console.say(verdict(on: rule)) }
        let missing = rules.filter { catches[$0] == nil }
        Console.say(
            "\(rules.count - missing.count) of \(rules.count) rules are missed when taken away, in"
                + " \(Int((Console.seconds - start).rounded())) s")
        return missing.isEmpty ? 0 : 1
    }

    private func verdict(on rule: Int) -> String {
        guard let caught = catches[rule] else {
            return "rule \(rule): NOT MISSED in \(seeds.count) seeds"
        }
        return "rule \(rule): missed at seed \(caught.seed), after"
            + " \(caught.seed - seeds.lowerBound + 1) seeds: \(caught.sentence)"
    }
}
