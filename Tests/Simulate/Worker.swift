import ClusterSimulation

/// One process's share of many seeds. Its lines are read by `WorkerPool`'s owner:
///
/// - `begin SEED`
/// - `end SEED EVENTS VIRTUAL-MICROSECONDS READS WRITES`
/// - `fail SEED SENTENCE`, after which it ends.
struct Worker {
    let options: SimulateOptions

    init(_ options: SimulateOptions) { self.options = options }

    func run(_ seeds: Range<UInt64>) -> Int32 {
        for seed in seeds {
            Console.say("begin \(seed)")
            let outcome = ClusterRun.outcome(of: ClusterPlan(seed: seed, mode: options.mode))
            if let violation = outcome.violations.first {
                Console.say("fail \(seed) \(violation)")
                return 1
            }
            Console.say(
                "end \(seed) \(outcome.eventCount) \(outcome.virtualMicroseconds)"
                    + " \(outcome.readCount) \(outcome.writeCount)")
        }
        return 0
    }
}

/// What a worker says, understood.
enum WorkerLine {
    case begin(UInt64)
    case end(SeedFigures)
    case fail(UInt64, String)

    init?(_ line: Substring) {
        let words = line.split(separator: " ", maxSplits: 2)
        guard words.count >= 2, let seed = UInt64(words[1]) else { return nil }
        switch (words[0], words.count) {
        case ("begin", 2): self = .begin(seed)
        case ("fail", 3): self = .fail(seed, String(words[2]))
        case ("end", 3):
            let figures = words[2].split(separator: " ").compactMap { UInt64($0) }
            guard figures.count == 4 else { return nil }
            self = .end(
                SeedFigures(
                    seeds: 1, events: figures[0], virtualMicroseconds: figures[1],
                    reads: figures[2], writes: figures[3]))
        default: return nil
        }
    }
}

/// What happened in some seeds, in sum.
struct SeedFigures {
    var seeds: UInt64 = 0
    var events: UInt64 = 0
    var virtualMicroseconds: UInt64 = 0
    var reads: UInt64 = 0
    var writes: UInt64 = 0

    static func += (sum: inout SeedFigures, one: SeedFigures) {
        sum.seeds += one.seeds
        sum.events += one.events
        sum.virtualMicroseconds += one.virtualMicroseconds
        sum.reads += one.reads
        sum.writes += one.writes
    }
}
