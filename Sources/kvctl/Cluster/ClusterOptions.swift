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
        let path = try stateDir.map { URL(fileURLWithPath: $0).path } ?? ClusterDirectory.defaultPath(
            basePort: basePortNumber(), environment: ProcessInfo.processInfo.environment)
        return ClusterDirectory(path: path)
    }

    /// ` --base-port …` and ` --state-dir …` as they were given, for a command to be shown.
    var flags: String {
        (basePort.map { " --base-port \($0)" } ?? "") + (stateDir.map { " --state-dir \($0)" } ?? "")
    }
}
