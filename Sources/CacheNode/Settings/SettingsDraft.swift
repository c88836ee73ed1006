import UVHTTP

/// Settings while they are gathered: what was given, nil for the rest. Also the one place for
/// defaults and ranges.
struct SettingsDraft {
    static let rootName = "NODE-1"
    static let listen = Endpoint(host: "127.0.0.1", port: SettingValue.defaultPort)
    static let depth = 3
    static let policy = CoherencePolicy()
    /// Milliseconds, as those that follow.
    static let ttlRange = 10...2_592_000_000
    static let syncIntervalRange = 10...3_600_000
    static let maxStalenessRange = 100...86_400_000
    static let staleIfErrorRange = 0...2_592_000_000
    static let memoryBytes = 512 << 20
    static let memoryBytesRange = (8 << 20)...(1 << 40)
    static let maxBodyBytes = 1 << 20
    static let maxBodyBytesRange = (1 << 10)...(1 << 30)
    static let upwardQueueMax = 65_536
    static let zookeeperTimeoutMilliseconds: UInt32 = 10_000
    static let zookeeperTimeoutRange = 1000...600_000
    static let logLevel = LogLevel.info
    static let logFormat = LogFormat.text
    static let startupDelaySecondsRange = 0...3600

    /// The root as an earlier system's variables describe it: nodes compare their names with its.
    struct EarlierRoot {
        let nameVariable: String
        let name: String?
        let endpointVariable: String
        let endpoint: Endpoint?
    }

    var name: String?
    var layout: TreeLayout?
    var listen: Endpoint?
    var advertise: Endpoint?
    var root: Endpoint?
    var earlierRoot: EarlierRoot?
    var depth: Int?
    var mode: CoherenceMode?
    var ttlMilliseconds: UInt32?
    var syncIntervalMilliseconds: UInt32?
    var maxStalenessMilliseconds: UInt32?
    var staleIfErrorMilliseconds: UInt32?
    var memoryBytes: Int?
    var maxBodyBytes: Int?
    var upwardQueueMax: Int?
    var logLevel: LogLevel?
    var logFormat: LogFormat?
    var startupDelaySeconds: Int?
    var legacy = LegacyDialect.none
    var zookeeper: String?
    var zookeeperTimeoutMilliseconds: UInt32?
    var role: RoleSetting?
    var tokenFile: String?
    var clusterTokenFile: String?
    /// Which variable should have given the name.
    var nameVariable: String?
    /// Where the values of flags came from, by the flags' names.
    var sources: [String: SettingSource] = [:]

    /// Fills in the defaults, and checks what several settings say together.
    func settings() throws(SettingsError) -> Settings {
        let listen = self.listen ?? Self.listen
        let name = try chosenName()
        let advertise = self.advertise ?? Self.advertise(name: name, listen: listen)
        let memoryBytes = self.memoryBytes ?? Self.memoryBytes
        let root = try rootEndpoint(name: name, listen: listen, advertise: advertise)
        let findsRoot = try findsRoot(name: name, root: root)
        return Settings(
            name: name, layout: layout ?? .named, listen: listen, advertise: advertise, root: root,
            depth: depth ?? Self.depth, policy: try policy(), memoryBytes: memoryBytes,
            maxBodyBytes: try maxBody(memoryBytes: memoryBytes),
            upwardQueueMax: upwardQueueMax ?? Self.upwardQueueMax,
            logLevel: logLevel ?? Self.logLevel, logFormat: logFormat ?? Self.logFormat,
            startupDelaySeconds: startupDelaySeconds ?? 0, legacy: legacy, zookeeper: zookeeper,
            zookeeperTimeoutMilliseconds: zookeeperTimeoutMilliseconds
                ?? Self.zookeeperTimeoutMilliseconds,
            tokenFile: tokenFile, clusterTokenFile: clusterTokenFile, findsRoot: findsRoot)
    }

    /// What a person should know although the settings are valid.
    func warnings(for settings: Settings) -> [String] {
        var warnings: [String] = []
        if advertise == nil, SettingValue.isEveryInterface(settings.listen.host) {
            warnings.append(
                "--advertise is not given: other nodes will look for this one at"
                    + " \(settings.advertise)")
        }
        warnings += policyWarnings(for: settings)
        if settings.zookeeper == nil, let source = sources["zookeeper-timeout"] {
            warnings.append("\(source.text) has no effect without --zookeeper")
        }
        return warnings
    }

    // MARK: Coherence

