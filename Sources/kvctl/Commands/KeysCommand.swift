import ArgumentParser
import Foundation
import UVHTTP

struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "List the keys a node holds, one per line.",
        discussion: """
            On a terminal control characters are shown as escapes; elsewhere keys are printed as \
            they are, so that one with a line feed in it takes two lines: --output json tells them \
            apart. Answers of up to \(NodeClient.answerBytesMax / 1024 / 1024) MiB are taken.

            EXAMPLES
              kvctl keys 4

            JSON
              ["hello","two words"]
            """)

    private static let path = "/keys"

    @Argument(help: "The node to ask: NODE-7, node-7 or 7.")
    var node: NodeName

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let directory = try connection.directory()
        let address = try directory.address(of: node)
        let client = try connection.client()
        let request = HTTPClientRequest(.get, Self.path)
        let response = try client.exchange(request, with: address, in: directory)
        guard response.status == 200 else {
            throw Failure(
                unexpectedStatus: response.status, body: response.body, from: address, to: Self.path
            )
        }
        // Any error of the decoder means the same here: not an array of strings.
        guard let keys = try? JSONDecoder().decode([String].self, from: Data(response.body)) else {
            throw Failure(unreadable: Self.path, from: address)
        }
        switch output.output {
        case .json:
            try StandardOutput.print(
                JSONText.laidOut(response.body, as: .compact) ?? response.body)
        case .text:
            try StandardOutput.write(Self.lines(keys, escapingControls: StandardOutput.isTerminal))
        }
    }

    static func lines(_ keys: [String], escapingControls: Bool) -> [UInt8] {
        var result: [UInt8] = []
        for key in keys {
            result += (escapingControls ? Printable.text(key) : key).utf8
            result.append(ASCII.lineFeed)
        }
        return result
    }
}
