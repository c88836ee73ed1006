import CacheNode
import ClusterSimulation

/// What `simulate` is asked to do.
struct SimulateOptions {
    enum Task {
        /// One seed, told as it happens when `isVerbose`.
        case replay(UInt64, isVerbose: Bool)
        case many(Range<UInt64>)
        /// Each rule of the link taken away in turn: how soon is it missed?
        case mutationGate(Range<UInt64>)
        /// Trees of so many levels, measured.
        case report(ScaleCommand)
        /// One process's share of `many` or of the gate.
        case worker(Range<UInt64>)
    }

    struct Problem: Error, CustomStringConvertible {
        var description: String
    }

    static let help = """
        usage: simulate --seed N [--verbose]     replay one seed, and tell it
               simulate --seeds A..<B            live through many, stop at the first violation
               simulate --mutation-gate          take each rule of the link away; each must be missed
               simulate --depth N --report       measure a full tree of N levels: 3 to 16
               simulate --depths A..B --report   the same for A to B levels (10..16; 10 minutes and 4 GB)
        with   --plot FILE                       and draw what --report measures, in SVG
               --mode push|sync|ttl|none         instead of the mode that the seed chooses
               --without-rule 1...10             without this rule of docs/link.md
               --jobs N                          processes for many seeds (2)
        """

    /// Seeds within which the loss of a rule must be noticed.
    private static let gateSeeds: Range<UInt64> = 0..<1000

    var task = Task.many(0..<100)
    var mode: CoherenceMode?
    var removedRule: Int?
    var jobCount = 2

    /// What the flags say of the task.
    private struct Wish {
        var seeds: Range<UInt64>?
        var seed: UInt64?
        var depths: ClosedRange<Int>?
        var plotPath: String?
        /// Flags without a value.
        var switches: Set<String> = []
    }

    private static let switches: Set = ["--verbose", "--mutation-gate", "--worker", "--report"]

    static func parse(_ arguments: [String]) -> Result<SimulateOptions, Problem> {
        var options = SimulateOptions()
        var wish = Wish()
        var rest = arguments[...]
        while let flag = rest.popFirst() {
            if switches.contains(flag) {
                wish.switches.insert(flag)
                continue
            }
            guard let value = rest.popFirst() else {
                return .failure(Problem(description: "\(flag) is unknown, or lacks its value"))
            }
            let isGood: Bool
            switch flag {
            case "--seed":
                wish.seed = UInt64(value)
                isGood = wish.seed != nil
            case "--seeds":
                wish.seeds = range(value)
                isGood = wish.seeds != nil
            case "--mode":
                options.mode = CoherenceMode(rawValue: value)
                isGood = options.mode != nil
            case "--without-rule":
                options.removedRule = Int(value)
                isGood = LinkRules.all.contains(options.removedRule ?? 0)
            case "--depth", "--depths":
                guard let depths = ScaleCommand.depths(value) else {
                    return .failure(
                        Problem(description: "\(flag) \(value): \(ScaleCommand.depthsRule)"))
                }
                wish.depths = depths
                isGood = true
            case "--plot":
                wish.plotPath = value
                isGood = true
            case "--jobs":
                options.jobCount = Int(value) ?? 0
                isGood = 1...64 ~= options.jobCount
            default: isGood = false
            }
            guard isGood else {
                return .failure(Problem(description: "\(flag) \(value) makes no sense"))
            }
        }
        return task(wish).map { task in
            options.task = task
            return options
        }
    }

    private static func task(_ wish: Wish) -> Result<Task, Problem> {
        if wish.switches.contains("--report") {
            let command = ScaleCommand(
                depths: wish.depths ?? 10...16, seed: wish.seed ?? 1, plotPath: wish.plotPath)
            return .success(.report(command))
        }
        guard wish.depths == nil, wish.plotPath == nil else {
            return .failure(Problem(description: "--depth and --plot need --report"))
        }
        if let seed = wish.seed {
            return .success(.replay(seed, isVerbose: wish.switches.contains("--verbose")))
        }
        if wish.switches.contains("--worker") { return .success(.worker(wish.seeds ?? 0..<0)) }
        if wish.switches.contains("--mutation-gate") {
            return .success(.mutationGate(wish.seeds ?? gateSeeds))
        }
        guard let seeds = wish.seeds else { return .failure(Problem(description: "what?")) }
        return .success(.many(seeds))
    }

    /// `A..<B`
    private static func range(_ text: String) -> Range<UInt64>? {
        let parts = text.split(separator: "..<", omittingEmptySubsequences: false)
        guard parts.count == 2, let first = UInt64(parts[0]), let end = UInt64(parts[1]),
            first < end
        else { return nil }
        return first..<end
    }

    /// Does it; the process's exit status.
    func run() -> Int32 {
        if removedRule != nil || isGate, !LinkRules.areRemovable {
            Console.complain("simulate: rules can be taken away only when built by `make simulate`")
            return 2
        }
        LinkRules.remove(removedRule)
        switch task {
        case .replay(let seed, let isVerbose): return replay(seed, isVerbose: isVerbose)
        case .many(let seeds): return ManySeeds(self, seeds).run()
        case .report(let command): return command.run()
        case .mutationGate(let seeds): return MutationGate(self, seeds).run()
        case .worker(let seeds): return Worker(self).run(seeds)
        }
    }

    private var isGate: Bool { if case .mutationGate = task { true } else { false } }

    private func replay(_ seed: UInt64, isVerbose: Bool) -> Int32 {
        let story = isVerbose ? Story { Console.say($0) } : Story()
        let outcome = ClusterRun.outcome(of: ClusterPlan(seed: seed, mode: mode), story)
        Console.say(
            "seed \(seed), mode \(outcome.mode.rawValue), fingerprint \(outcome.fingerprint)")
        for violation in outcome.violations { Console.say("\(violation)") }
        if outcome.violations.isEmpty { Console.say("no violation") }
        return outcome.violations.isEmpty ? 0 : 1
    }

    /// The arguments that give another process these options.
    func arguments(removedRule: Int?) -> [String] {
        var arguments: [String] = []
        if let mode { arguments += ["--mode", mode.rawValue] }
        if let removedRule { arguments += ["--without-rule", "\(removedRule)"] }
        return arguments
    }
}
