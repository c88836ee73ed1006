import ArgumentParser
import UVHTTP

struct DeleteCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete a key through a node.",
        discussion: """
            The node answers when its parent has the deletion too (--ack local, or --no-wait: at \
            once; --ack root: when the root has committed it); the rest of the way to the root \
            goes on in the background. A key that was not there is deleted as well. With \
            --if-match or --if-none-match the root decides; the exit status is 4 when the key \
            stays.

            EXAMPLES
              kvctl delete 7 hello             200 {"key": "hello"}
              kvctl delete 7 hello --no-wait
              kvctl delete 7 hello --if-match 7.42

            JSON
              {"status":200,"body":{"key":"hello"}}
            """)

    @Argument(help: "The node to write through: NODE-7, node-7 or 7.")
    var node: NodeName

    @Argument(help: "The key. One that begins with - goes after --.")
    var key: Operand

    @OptionGroup(title: "Writing") var write: WriteOptions
    @OptionGroup var include: IncludeOptions
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let query = write.query(flag: "wait_for_parent")
        var request = HTTPClientRequest(.delete, try StoreRequest.target(key: key.text) + query)
        request.fieldLines = write.fieldLines
        try StoreRequest.perform(
            request, node: node, connection: connection, output: output.output,
            showsFields: include.include)
    }
}