    private func policy() throws(SettingsError) -> CoherencePolicy {
        var policy = Self.policy
        policy.mode = mode ?? policy.mode
        policy.ttlMilliseconds = ttlMilliseconds ?? policy.ttlMilliseconds
        policy.syncIntervalMilliseconds =
            syncIntervalMilliseconds ?? policy.syncIntervalMilliseconds
        policy.staleIfErrorMilliseconds =
            staleIfErrorMilliseconds ?? policy.staleIfErrorMilliseconds
        policy.maxStalenessMilliseconds =
            maxStalenessMilliseconds ?? policy.maxStalenessMilliseconds
        guard policy.mode == .sync else { return policy }
        // A copy is as old as the interval before the next round reaches it: a limit below that
        // would send every read upward.
        let leastStaleness = 2 * policy.syncIntervalMilliseconds
        if maxStalenessMilliseconds == nil {
            policy.maxStalenessMilliseconds = max(policy.maxStalenessMilliseconds, leastStaleness)
        }
        guard policy.maxStalenessMilliseconds >= leastStaleness else {
            let source = sources["max-staleness"]?.text ?? "--max-staleness"
            throw SettingsError(
                "\(source): must be at least twice --sync-interval in mode sync, which is"
                    + " \(SettingValue.durationText(leastStaleness))")
        }
        return policy
    }

    /// Names of the flags that make up the policy, with the modes in which each counts.
    private static let policyFlags: [(name: String, modes: Set<CoherenceMode>)] = [
        ("coherence", Set(CoherenceMode.allCases)), ("ttl", [.ttl]), ("sync-interval", [.sync]),
        ("max-staleness", [.push, .sync]), ("stale-if-error", [.push, .sync, .ttl]),
    ]

    private func policyWarnings(for settings: Settings) -> [String] {
        Self.policyFlags.compactMap { flag in
            guard let source = sources[flag.name] else { return nil }
            if !settings.isRoot {
                return "\(source.text) has no effect here: the root decides"
            }
            if flag.modes.contains(settings.policy.mode) { return nil }
            return "\(source.text) has no effect with --coherence \(settings.policy.mode.rawValue)"
        }
    }

    // MARK: Names and addresses

    private func chosenName() throws(SettingsError) -> String {
        if let name { return name }
        if let nameVariable {
            throw SettingsError("\(nameVariable): must be set, to a node's name")
        }
        guard root == nil else {
            throw SettingsError("--name: must be given together with --root (--name NODE-4)")
        }
        guard role != .child else {
            throw SettingsError("--name: must be given to a child (--name NODE-4)")
        }
        return Self.rootName
    }

    private static func advertise(name: String, listen: Endpoint) -> Endpoint {
        SettingValue.isEveryInterface(listen.host)
            ? Endpoint(host: name, port: listen.port) : listen
    }

    private func rootEndpoint(
        name: String, listen: Endpoint, advertise: Endpoint
    ) throws(SettingsError) -> Endpoint? {
        if let root { return root == advertise || root == listen ? nil : root }
        guard let earlierRoot else { return nil }
        guard let rootName = earlierRoot.name else {
            throw SettingsError("\(earlierRoot.nameVariable): must be set, to the root's name")
        }
        if rootName == name { return nil }
        guard let endpoint = earlierRoot.endpoint else {
            if zookeeper != nil { return nil }
            throw SettingsError(
                "\(earlierRoot.endpointVariable): must be set, to the root's address")
        }
        return endpoint
    }

    /// Whether a node without the root's address is a child that finds it in ZooKeeper. A node that
    /// nobody calls either is the root if it has the root's usual name.
    private func findsRoot(name: String, root: Endpoint?) throws(SettingsError) -> Bool {
        let source = sources["role"]?.text ?? "--role"
        switch role {
        case .root:
            guard root == nil else {
                throw SettingsError("\(source): must not be given together with another's --root")
            }
            return false
        case .child:
            guard root != nil || (self.root == nil && zookeeper != nil) else {
                throw SettingsError(
                    "\(source): must be given together with another node's --root, or with"
                        + " --zookeeper")
            }
            return root == nil
        case nil:
            guard root == nil, self.root == nil, zookeeper != nil else { return false }
            return name != (earlierRoot?.name ?? Self.rootName)
        }
    }

    private func maxBody(memoryBytes: Int) throws(SettingsError) -> Int {
        guard let maxBodyBytes else { return Self.maxBodyBytes }
        guard maxBodyBytes < memoryBytes else {
            let source = sources["max-body"]?.text ?? "--max-body"
            let memory = SettingValue.byteCountText(memoryBytes)
            throw SettingsError("\(source): must be less than --memory, which is \(memory)")
        }
        return maxBodyBytes
    }
}
