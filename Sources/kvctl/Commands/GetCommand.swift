import ArgumentParser
import UVHTTP

struct GetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Read a key through a node.",
        discussion: """
            Prints the status code and the node's JSON answer; the exit status is 3 when the key \
            is not there.

            EXAMPLES
              kvctl get 7 hello                200 {"value": "world"}
              kvctl get NODE-7 'two words'
              kvctl get 7 hello -i             its version, its age, where it came from
              kvctl get 7 hello --no-cache     the root's answer

            JSON
              {"status":200,"body":{"value":"world"}}
              With -i also "fields": {"ETag": …, …}, as far as the answer has them.
            """)

    @Argument(help: "The node to ask: NODE-7, node-7 or 7.")
    var node: NodeName

    @Argument(help: "The key. One that begins with - goes after --.")
    var key: Operand

    @OptionGroup(title: "Freshness") var read: ReadOptions
    @OptionGroup var include: IncludeOptions
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        var request = HTTPClientRequest(.get, try StoreRequest.target(key: key.text))
        request.fieldLines = read.fieldLines
        try StoreRequest.perform(
            request, node: node, connection: connection, output: output.output,
            showsFields: include.include)
    }
}
