import Foundation

/// Stops the nodes of a cluster, the leaves first and the root last, so that each node's writes can
/// still climb to its parent.
struct ClusterStopper {
    struct Report: Equatable {
        /// Nodes that ended when asked to.
        var stopped: [NodeName] = []
        /// Nodes that had to be killed: what they had not passed on is lost.
        var killed: [NodeName] = []
    }

    /// Milliseconds between two looks at the processes.
    private static let pollMilliseconds: UInt32 = 10

    let directory: ClusterDirectory
    /// Milliseconds each level of the tree may take to end; a node gives itself 10 s.
    var graceMilliseconds = 12_000
    let progress: Progress

    /// Ends the processes of `records` that run, and forgets all of them.
    func stop(_ records: [ProcessRecord]) -> Report {
        var report = Report()
        let total = records.count
        let levels = Dictionary(grouping: records) { Self.level(of: $0.node) }
        for level in levels.keys.sorted(by: >) {
            let nodes = levels[level] ?? []
            progress.show("Stopping \(total - report.count) of \(total) nodes")
            stop(level: nodes.filter(\.process.isRunning), into: &report)
            for record in nodes { directory.remove(record.node) }
        }
        progress.finish()
        return report
    }

    /// The root's level is 1.
    static func level(of node: NodeName) -> Int {
        Int.bitWidth - node.number.leadingZeroBitCount
    }

    private func stop(level: [ProcessRecord], into report: inout Report) {
        for record in level { kill(record.process.pid, SIGTERM) }
        let stubborn = wait(for: level, milliseconds: graceMilliseconds)
        for record in stubborn where record.process.isRunning { kill(record.process.pid, SIGKILL) }
        _ = wait(for: stubborn, milliseconds: 2_000)
        let killed = Set(stubborn.map(\.node.number))
        for record in level {
            if killed.contains(record.node.number) {
                report.killed.append(record.node)
            } else {
                report.stopped.append(record.node)
            }
        }
    }

    /// Waits until none of `records` runs; gives those that still do after `milliseconds`.
    private func wait(for records: [ProcessRecord], milliseconds: Int) -> [ProcessRecord] {
        var running = records
        let deadline = ContinuousClock.now + .milliseconds(milliseconds)
        while true {
            running.removeAll { record in
                // Collects the process when it is a child of ours; harmless when it isn't.
                waitpid(record.process.pid, nil, WNOHANG)
                return !record.process.isRunning
            }
            if running.isEmpty || ContinuousClock.now > deadline { return running }
            usleep(Self.pollMilliseconds * 1000)
        }
    }
}

extension ClusterStopper.Report {
    var count: Int { stopped.count + killed.count }
}
