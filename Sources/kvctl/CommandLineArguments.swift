import ArgumentParser

/// What happens to the arguments before swift-argument-parser sees them.
enum CommandLineArguments {
    private static let verbs: Set<String> = ["get", "put", "delete"]
    /// No argument can contain a NUL, so this marks ours without a doubt.
    private static let mark: Character = "\0"

    /// The verbs get, put and delete in lower case, however they were written; behind them negative
    /// numbers are marked, because the parser would take `-5` for an option. `Operand` takes the
    /// mark away again.
    static func normalized(_ arguments: [String]) -> [String] {
        var result = arguments
        let verbIndex = indexOfVerb(arguments)
        guard verbIndex < result.count, verbs.contains(result[verbIndex].lowercased()) else {
            return result
        }
        result[verbIndex] = result[verbIndex].lowercased()
        for index in (verbIndex + 1)..<result.count {
            if result[index] == "--" { break }
            if result[index].hasPrefix("-"), JSONText.isNumber(Array(result[index].utf8)) {
                result[index] = "\(mark)\(result[index])"
            }
        }
        return result
    }

    /// A usage failure when the word in a command's place is none of the commands; the parser would
    /// speak of unexpected arguments.
    static func refusal(of arguments: [String]) -> Failure? {
        var path = "kvctl"
        var commands = KVCtl.configuration.subcommands
        for word in arguments.dropFirst(indexOfVerb(arguments)) {
            if commands.isEmpty || word.hasPrefix("-") || word == "help" { return nil }
            let command = commands.first { $0.configuration.commandName == word }
            guard let command else {
                let names = commands.compactMap { $0.configuration.commandName }
                return Failure(
                    .usage, "'\(path)' has no command '\(Printable.text(word))'.",
                    advice: "Its commands: \(names.joined(separator: ", ")). See: \(path) --help")
            }
            path += " \(word)"
            commands = command.configuration.subcommands
        }
        return nil
    }

    /// `argument` without the mark.
    static func unmarked(_ argument: String) -> String {
        argument.first == mark ? String(argument.dropFirst()) : argument
    }

    /// The first argument behind a leading `--output FORMAT`, which is for all commands.
    private static func indexOfVerb(_ arguments: [String]) -> Int {
        var index = 0
        while index < arguments.count {
            if arguments[index] == "--output" {
                index += 2
            } else if arguments[index].hasPrefix("--output=") {
                index += 1
            } else {
                break
            }
        }
        return index
    }
}

/// A KEY or a VALUE: any text, `-5` included.
struct Operand: ExpressibleByArgument, Equatable {
    var text: String

    init(argument: String) { text = CommandLineArguments.unmarked(argument) }
}
