import UVHTTP

/// The environment variables of the two earlier systems, as their Vagrantfiles set them. They give
/// defaults, so that those files start this program without a flag.
struct EarlierEnvironment {
    /// The `/kv` system has no limit on its tree. 8 levels hold 255 nodes: all that its addresses,
    /// 10.0.1.67 and up in one /24 network, can number.
    static let kvDepth = 8

    private let variables: [String: String]

    /// - Parameter variables: Those that are set to something.
    init(_ variables: [String: String]) { self.variables = variables }

    /// A draft with what the variables say; empty when none of them is set.
    func draft() throws(SettingsError) -> SettingsDraft {
        let kv = ["MY_ID", "ROOT_ID"].first { variables[$0] != nil }
        let store = ["node_name", "root_node"].first { variables[$0] != nil }
        var draft = SettingsDraft()
        if let kv, let store {
            throw SettingsError("\(kv) and \(store): must not both be set, they start two systems")
        } else if kv != nil {
            try readKV(into: &draft)
        } else if store != nil {
            try readStore(into: &draft)
        }
        draft.zookeeper = try read("ZOO_SERVERS", SettingValue.connectString)
        if draft.zookeeper == nil {
            draft.zookeeper = try read("zookeeper", SettingValue.connectString)
        }
        return draft
    }

    /// `MY_ID`, `MY_IP`, `ROOT_ID`, `ROOT_IP`: numbered nodes, everything at port 5000.
    private func readKV(into draft: inout SettingsDraft) throws(SettingsError) {
        let port = SettingValue.defaultPort
        draft.legacy = .kv
        draft.layout = .numbered
        draft.depth = Self.kvDepth
        draft.nameVariable = "MY_ID"
        draft.name = try read("MY_ID", Self.id)
        draft.listen = Endpoint(host: "0.0.0.0", port: port)
        draft.advertise = try endpoint("MY_IP", port: port)
        draft.earlierRoot = SettingsDraft.EarlierRoot(
            nameVariable: "ROOT_ID", name: try read("ROOT_ID", Self.id),
            endpointVariable: "ROOT_IP", endpoint: try endpoint("ROOT_IP", port: port))
    }

    /// `node_name`, `node_address`, `root_node`, `n_nodes`, `api_port`, `startup_delay`, `debug`:
    /// named nodes that find each other by name.
    private func readStore(into draft: inout SettingsDraft) throws(SettingsError) {
        let port = try read("api_port", Self.port) ?? SettingValue.defaultPort
        draft.legacy = .store
        draft.nameVariable = "node_name"
        draft.name = try read("node_name", SettingValue.name)
        draft.listen = Endpoint(host: "0.0.0.0", port: port)
        draft.advertise = try endpoint("node_address", port: port)
        draft.depth = try read("n_nodes", Self.depth)
        draft.startupDelaySeconds = try read("startup_delay", Self.seconds)
        draft.logLevel = try read("debug", Self.flag) == true ? .debug : nil
        draft.earlierRoot = SettingsDraft.EarlierRoot(
            nameVariable: "root_node", name: try read("root_node", SettingValue.name),
            endpointVariable: "root_node", endpoint: try endpoint("root_node", port: port))
    }

    /// The value of a variable, nil when it isn't set.
    private func read<Value>(
        _ variable: String, _ parse: (String) throws(SettingProblem) -> Value
    ) throws(SettingsError) -> Value? {
        guard let text = variables[variable] else { return nil }
        do throws(SettingProblem) {
            return try parse(text)
        } catch {
            throw SettingsError(source: .variable(variable, text), problem: error)
        }
    }

    private func endpoint(
        _ variable: String, port: UInt16
    ) throws(SettingsError) -> Endpoint? {
        try read(variable, SettingValue.host).map { Endpoint(host: $0, port: port) }
    }

    private static func id(_ text: String) throws(SettingProblem) -> String {
        "NODE-\(try SettingValue.wholeNumber(text, 0...Int(Int32.max)))"
    }

    private static func port(_ text: String) throws(SettingProblem) -> UInt16 {
        UInt16(try SettingValue.wholeNumber(text, 1...65535))
    }

    private static func seconds(_ text: String) throws(SettingProblem) -> Int {
        try SettingValue.wholeNumber(text, SettingsDraft.startupDelaySecondsRange)
    }

    private static func depth(_ text: String) throws(SettingProblem) -> Int {
        let depths = 1...Tree.depthMax
        guard let nodes = SettingValue.decimal(text),
            let depth = depths.first(where: { (1 << $0) - 1 == nodes })
        else {
            throw SettingProblem("must be 2^depth - 1, from 1, 3, 7, 15 to 65535")
        }
        return depth
    }

    private static func flag(_ text: String) throws(SettingProblem) -> Bool {
        switch text.lowercased() {
        case "true", "1", "yes", "on": return true
        case "false", "0", "no", "off": return false
        default: throw SettingProblem("must be true or false")
        }
    }
}
