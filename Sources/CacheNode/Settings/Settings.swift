import UVHTTP

/// What happens to copies below a node when a key changes.
public enum CoherenceMode: String, CaseIterable, Sendable {
    /// A change goes at once to the nodes that hold the key.
    case push
    /// An entry expires; nobody hears of changes before.
    case ttl
    /// Changes go to the nodes that hold the key in rounds, one per key and round.
    case sync
    /// Writes climb, nothing comes down: what the earlier systems do.
    case none
}

/// Which earlier system's environment variables started this node, and so how it registers at a
/// root that knows no other way.
public enum LegacyDialect: String, Sendable {
    case none
    /// `MY_ID`, `ROOT_ID`, …: `POST /clients/register`.
    case kv
    /// `node_name`, `root_node`, …: `GET /nodes/parent/<NAME>`.
    case store
}

/// What a person may say about a node's part in the tree.
public enum RoleSetting: String, CaseIterable, Sendable {
    case root
    case child
}

/// Everything a node is told when it starts; checked, and complete.
public struct Settings: Equatable, Sendable {
    /// Canonical (`NodeName`).
    public var name: String
    /// How the znodes of a tree with this root are named.
    public var layout: TreeLayout
    /// Port 0 lets the system choose one.
    public var listen: Endpoint
    /// Where other nodes reach this one. Port 0 stands for the port listened on.
    public var advertise: Endpoint
    /// Nil when this node is the root, or finds the root in ZooKeeper.
    public var root: Endpoint?
    /// Levels of the tree, 1…16; the root's counts, its children learn it.
    public var depth: Int
    /// How copies are kept in step; the root's counts, its children learn it.
    public var policy: CoherencePolicy
    /// Bytes for entries.
    public var memoryBytes: Int
    /// Less than `memoryBytes`.
    public var maxBodyBytes: Int
    /// Writes that may wait for the parent.
    public var upwardQueueMax: Int
    public var logLevel: LogLevel
    public var logFormat: LogFormat
    /// Seconds to wait before anything else is done.
    public var startupDelaySeconds: Int
    public var legacy: LegacyDialect
    /// `HOST:PORT,…[/chroot]`, as it was given.
    public var zookeeper: String?
    /// The session timeout to ask ZooKeeper for.
    public var zookeeperTimeoutMilliseconds: UInt32 = 10_000
    /// The file with the tokens of clients; nil when clients need none.
    public var tokenFile: String?
    /// The file with the tokens of the tree's nodes; nil when they need none.
    public var clusterTokenFile: String?
    /// This node is not the root, and ZooKeeper alone says where that is.
    public var findsRoot = false

    public var isRoot: Bool { root == nil && !findsRoot }
}

/// What a command line asks for.
public enum SettingsOutcome: Equatable, Sendable {
    /// `warnings`: one sentence each, for the log.
    case run(Settings, warnings: [String])
    /// Text for stdout, with its line feeds; exit 0.
    case help(String)
    case version(String)
    /// One line for stderr, without line feed; exit 2.
    case invalid(String)
}

extension Settings {
    /// Reads the settings: flags over `CANOPY_` variables over the earlier systems' variables over
    /// defaults. A variable that is set to nothing counts as not set.
    ///
    /// - Parameters:
    ///   - arguments: Without the program's name.
    ///   - environment: Of the process; see `processEnvironment`.
    public static func parse(
        arguments: [String], environment: [String: String]
    ) -> SettingsOutcome {
        if arguments.contains("--help") || arguments.contains("-h") {
            return .help(SettingsHelp.text())
        }
        if arguments.contains("--version") {
            return .version("\(SettingsHelp.program) \(Canopy.version)\n")
        }
        let environment = environment.filter { !$0.value.isEmpty }
        do throws(SettingsError) {
            let given = try CommandLineFlags.collect(arguments)
            var draft = try EarlierEnvironment(environment).draft()
            for flag in SettingsFlag.table {
                guard let (value, source) = value(of: flag, given, environment) else { continue }
                do throws(SettingProblem) {
                    try flag.apply(value, &draft)
                } catch {
                    throw SettingsError(source: source, problem: error)
                }
                draft.sources[flag.name] = source
            }
            let settings = try draft.settings()
            let warnings = draft.warnings(for: settings) + unknownVariables(environment)
            return .run(settings, warnings: warnings)
        } catch {
            return .invalid("\(SettingsHelp.program): \(error.line)")
        }
    }

    private static func value(
        of flag: SettingsFlag, _ given: [String: String], _ environment: [String: String]
    ) -> (value: String, source: SettingSource)? {
        if let value = given[flag.name] { return (value, .flag(flag.name, value)) }
        let variable = flag.variable
        return environment[variable].map { ($0, .variable(variable, $0)) }
    }

    private static func unknownVariables(_ environment: [String: String]) -> [String] {
        let known = SettingsFlag.table.map(\.variable)
        let unknown = environment.keys.filter {
            $0.utf8.starts(with: "CANOPY_".utf8) && !known.contains($0)
        }
        return unknown.sorted().map { variable in
            let hint = NearestWord.find(variable, among: known).map { "; did you mean \($0)?" }
            return "\(EscapedText.quotedIfNeeded(variable)) is not a setting\(hint ?? "")"
        }
    }
}
