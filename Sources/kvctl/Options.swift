import ArgumentParser
import Foundation

enum OutputFormat: String, CaseIterable, ExpressibleByArgument {
    case text, json
}

struct OutputOptions: ParsableArguments {
    @Option(help: "How results are printed: text for people, json for programs.")
    var output = OutputFormat.text
}

/// Where the nodes are and how long to wait for them.
struct ConnectionOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The machine whose ports lead to the nodes (default: localhost; KVCTL_HOST).",
            valueName: "name"))
    var host: String?

    @Option(
        help: ArgumentHelp(
            "Node i is at this port plus i (default: 5000; KVCTL_BASE_PORT).", valueName: "port"))
    var basePort: String?

    @Flag(help: "Reach node i as NODE-<i>:5000, from inside the nodes' network (KVCTL_INSIDE=1).")
    var inside = false

    @Option(help: ArgumentHelp("Seconds to wait for an answer.", valueName: "seconds"))
    var timeout = 10.0

    func validate() throws {
        guard timeout >= 0.001, timeout <= 86_400 else {
            throw ValidationError("--timeout is \(timeout): seconds from 0.001 to 86400 are allowed.")
        }
    }

    /// The nodes' addresses by these flags and the environment.
    func directory() throws -> NodeDirectory {
        try NodeDirectory(
            host: host, basePort: basePort, inside: inside,
            environment: ProcessInfo.processInfo.environment)
    }

    func client() throws -> NodeClient {
        try NodeClient(timeoutMilliseconds: UInt64(timeout * 1000))
    }
}
