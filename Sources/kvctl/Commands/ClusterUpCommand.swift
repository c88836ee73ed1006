import ArgumentParser
import Foundation

struct ClusterUpCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Start a tree of nodes here and wait until every one answers.",
        discussion: """
            The nodes go on in the background, at 127.0.0.1 only. When one fails to start, its log \
            is shown and the others are stopped; so it is on Ctrl-C.

            EXAMPLES
              kvctl cluster up
              kvctl cluster up --depth 4 --base-port 6000
              kvctl cluster up --coherence ttl --ttl 5s
              kvctl cluster up --zookeeper 127.0.0.1:2181/mine
              kvctl cluster up -- --log-level debug   flags behind -- go to every cachenode

            JSON
              {"state_dir": …, "nodes": [{"name", "pid", "port", "log"}, …]}
            """)

    @Option(help: "Levels of the tree, 1 to 16: a tree of depth d has 2^d - 1 nodes.")
    var depth = 3

    @Option(
        help: ArgumentHelp(
            "Memory for each node's cache, in bytes or with KiB, MiB or GiB.", valueName: "bytes"))
    var memory: String?

    @Option(
        help: ArgumentHelp(
            """
            ZooKeeper servers that record the tree, with an optional /path behind them: one for \
            each cluster. The nodes find their root there.
            """, valueName: "host:port,..."))
    var zookeeper: String?

    @Option(
        help: ArgumentHelp(
            "The cachenode to run (default: the one beside kvctl, or on PATH).", valueName: "file"),
        completion: .file())
    var cachenode: String?

    @Option(
        help: ArgumentHelp(
            "Seconds each node may take to be ready, 0.001 to 86400.", valueName: "seconds"))
    var wait: Seconds = 30

    @Flag(help: "Start as many processes as --depth asks for.")
    var force = false

    @Argument(
        parsing: .postTerminator,
        help: ArgumentHelp("Flags for every cachenode, behind --.", valueName: "cachenode-flag"))
    var nodeArguments: [String] = []

    @OptionGroup(title: "Coherence") var coherence: ClusterCoherence
    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let environment = ProcessInfo.processInfo.environment
        let plan = try ClusterPlan(
            depth: depth, basePort: cluster.basePortNumber(), coherence: coherence, memory: memory,
            zookeeper: zookeeper, nodeArguments: nodeArguments, force: force)
        let executable = try ClusterPlan.executable(
            configured: cachenode, ownPath: NodeProcess.ownPath, environment: environment)
        let directory = try cluster.directory()
        try directory.create()
        let begin = ContinuousClock.now
        let records: [ProcessRecord]
        do {
            records = try directory.locked {
                try refuseRunning(directory)
                let starter = try ClusterStarter(
                    plan: plan, directory: directory, executable: executable,
                    environment: environment, waitMilliseconds: wait.milliseconds,
                    progress: Progress())
                return try starter.run()
            }
        } catch let interruption as Interruption {
            StandardError.print("kvctl: interrupted; what had been started was stopped.")
            throw ExitCode(128 + interruption.signal)
        }
        try report(records, plan, directory, took: ContinuousClock.now - begin)
    }

    private func refuseRunning(_ directory: ClusterDirectory) throws {
        let records = directory.records()
        let running = records.filter(\.process.isRunning)
        guard let first = running.first else {
            for record in records { directory.remove(record.node) }
            return
        }
        let verb = running.count == 1 ? "node of it runs" : "nodes of it run"
        let flags = try cluster.flags()
        throw Failure(
            .failure,
            """
            there is a cluster in \(directory.path) already: \(running.count) \(verb) \
            (\(first.node): pid \(first.process.pid), port \(first.port)).
            """,
            advice: """
                Stop it with: kvctl cluster down\(flags)
                Or start another beside it: kvctl cluster up --base-port 6000
                """)
    }

    private func report(
        _ records: [ProcessRecord], _ plan: ClusterPlan, _ directory: ClusterDirectory,
        took: Duration
    ) throws {
        if output.output == .json {
            try StandardOutput.print(
                try JSONReport.encode(
                    ClusterReport(directory, records.map { ClusterReport.Node($0, directory) })))
            return
        }
        let seconds = (took / .milliseconds(100)).rounded() / 10
        try StandardOutput.print(
            Self.text(plan, directory, flags: cluster.flags(), seconds: seconds))
    }

    static func text(
        _ plan: ClusterPlan, _ directory: ClusterDirectory, flags: String, seconds: Double
    ) -> String {
        let count = plan.nodes.count
        let base = plan.basePort
        let port = base == NodeDirectory.defaultBasePort ? "" : " --base-port \(base)"
        let nodes =
            count == 1
            ? "1 node is up on port \(base + 1)"
            : "\(count) nodes are up on ports \(base + 1) to \(base + count)"
        let record = plan.zookeeper.map { "\n  tree   in ZooKeeper at \($0)" } ?? ""
        return """
            \(nodes) (depth \(plan.depth), coherence \(plan.coherence.rawValue)) in \(Printable.seconds(seconds)).
              logs   \(directory.path)\(record)
              write  kvctl put \(count) hello world\(port)
              read   kvctl get \(max(1, count / 2 + 1)) hello\(port)
              see    kvctl tree\(port)
              stop   kvctl cluster down\(flags)
            """
    }
}
