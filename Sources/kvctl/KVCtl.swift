import ArgumentParser
import Foundation

/// What `kvctl --version` says.
let kvctlVersion = "0.1.0"

@main
struct KVCtl: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kvctl",
        abstract: "Reads and writes a Canopy cache, shows its tree, runs one on this machine.",
        discussion: """
            EXAMPLES
              kvctl cluster up                 start a tree of 7 nodes here
              kvctl put 7 hello world          write through NODE-7
              kvctl get NODE-4 hello           read through NODE-4
              kvctl tree                       draw the tree
              kvctl cluster down               stop it

            NODE is NODE-7, node-7 or 7. On the host, node i is http://localhost:<5000+i> \
            (--host, --base-port; KVCTL_HOST, KVCTL_BASE_PORT); inside the nodes' network it is \
            http://NODE-<i>:5000 (--inside; KVCTL_INSIDE=1).

            EXIT STATUS
              0 ok, 1 failure, 2 wrong usage, 3 not found, 4 condition not met, 5 unreachable or timed out

            COMPLETIONS
              kvctl --generate-completion-script bash   (or zsh, or fish)
            """,
        version: "kvctl \(kvctlVersion)",
        groupedSubcommands: [
            CommandGroup(
                name: "Value", subcommands: [GetCommand.self, PutCommand.self, DeleteCommand.self]),
            CommandGroup(
                name: "Tree",
                subcommands: [
                    TreeCommand.self, NodesCommand.self, KeysCommand.self, ReadyCommand.self,
                    SynchronizeCommand.self,
                ]),
            CommandGroup(name: "Access", subcommands: [TokenCommand.self]),
            CommandGroup(name: "Local cluster", subcommands: [ClusterCommand.self]),
        ])

    /// Here as well as in each command, so that `kvctl --output json nodes` is understood too.
    @OptionGroup var output: OutputOptions

    static func main() {
        do {
            let arguments = CommandLineArguments.normalized(
                Array(CommandLine.arguments.dropFirst()))
            if let refusal = CommandLineArguments.refusal(of: arguments) { throw refusal }
            var command = try parseAsRoot(arguments)
            try command.run()
        } catch {
            finish(error)
        }
    }

    /// Ends the process as `error` asks: help and versions on standard output, complaints on
    /// standard error, with the exit status of `CommandStatus`.
    private static func finish(_ error: any Error) -> Never {
        if let failure = error as? Failure {
            StandardError.print(failure.text)
            Foundation.exit(failure.status.rawValue)
        }
        guard exitCode(for: error) == .validationFailure else { exit(withError: error) }
        StandardError.print(fullMessage(for: error))
        Foundation.exit(CommandStatus.usage.rawValue)
    }
}
