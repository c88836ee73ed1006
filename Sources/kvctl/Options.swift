import ArgumentParser
import Foundation

enum OutputFormat: String, CaseIterable, ExpressibleByArgument {
    case text, json
}

/// A time span as people type it: 0.001 to 86400 seconds.
struct Seconds: ExpressibleByArgument, ExpressibleByIntegerLiteral, Equatable {
    let milliseconds: UInt64

    init(integerLiteral seconds: UInt64) { milliseconds = seconds * 1000 }

    init?(argument: String) {
        guard let seconds = Double(argument), seconds >= 0.001, seconds <= 86_400 else {
            return nil
        }
        milliseconds = UInt64(seconds * 1000)
    }

    var defaultValueDescription: String { "\(milliseconds / 1000)" }
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

    @Option(
        help: ArgumentHelp(
            "Seconds to wait for an answer, 0.001 to 86400.", valueName: "seconds"))
    var timeout: Seconds = 10

    @Option(
        help: ArgumentHelp(
            "The file with the token for nodes that ask for one (KVCTL_TOKEN_FILE).",
            valueName: "file"),
        completion: .file())
    var tokenFile: String?

    /// The nodes' addresses by these flags and the environment.
    func directory() throws -> NodeDirectory {
        try NodeDirectory(
            host: host, basePort: basePort, inside: inside,
            environment: ProcessInfo.processInfo.environment)
    }

    func client() throws -> NodeClient {
        let path = TokenFile.path(tokenFile, ProcessInfo.processInfo.environment)
        return try NodeClient(
            timeoutMilliseconds: timeout.milliseconds,
            authorizationLine: path.map(TokenFile.authorizationLine) ?? [])
    }
}
