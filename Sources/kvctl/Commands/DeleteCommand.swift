import ArgumentParser
import UVHTTP

struct DeleteCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete a key through a node.",
        discussion: """
            The node answers when its parent has the deletion too (--no-wait: at once); the rest of \
            the way to the root goes on in the background. A key that was not there is deleted as \
            well.

            EXAMPLES
              kvctl delete 7 hello             200 {"key": "hello"}
              kvctl delete 7 hello --no-wait

            JSON
              {"status":200,"body":{"key":"hello"}}
            """)

    @Argument(help: "The node to write through: NODE-7, node-7 or 7.")
    var node: NodeName

    @Argument(help: "The key. One that begins with - goes after --.")
    var key: Operand

    @Flag(help: "Don't wait for the node's parent (wait_for_parent=false).")
    var noWait = false

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let query = noWait ? "?wait_for_parent=false" : ""
        let request = HTTPClientRequest(.delete, try StoreRequest.target(key: key.text) + query)
        try StoreRequest.perform(request, node: node, connection: connection, output: output.output)
    }
}
