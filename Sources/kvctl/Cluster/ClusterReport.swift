/// What the cluster commands print with `--output json`.
struct ClusterReport: Encodable {
    struct Node: Encodable {
        var name: String
        var pid: Int32
        var port: UInt16
        var log: String
        /// `ready`, `not ready`, `silent` or `exited`; absent where it was not asked for.
        var state: String?

        init(_ record: ProcessRecord, _ directory: ClusterDirectory, state: String? = nil) {
            name = "\(record.node)"
            pid = record.process.pid
            port = record.port
            log = directory.logPath(record.node)
            self.state = state
        }
    }

    var stateDir: String
    var nodes: [Node]

    init(_ directory: ClusterDirectory, _ nodes: [Node]) {
        stateDir = directory.path
        self.nodes = nodes
    }
}
