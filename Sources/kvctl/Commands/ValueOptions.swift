import ArgumentParser
import UVHTTP

/// What a write's answer waits for.
enum Ack: String, CaseIterable, ExpressibleByArgument {
    case local, parent, root
}

/// An entity tag as people type it: `7.42`, `"7.42"`, `W/"7.42"` or `*`.
struct EntityTag: ExpressibleByArgument, Equatable {
    /// As it stands in the field.
    let text: String

    /// Nil for what no field can carry as one tag.
    init?(argument: String) {
        if argument == "*" {
            text = argument
            return
        }
        let isQuoted = argument.hasPrefix("\"") || argument.hasPrefix("W/\"")
        let quoted = isQuoted ? argument : "\"\(argument)\""
        let opaque = quoted.dropFirst(quoted.hasPrefix("W/") ? 3 : 1).dropLast()
        guard quoted.hasSuffix("\""), !opaque.isEmpty,
            opaque.utf8.allSatisfy({ $0 > ASCII.space && $0 < 0x7F && $0 != ASCII.quote })
        else { return nil }
        text = quoted
    }
}

/// Whether an answer's fields are shown.
struct IncludeOptions: ParsableArguments {
    @Flag(
        name: [.short, .long],
        help: "Show ETag, Age, Staleness-Bound and Cache-Status below the answer.")
    var include = false
}

/// How current a read must be, and whether it needs a body.
struct ReadOptions: ParsableArguments {
    @Flag(help: "Ask the root, whatever the nodes on the way hold.")
    var noCache = false

    @Flag(help: "Take what the node holds; 504 when that won't do.")
    var onlyIfCached = false

    @Option(
        help: ArgumentHelp(
            "Take no answer that may be older than this many seconds.", valueName: "seconds"))
    var maxAge: UInt32?

    @Option(
        help: ArgumentHelp(
            "Answer 304 when the key still has this ETag, or any for *.", valueName: "tag"))
    var ifNoneMatch: EntityTag?

    /// As lines of fields.
    var fieldLines: [UInt8] {
        var directives: [String] = []
        if noCache { directives.append("no-cache") }
        if onlyIfCached { directives.append("only-if-cached") }
        if let maxAge { directives.append("max-age=\(maxAge)") }
        var lines = ""
        if !directives.isEmpty {
            lines += "Cache-Control: \(directives.joined(separator: ", "))\r\n"
        }
        if let ifNoneMatch { lines += "If-None-Match: \(ifNoneMatch.text)\r\n" }
        return Array(lines.utf8)
    }
}

/// What a write depends on, and what its answer waits for.
struct WriteOptions: ParsableArguments {
    @Flag(help: "Don't wait for the node's parent: short for --ack local.")
    var noWait = false

    @Option(
        help: ArgumentHelp(
            """
            Answer when the node has the write (local), when its parent has it too (parent, the \
            default), or when the root has committed it (root).
            """, valueName: "where"))
    var ack: Ack?

    @Option(
        help: ArgumentHelp(
            "Write only if the key has this ETag, or exists for *; else 412.", valueName: "tag"))
    var ifMatch: EntityTag?

    @Option(
        help: ArgumentHelp(
            "Write only if the key has another ETag, or doesn't exist for *; else 412.",
            valueName: "tag"))
    var ifNoneMatch: EntityTag?

    func validate() throws {
        if noWait, let ack, ack != .local {
            throw ValidationError("--no-wait and --ack \(ack) contradict each other.")
        }
    }

    /// The flag that nodes of every system know.
    var waitsForParent: Bool { !noWait && ack != .local }

    /// As lines of fields.
    var fieldLines: [UInt8] {
        var lines = ""
        if let ifMatch { lines += "If-Match: \(ifMatch.text)\r\n" }
        if let ifNoneMatch { lines += "If-None-Match: \(ifNoneMatch.text)\r\n" }
        return Array(lines.utf8)
    }

    /// The query with its `?`, or nothing. `flag`: the parameter that says whether to wait, for a
    /// request without a body.
    func query(flag: String? = nil) -> String {
        var parameters: [String] = []
        if let flag, !waitsForParent { parameters.append("\(flag)=false") }
        if let ack { parameters.append("ack=\(ack.rawValue)") }
        return parameters.isEmpty ? "" : "?" + parameters.joined(separator: "&")
    }
}
