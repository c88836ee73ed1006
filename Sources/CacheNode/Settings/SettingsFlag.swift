/// One flag: a row of the table that parsing, the environment and `--help` are made from.
struct SettingsFlag: Sendable {
    /// Without its dashes.
    let name: String
    /// What stands for the value in the help.
    let placeholder: String
    let help: String
    /// What holds when nothing is given, as the help says it.
    let defaultText: String
    /// Reads a value into the draft, or says what is allowed.
    let apply: @Sendable (String, inout SettingsDraft) throws(SettingProblem) -> Void

    /// The environment variable that gives the same: `CANOPY_MAX_BODY` for `--max-body`.
    var variable: String {
        "CANOPY_" + String(name.uppercased().map { $0 == "-" ? "_" : $0 })
    }

    static let table: [SettingsFlag] = tree + coherence + capacity + access + operation

    private static let tree: [SettingsFlag] = [
        SettingsFlag(
            name: "name", placeholder: "NAME",
            help: "This node's name in the tree: 1 to 64 letters, digits, '.', '_' and '-', kept"
                + " in capitals. A number i is short for NODE-i.",
            defaultText: "\(SettingsDraft.rootName) on the root; elsewhere it must be given"
        ) { (text, draft) throws(SettingProblem) in
            draft.name = try SettingValue.name(text)
            draft.layout = SettingValue.decimal(text) == nil ? .named : .numbered
        },
        SettingsFlag(
            name: "listen", placeholder: "HOST:PORT",
            help: "The address to serve at; 0.0.0.0 or [::] for every interface, port 0 for a free"
                + " one. Where it isn't given, only this machine reaches the node.",
            defaultText: "\(SettingsDraft.listen)"
        ) { (text, draft) throws(SettingProblem) in
            draft.listen = try SettingValue.endpoint(text, portMin: 0)
        },
        SettingsFlag(
            name: "advertise", placeholder: "HOST:PORT",
            help: "The address at which other nodes reach this one; port 0 for the one served at.",
            defaultText: "--listen, or NAME:PORT when that is every interface"
        ) { (text, draft) throws(SettingProblem) in
            draft.advertise = try SettingValue.endpoint(text, portMin: 0)
        },
        SettingsFlag(
            name: "root", placeholder: "HOST:PORT",
            help: "The root of the tree, where this node registers. Without it, or with this"
                + " node's own address, this node is the root; but see --role.",
            defaultText: "none"
        ) { (text, draft) throws(SettingProblem) in
            draft.root = try SettingValue.endpoint(text, portMin: 1)
        },
        SettingsFlag(
            name: "depth", placeholder: "LEVELS",
            help: "Levels of the tree, the root's included: 1 to \(Tree.depthMax), for 2^LEVELS - 1"
                + " nodes. The root's value counts.",
            defaultText: "\(SettingsDraft.depth)"
        ) { (text, draft) throws(SettingProblem) in
            draft.depth = try SettingValue.wholeNumber(text, 1...Tree.depthMax)
        },
        SettingsFlag(
            name: "role", placeholder: "ROLE",
            help:
                "What this node is: \(choices(RoleSetting.self)). A child finds the root by --root,"
                + " or by --zookeeper.",
            defaultText: "child with another node's --root; with --zookeeper alone, root for a node"
                + " called \(SettingsDraft.rootName) and child for others; otherwise root"
        ) { (text, draft) throws(SettingProblem) in
            draft.role = try SettingValue.choice(text)
        },
        SettingsFlag(
            name: "zookeeper", placeholder: "HOST:PORT,...",
            help: "ZooKeeper servers that record the tree and know who lives, with an optional"
                + " /path behind them. A root waits for them when it starts; later it does without"
                + " them, and takes no new nodes until they are back.",
            defaultText: "none"
        ) { (text, draft) throws(SettingProblem) in
            draft.zookeeper = try SettingValue.connectString(text)
        },
        SettingsFlag(
            name: "zookeeper-timeout", placeholder: "DURATION",
            help: "How long ZooKeeper hears nothing of a node before it takes it for gone; the"
                + " servers may set bounds.",
            defaultText: SettingValue.durationText(SettingsDraft.zookeeperTimeoutMilliseconds)
        ) { (text, draft) throws(SettingProblem) in
            draft.zookeeperTimeoutMilliseconds = try SettingValue.milliseconds(
                text, SettingsDraft.zookeeperTimeoutRange)
        },
    ]

