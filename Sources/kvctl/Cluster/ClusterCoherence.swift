import ArgumentParser

/// How a cluster's copies are kept in step, as its root is told.
struct ClusterCoherence: ParsableArguments {
    enum Mode: String, CaseIterable, ExpressibleByArgument, Sendable {
        case push, ttl, sync, none
    }

    @Option(
        help: """
            What happens to copies when a key changes: push (the change goes at once to the nodes \
            that hold the key), ttl (copies expire), sync (changes go out in rounds) or none \
            (nothing comes down).
            """)
    var coherence = Mode.push

    @Option(
        help: ArgumentHelp(
            "With --coherence ttl: how old an answer may be; 250ms, 10s, 5m, 1h or seconds.",
            valueName: "duration"))
    var ttl: String?

    @Option(
        help: ArgumentHelp(
            "With --coherence sync: the time between two rounds.", valueName: "duration"))
    var syncInterval: String?

    @Option(
        help: ArgumentHelp(
            "With --coherence push or sync: how old an answer may be before a node asks upward.",
            valueName: "duration"))
    var maxStaleness: String?

    @Option(
        help: ArgumentHelp(
            "How long past its limit an answer is still given when nobody above answers.",
            valueName: "duration"))
    var staleIfError: String?

    /// Flags for the root's cachenode, which checks the durations.
    var arguments: [String] {
        let durations = [
            ("--ttl", ttl), ("--sync-interval", syncInterval), ("--max-staleness", maxStaleness),
            ("--stale-if-error", staleIfError),
        ]
        return ["--coherence", coherence.rawValue]
            + durations.flatMap { flag, value in value.map { [flag, $0] } ?? [] }
    }
}
