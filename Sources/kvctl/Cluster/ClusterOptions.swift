import ArgumentParser
import Foundation

/// Which cluster of this machine is meant.
struct ClusterOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Node i listens on this port plus i (default: 5000; KVCTL_BASE_PORT).",
            valueName: "port"))
    var basePort: String?

    @Option(
        help: ArgumentHelp(
            """
            Where pid files and logs are kept (default: canopy/cluster-<base port> in \
            $XDG_STATE_HOME or ~/.local/state).
            """, valueName: "folder"),
        completion: .directory)
    var stateDir: String?

    func basePortNumber() throws -> Int {
        try NodeDirectory.basePort(basePort, ProcessInfo.processInfo.environment)
    }

    func directory() throws -> ClusterDirectory {
        let path =
            try stateDir.map { URL(fileURLWithPath: $0).path }
            ?? ClusterDirectory.defaultPath(
                basePort: basePortNumber(), environment: ProcessInfo.processInfo.environment)
        return ClusterDirectory(path: path)
    }

    /// What leads another command to the same cluster: ` --base-port …` and ` --state-dir …`, where
    /// they are not the defaults.
    func flags() throws -> String {
        let port = try basePortNumber()
        let portFlag = port == NodeDirectory.defaultBasePort ? "" : " --base-port \(port)"
        return portFlag + (stateDir.map { " --state-dir \($0)" } ?? "")
    }
}