    private static let coherence: [SettingsFlag] = [
        SettingsFlag(
            name: "coherence", placeholder: "MODE",
            help: "What happens to copies when a key changes, in the whole tree: push (a change"
                + " goes at once to the nodes that hold the key), ttl (a copy expires), sync"
                + " (changes go out in rounds) or none (nothing comes down). The root's value"
                + " counts, here and in the next four.",
            defaultText: SettingsDraft.policy.mode.rawValue
        ) { (text, draft) throws(SettingProblem) in
            draft.mode = try SettingValue.choice(text)
        },
        SettingsFlag(
            name: "ttl", placeholder: "DURATION",
            help: "With --coherence ttl: how old an answer may be, at any depth.",
            defaultText: SettingValue.durationText(SettingsDraft.policy.ttlMilliseconds)
        ) { (text, draft) throws(SettingProblem) in
            draft.ttlMilliseconds = try SettingValue.milliseconds(text, SettingsDraft.ttlRange)
        },
        SettingsFlag(
            name: "sync-interval", placeholder: "DURATION",
            help: "With --coherence sync: the time between two rounds.",
            defaultText: SettingValue.durationText(SettingsDraft.policy.syncIntervalMilliseconds)
        ) { (text, draft) throws(SettingProblem) in
            draft.syncIntervalMilliseconds = try SettingValue.milliseconds(
                text, SettingsDraft.syncIntervalRange)
        },
        SettingsFlag(
            name: "max-staleness", placeholder: "DURATION",
            help: "With --coherence push or sync: how old an answer may be before the node asks"
                + " upward instead.",
            defaultText: SettingValue.durationText(SettingsDraft.policy.maxStalenessMilliseconds)
                + ", or twice --sync-interval if that is more"
        ) { (text, draft) throws(SettingProblem) in
            draft.maxStalenessMilliseconds = try SettingValue.milliseconds(
                text, SettingsDraft.maxStalenessRange)
        },
        SettingsFlag(
            name: "stale-if-error", placeholder: "DURATION",
            help: "How long past its limit an answer is still given when nobody above can be"
                + " reached; 0 for never.",
            defaultText: SettingValue.durationText(SettingsDraft.policy.staleIfErrorMilliseconds)
        ) { (text, draft) throws(SettingProblem) in
            draft.staleIfErrorMilliseconds = try SettingValue.milliseconds(
                text, SettingsDraft.staleIfErrorRange)
        },
    ]

    private static let capacity: [SettingsFlag] = [
        SettingsFlag(
            name: "memory", placeholder: "BYTES",
            help: "Memory for keys and values, in bytes or with KiB, MiB or GiB.",
            defaultText: SettingValue.byteCountText(SettingsDraft.memoryBytes)
        ) { (text, draft) throws(SettingProblem) in
            draft.memoryBytes = try SettingValue.byteCount(text, SettingsDraft.memoryBytesRange)
        },
        SettingsFlag(
            name: "max-body", placeholder: "BYTES",
            help: "The largest body of a request, and so the largest value.",
            defaultText: SettingValue.byteCountText(SettingsDraft.maxBodyBytes)
        ) { (text, draft) throws(SettingProblem) in
            draft.maxBodyBytes = try SettingValue.byteCount(text, SettingsDraft.maxBodyBytesRange)
        },
        SettingsFlag(
            name: "upward-queue", placeholder: "WRITES",
            help: "Writes that may wait for the parent; past it a write is refused with 503.",
            defaultText: "\(SettingsDraft.upwardQueueMax)"
        ) { (text, draft) throws(SettingProblem) in
            draft.upwardQueueMax = try SettingValue.wholeNumber(text, 1...16_777_216)
        },
    ]

    private static let access: [SettingsFlag] = [
        SettingsFlag(
            name: "token-file", placeholder: "FILE",
            help: "The tokens of clients, without which they get nothing: a line for each, with"
                + " what it allows (read, write, admin) before it, as in 'read,write TOKEN'."
                + " Read again on SIGHUP. kvctl token new makes one.",
            defaultText: "none: who reaches the node may do everything"
        ) { (text, draft) throws(SettingProblem) in
            draft.tokenFile = try SettingValue.path(text)
        },
        SettingsFlag(
            name: "cluster-token-file", placeholder: "FILE",
            help: "The tokens of the tree's nodes, a line for each: the first is the one that this"
                + " node shows to others, and all are taken from them. Read again on SIGHUP.",
            defaultText: "none: any node may join; with --token-file, none may"
        ) { (text, draft) throws(SettingProblem) in
            draft.clusterTokenFile = try SettingValue.path(text)
        },
    ]

    private static let operation: [SettingsFlag] = [
        SettingsFlag(
            name: "log-level", placeholder: "LEVEL",
            help: "The least important lines to log: \(choices(LogLevel.self)).",
            defaultText: SettingsDraft.logLevel.rawValue
        ) { (text, draft) throws(SettingProblem) in
            draft.logLevel = try SettingValue.choice(text)
        },
        SettingsFlag(
            name: "log-format", placeholder: "FORMAT",
            help: "How lines are logged to stderr: \(choices(LogFormat.self)).",
            defaultText: SettingsDraft.logFormat.rawValue
        ) { (text, draft) throws(SettingProblem) in
            draft.logFormat = try SettingValue.choice(text)
        },
        SettingsFlag(
            name: "startup-delay", placeholder: "SECONDS",
            help: "How long to wait before starting.", defaultText: "0"
        ) { (text, draft) throws(SettingProblem) in
            draft.startupDelaySeconds = try SettingValue.wholeNumber(
                text, SettingsDraft.startupDelaySecondsRange)
        },
    ]

    private static func choices<Choice>(_: Choice.Type) -> String
    where Choice: CaseIterable & RawRepresentable, Choice.RawValue == String {
        SettingValue.alternatives(Choice.allCases.map(\.rawValue))
    }
}
