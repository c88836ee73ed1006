import Foundation

/// Which process a number stood for: a pid alone may belong to another process by now, so the
/// moment it started (in clock ticks since the machine's boot) and the boot itself go with it.
struct ProcessIdentity: Equatable, Sendable {
    var pid: Int32
    var startTicks: UInt64
    var boot: String

    /// The process that has `pid` now; nil when there is none, or only what is left of one that
    /// ended (a zombie).
    init?(runningAs pid: Int32) {
        // A file that can't be read is a process that isn't there.
        guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let parsed = Self.parse(stat: stat), parsed.state != "Z", parsed.state != "X"
        else { return nil }
        self.init(pid: pid, startTicks: parsed.startTicks, boot: Self.currentBoot)
    }

    init(pid: Int32, startTicks: UInt64, boot: String) {
        self.pid = pid
        self.startTicks = startTicks
        self.boot = boot
    }

    /// Whether this very process still runs.
    var isRunning: Bool { Self(runningAs: pid) == self }

    /// The state and start time of a `/proc/PID/stat` line (proc_pid_stat(5), fields 3 and 22).
    /// Fields are counted from the last `)`, because a program's name may hold anything.
    static func parse(stat: String) -> (state: String, startTicks: UInt64)? {
        guard let nameEnd = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: nameEnd)...].split(whereSeparator: \.isWhitespace)
        guard fields.count >= 20, let startTicks = UInt64(fields[19]) else { return nil }
        return (String(fields[0]), startTicks)
    }

    /// Changes each time the machine starts; empty where the kernel doesn't say.
    static let currentBoot: String = {
        // Without it the start time alone tells processes apart.
        let text = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
        return (text ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
    }()
}

/// A pid file: which process a node of a cluster is, and on which port.
struct ProcessRecord: Equatable, Sendable {
    var node: NodeName
    var port: UInt16
    var process: ProcessIdentity

    init(node: NodeName, port: UInt16, process: ProcessIdentity) {
        self.node = node
        self.port = port
        self.process = process
    }

    /// Reads what `text` writes; nil when a line is missing or makes no sense.
    init?(node: NodeName, text: String) {
        var values: [Substring: Substring] = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: " ", maxSplits: 1)
            guard parts.count == 2 else { return nil }
            values[parts[0]] = parts[1]
        }
        guard let pid = values["pid"].flatMap({ Int32($0) }), pid > 1,
            let startTicks = values["started"].flatMap({ UInt64($0) }),
            let port = values["port"].flatMap({ UInt16($0) })
        else { return nil }
        self.init(
            node: node, port: port,
            process: ProcessIdentity(
                pid: pid, startTicks: startTicks, boot: String(values["boot"] ?? "")))
    }

    var text: String {
        let boot = process.boot.isEmpty ? "" : "boot \(process.boot)\n"
        return "pid \(process.pid)\nport \(port)\nstarted \(process.startTicks)\n\(boot)"
    }
}
