import ArgumentParser
import Foundation
import UVHTTP

struct PutCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "put",
        abstract: "Write a key through a node.",
        discussion: """
            VALUE is sent as a JSON number or boolean if it is one, and as a string otherwise. The \
            node answers when its parent has the value too (--ack local, or --no-wait: at once; \
            --ack root: when the root has committed it); the rest of the way to the root goes on \
            in the background. With --if-match or --if-none-match the root decides whether the \
            value is written; the exit status is 4 when it isn't.

            EXAMPLES
              kvctl put 7 hello world          200 {"key": "hello", "value": "world"}
              kvctl put 7 answer 42            a number; -1.5e3 is one, 007 is a string
              kvctl put 7 list --json '[1, 2]'
              kvctl put 7 page --value-file page.html
              kvctl put 7 key -- -text         a value that begins with -
              kvctl put 7 hello you --if-match 7.42 -i
              kvctl put 7 lock me --if-none-match '*'

            JSON
              {"status":200,"body":{"key":"hello","value":"world"}}
            """)

    @Argument(help: "The node to write through: NODE-7, node-7 or 7.")
    var node: NodeName

    @Argument(help: "The key. One that begins with - goes after --.")
    var key: Operand

    @Argument(help: "The value.")
    var value: Operand?

    @Option(
        help: ArgumentHelp(
            "Send the text of this file instead of VALUE, as a string; - is standard input.",
            valueName: "file"),
        completion: .file())
    var valueFile: String?

    @Flag(help: "The value is JSON text, sent as it stands: an object, an array, null, a string.")
    var json = false

    @OptionGroup(title: "Writing") var write: WriteOptions
    @OptionGroup var include: IncludeOptions
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if value == nil, valueFile == nil {
            throw ValidationError(
                "VALUE is missing: give it (behind -- when it begins with -) or --value-file.")
        }
        if value != nil, valueFile != nil {
            throw ValidationError("VALUE and --value-file can't be combined.")
        }
    }

    func run() throws {
        let body = StoreRequest.body(
            valueJSON: try valueJSON(), waitForParent: write.waitsForParent)
        let target = try StoreRequest.target(key: key.text) + write.query()
        var request = HTTPClientRequest(.put, target)
        request.fieldLines = write.fieldLines
        request.contentType = Array("application/json".utf8)
        request.body = body
        try StoreRequest.perform(
            request, node: node, connection: connection, output: output.output,
            showsFields: include.include)
    }

    private func valueJSON() throws -> [UInt8] {
        let text = try valueFile.map(Self.read) ?? Array((value?.text ?? "").utf8)
        guard json else {
            return valueFile == nil ? ValueTyping.json(text) : JSONText.quoted(text)
        }
        guard let compact = JSONText.laidOut(text, as: .compact) else {
            throw Failure(
                .usage, "the value is not JSON.", advice: "Without --json it is a string.")
        }
        return compact
    }

    private static func read(_ path: String) throws -> [UInt8] {
        let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            let reason = String(cString: strerror(errno))
            throw Failure(.failure, "cannot read \(path): \(reason)")
        }
        let data: Data
        do {
            data = try FileHandle(fileDescriptor: descriptor).readToEnd() ?? Data()
        } catch {
            throw Failure(.failure, "cannot read \(path): \(error.localizedDescription)")
        }
        guard String(validating: data, as: UTF8.self) != nil else {
            throw Failure(
                .usage, "\(path) is not UTF-8 text, and JSON can't carry other bytes.",
                advice: "Any bytes go through the other API: curl -T FILE http://HOST:PORT/kv/KEY")
        }
        return Array(data)
    }
}
