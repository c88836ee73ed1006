import UVHTTP

/// Where a node is reached, and what it is called in messages.
struct NodeAddress: Equatable, Sendable, CustomStringConvertible {
    var name: NodeName
    var endpoint: Endpoint

    var description: String { "\(name) at \(endpoint)" }
}

/// Turns node names into addresses, the way the place that kvctl runs at asks for.
struct NodeDirectory: Equatable, Sendable {
    static let defaultHost = "localhost"
    static let defaultBasePort = 5000
    /// The port every node listens on inside the nodes' network.
    static let insidePort: UInt16 = 5000

    enum Place: Equatable, Sendable {
        /// On the machine whose port `basePort` + i leads to node i.
        case host(String, basePort: Int)
        /// In the network where a node's name is its address.
        case inside
    }

    let place: Place

    init(_ place: Place) { self.place = place }

    /// A flag wins over the environment, and the environment over the default; so `--host` or
    /// `--base-port` leads outside even where KVCTL_INSIDE is set. Throws a usage failure that
    /// names the setting, its value and what is allowed.
    init(
        host: String?, basePort: String?, inside: Bool, environment: [String: String]
    ) throws {
        let outsideAsked = host != nil || basePort != nil
        if inside, outsideAsked {
            throw Failure(
                .usage, "--inside can't be combined with --host or --base-port.",
                advice: "Inside the network a node is reached by its name, on port 5000.")
        }
        let insideByEnvironment = try Self.flag("KVCTL_INSIDE", environment)
        if inside || (insideByEnvironment && !outsideAsked) {
            self.init(.inside)
            return
        }
        self.init(
            .host(
                try Self.host(host, environment),
                basePort: try Self.basePort(basePort, environment)))
    }

    /// The base port by flag, `KVCTL_BASE_PORT` or default.
    static func basePort(_ flag: String?, _ environment: [String: String]) throws -> Int {
        let (name, text) = setting("--base-port", flag, "KVCTL_BASE_PORT", environment)
        guard let text else { return defaultBasePort }
        guard let port = Int(text), port >= 0, port < 65_535 else {
            throw Failure(.usage, "\(name) is '\(text)': a number from 0 to 65534 is allowed.")
        }
        return port
    }

    func address(of name: NodeName) throws -> NodeAddress {
        switch place {
        case .inside:
            return NodeAddress(
                name: name, endpoint: Endpoint(host: "\(name)", port: Self.insidePort))
        case .host(let host, let basePort):
            guard basePort + name.number <= 65_535 else {
                throw Failure(
                    .usage, "\(name) would be at port \(basePort + name.number), past 65535.",
                    advice: "Choose a smaller number for NODE, or a smaller --base-port.")
            }
            return NodeAddress(
                name: name, endpoint: Endpoint(host: host, port: UInt16(basePort + name.number)))
        }
    }

    /// What to try when a node can't be reached.
    var advice: String {
        switch place {
        case .inside:
            return "Is the node up? Outside the nodes' network, leave out --inside (KVCTL_INSIDE)."
        case .host("localhost", let basePort), .host("127.0.0.1", let basePort):
            let flag = basePort == Self.defaultBasePort ? "" : " --base-port \(basePort)"
            return "Is the cluster up? Start one with: kvctl cluster up\(flag)"
        case .host(let host, _):
            return "Is the cluster up, and do the ports of \(host) lead to its nodes?"
        }
    }

    private static func host(_ flag: String?, _ environment: [String: String]) throws -> String {
        let (name, text) = setting("--host", flag, "KVCTL_HOST", environment)
        guard let text else { return defaultHost }
        let bare =
            text.hasPrefix("[") && text.hasSuffix("]") ? text.dropFirst().dropLast() : text[...]
        let bracketed = bare.contains(":") ? "[\(bare)]" : String(bare)
        let colons = bare.utf8.count { $0 == ASCII.colon }
        guard colons != 1, let endpoint = Endpoint(bracketed, defaultPort: 0) else {
            throw Failure(
                .usage,
                "\(name) is '\(text)': a host name or an address is allowed, without a port.",
                advice: "The port is --base-port (KVCTL_BASE_PORT) plus the node's number.")
        }
        return endpoint.host
    }

    private static func flag(_ name: String, _ environment: [String: String]) throws -> Bool {
        switch environment[name]?.lowercased() {
        case nil, "", "0", "false", "no", "off": return false
        case "1", "true", "yes", "on": return true
        default:
            throw Failure(.usage, "\(name) is '\(environment[name] ?? "")': 1 or 0 is allowed.")
        }
    }

    /// The value in force, and the name of where it came from; an empty variable counts as unset.
    private static func setting(
        _ flagName: String, _ flag: String?, _ variable: String, _ environment: [String: String]
    ) -> (name: String, text: String?) {
        if let flag { return (flagName, flag) }
        let text = environment[variable] ?? ""
        return (variable, text.isEmpty ? nil : text)
    }
}
