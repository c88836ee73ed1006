import ArgumentParser
import UVHTTP

struct ReadyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ready",
        abstract: "Say whether a node is ready for requests, and what that hangs on.",
        discussion: """
            The exit status is 0 when it is ready and 1 when it isn't; so this is also the health \
            check of a container.

            EXAMPLES
              kvctl ready 4

            JSON
              {"ready":true}
            """)

    @Argument(help: "The node to ask: NODE-7, node-7 or 7.")
    var node: NodeName

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let directory = try connection.directory()
        let address = try directory.address(of: node)
        let response = try connection.client().exchange(
            HTTPClientRequest(.get, "/readyz?verbose"), with: address, in: directory)
        guard [200, 503].contains(response.status) else {
            throw Failure(
                unexpectedStatus: response.status, body: response.body, from: address,
                to: "/readyz")
        }
        let isReady = response.status == 200
        switch output.output {
        case .json: try StandardOutput.print(#"{"ready":\#(isReady)}"#)
        case .text:
            let lines = String(decoding: response.body, as: UTF8.self).split(separator: "\n")
            try StandardOutput.print(
                lines.map { Printable.text(String($0)) }.joined(separator: "\n"))
        }
        guard isReady else { throw ExitCode(CommandStatus.failure.rawValue) }
    }
}
