/// How the tree keeps copies in step: chosen at the root, learned by every node from its parent.
public struct CoherencePolicy: Equatable, Sendable {
    public var mode: CoherenceMode = .push
    /// How old an answer may be in mode `ttl`, in milliseconds, at any depth.
    public var ttlMilliseconds: UInt32 = 10_000
    /// The time between two rounds of pushes in mode `sync`, in milliseconds.
    public var syncIntervalMilliseconds: UInt32 = 1_000
    /// How old an answer may be in the modes `push` and `sync` before the node asks upward, in
    /// milliseconds.
    public var maxStalenessMilliseconds: UInt32 = 10_000
    /// How long past that limit a node goes on serving when nobody above answers, in milliseconds.
    public var staleIfErrorMilliseconds: UInt32 = 3_600_000

    public init() {}
}
