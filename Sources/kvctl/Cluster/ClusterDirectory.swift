import Foundation

/// The folder that remembers a cluster on this machine: `NODE-i.pid` and `NODE-i.log` of each node,
/// and `lock`, held while a command changes the cluster.
struct ClusterDirectory: Sendable {
    /// Bytes at the end of a log file in which its last lines are looked for.
    private static let logTailBytes: UInt64 = 8 * 1024

    /// Absolute.
    let path: String

    /// `${XDG_STATE_HOME:-~/.local/state}/canopy/cluster-<base port>`. The specification has
    /// relative paths ignored.
    static func defaultPath(basePort: Int, environment: [String: String]) -> String {
        let configured = environment["XDG_STATE_HOME"] ?? ""
        let home = environment["HOME"] ?? ""
        let base =
            configured.hasPrefix("/")
            ? configured
            : (home.hasPrefix("/") ? home : NSHomeDirectory()) + "/.local/state"
        return "\(base)/canopy/cluster-\(basePort)"
    }

    func pidPath(_ node: NodeName) -> String { "\(path)/\(node).pid" }

    func logPath(_ node: NodeName) -> String { "\(path)/\(node).log" }

    /// The nodes that were started and not stopped, in order; whether they run is another question.
    func records() -> [ProcessRecord] {
        // A folder that can't be read holds no cluster of ours.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return names.compactMap { name -> ProcessRecord? in
            guard name.hasSuffix(".pid"), let node = NodeName(String(name.dropLast(4))),
                let text = try? String(contentsOfFile: "\(path)/\(name)", encoding: .utf8)
            else { return nil }
            return ProcessRecord(node: node, text: text)
        }.sorted { $0.node.number < $1.node.number }
    }

    func create() throws {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true)
        } catch {
            throw Failure(
                .failure, "cannot make the folder \(path): \(error.localizedDescription)",
                advice: "--state-dir chooses another one.")
        }
    }

    func save(_ record: ProcessRecord) throws {
        do {
            try record.text.write(toFile: pidPath(record.node), atomically: true, encoding: .utf8)
        } catch {
            throw Failure(
                .failure, "cannot write \(pidPath(record.node)): \(error.localizedDescription)")
        }
    }

    /// Forgets a node; its log stays.
    func remove(_ node: NodeName) {
        unlink(pidPath(node))
    }

    /// The last lines of a node's log, inert for a terminal; empty when there are none.
    func logTail(_ node: NodeName, lines: Int = 8) -> [String] {
        // No log is an empty log.
        guard let file = FileHandle(forReadingAtPath: logPath(node)),
            let length = try? file.seekToEnd()
        else { return [] }
        let start = length > Self.logTailBytes ? length - Self.logTailBytes : 0
        guard (try? file.seek(toOffset: start)) != nil, let data = try? file.readToEnd() else {
            return []
        }
        return String(decoding: data, as: UTF8.self).split(separator: "\n").suffix(lines)
            .map { Printable.text($0) }
    }

    /// Runs `body` while no other kvctl changes this cluster.
    func locked<Result>(_ body: () throws -> Result) throws -> Result {
        let lockPath = "\(path)/lock"
        let descriptor = open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw Failure(.failure, "cannot open \(lockPath): \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw Failure(
                .failure, "another kvctl is starting or stopping this cluster.",
                advice: "Try again when it is done. (\(lockPath))")
        }
        // Said aloud, because a process that is being started holds a copy of the descriptor.
        defer { flock(descriptor, LOCK_UN) }
        return try body()
    }
}
