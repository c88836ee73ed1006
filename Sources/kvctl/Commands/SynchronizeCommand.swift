import ArgumentParser
import UVHTTP

struct SynchronizeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "synchronize",
        abstract: "Send out the changes of mode sync now, before their round.",
        discussion: """
            Any node can be asked, since each passes it on to the root. In the other modes no \
            change waits; the root says so with 409, and the exit status is 1.

            EXAMPLES
              kvctl synchronize
              kvctl synchronize --node 4       ask NODE-4

            JSON
              {"status":204}
            """)

    @Option(help: "The node to ask (default: NODE-1, NODE-2 … until one answers).")
    var node: NodeName?

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let request = HTTPClientRequest(.post, "/synchronize")
        let answer = try NodeRace.answer(to: request, from: node, with: connection)
        switch output.output {
        case .json: try StandardOutput.print(#"{"status":\#(answer.response.status)}"#)
        case .text: try StandardOutput.print("The changes that waited are on their way.")
        }
    }
}
