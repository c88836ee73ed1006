import ArgumentParser

struct ClusterCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cluster",
        abstract: "Run a whole tree of nodes on this machine.",
        discussion: """
            EXAMPLES
              kvctl cluster up                 7 nodes on ports 5001 to 5007
              kvctl cluster status
              kvctl cluster down
            """,
        subcommands: [ClusterUpCommand.self, ClusterDownCommand.self, ClusterStatusCommand.self])
}
