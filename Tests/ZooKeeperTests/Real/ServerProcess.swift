import Foundation
import Testing

/// A real ZooKeeper server, Debian's, in a folder of its own; a single one or a member of an
/// ensemble.
final class ServerProcess {
    let port: UInt16
    let number: Int
    private let folder: URL
    private var process: Process?

    /// `ensemble` are the lines of `zoo.cfg` that only an ensemble has.
    init(number: Int = 1, port: UInt16, ensemble: [String] = []) throws {
        self.number = number
        self.port = port
        folder = TestFolder.root.appendingPathComponent("server-\(port)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try "\(number)".write(
            to: folder.appendingPathComponent("myid"), atomically: true, encoding: .utf8)
        let lines =
            [
                "clientPort=\(port)", "clientPortAddress=127.0.0.1", "dataDir=\(folder.path)",
                "tickTime=500", "minSessionTimeout=1000", "maxSessionTimeout=60000",
                "admin.enableServer=false", "4lw.commands.whitelist=*", "maxClientCnxns=0",
            ] + ensemble
        try (lines.joined(separator: "\n") + "\n").write(
            to: folder.appendingPathComponent("zoo.cfg"), atomically: true, encoding: .utf8)
    }

    deinit { end() }

    var address: String { "127.0.0.1:\(port)" }

    /// Starts it without waiting for it.
    func launch() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.currentDirectoryURL = folder
        process.arguments = [
            "java", "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
            "-Djava.net.preferIPv4Stack=true", "-cp",
            "\(folder.path):/usr/share/java/zookeeper.jar",
            "org.apache.zookeeper.server.quorum.QuorumPeerMain", "zoo.cfg",
        ]
        let log = folder.appendingPathComponent("log")
        try Data().write(to: log)
        process.standardOutput = try FileHandle(forWritingTo: log)
        process.standardError = process.standardOutput
        process.standardInput = FileHandle.nullDevice
        try process.run()
        self.process = process
        try Watchdog.watch(process.processIdentifier)
    }

    /// Starts it and waits until it serves.
    func start() throws {
        try launch()
        try waitUntilServing()
    }

    func waitUntilServing(seconds: Double = 30) throws {
        let end = Date().addingTimeInterval(seconds)
        while mode == nil {
            guard Date() < end, process?.isRunning == true else {
                throw ServerError(text: "the server on port \(port) doesn't serve")
            }
            usleep(20_000)
        }
    }

    /// `standalone`, `leader` or `follower`; nil while it doesn't serve.
    var mode: String? {
        answer(to: "srvr")?.split(separator: "\n").first { $0.hasPrefix("Mode: ") }
            .map { String($0.dropFirst(6)) }
    }

    func signal(_ signal: Int32) {
        guard let process, process.isRunning else { return }
        kill(process.processIdentifier, signal)
    }

    func pause() { signal(SIGSTOP) }
    func resume() { signal(SIGCONT) }

    /// kill -9, and waits for the end.
    func end() {
        guard let process else { return }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        Watchdog.unwatch(process.processIdentifier)
        self.process = nil
    }

    /// What the server says to one of its four-letter words.
    func answer(to word: String) -> String? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var patience = timeval(tv_sec: 1, tv_usec: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0, send(descriptor, word, word.utf8.count, 0) > 0 else { return nil }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            text += buffer[..<count]
        }
        return text.isEmpty ? nil : String(decoding: text, as: UTF8.self)
    }
}

struct ServerError: Error, CustomStringConvertible {
    var text: String
    var description: String { text }
}

/// Several servers that agree with each other.
final class Ensemble {
    let servers: [ServerProcess]

    init(count: Int = 3) throws {
        let ports = try (0..<count).map { _ in try FreePort.next(count: 3) }
        let members = ports.enumerated().map { index, port in
            "server.\(index + 1)=127.0.0.1:\(port + 1):\(port + 2)"
        }
        let lines =
            [
                "initLimit=20", "syncLimit=3", "standaloneEnabled=false",
                "quorumListenOnAllIPs=false",
            ]
            + members
        servers = try ports.enumerated().map { index, port in
            try ServerProcess(number: index + 1, port: port, ensemble: lines)
        }
    }

    func start() throws {
        for server in servers { try server.launch() }
        for server in servers { try server.waitUntilServing() }
    }

    func end() {
        for server in servers { server.end() }
    }

    var addresses: String { servers.map(\.address).joined(separator: ",") }

    /// The server that leads, once there is one.
    func leader(seconds: Double = 30) throws -> ServerProcess {
        let end = Date().addingTimeInterval(seconds)
        while Date() < end {
            if let leader = servers.first(where: { $0.mode == "leader" }) { return leader }
            usleep(20_000)
        }
        throw ServerError(text: "no server leads")
    }
}

/// Where this process's tests keep files; removed by the watchdog.
enum TestFolder {
    static let root = FileManager.default.temporaryDirectory.appendingPathComponent(
        "canopy-zookeeper-\(getpid())")
}

/// A process that ends the servers of a test process that went without doing so, and removes their
/// folders.
private enum Watchdog {
    private static let pids = TestFolder.root.appendingPathComponent("pids")

    private static let script = """
        tail --pid=\(getpid()) -s 0.5 -f /dev/null
        for pid in $(ls '\(pids.path)'); do kill -9 "$pid"; done
        rm -rf '\(TestFolder.root.path)'
        """

    private static let process: Process? = {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", script]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try? FileManager.default.createDirectory(at: pids, withIntermediateDirectories: true)
        do { try process.run() } catch { return nil }
        return process
    }()

    static func watch(_ pid: Int32) throws {
        _ = try #require(process)
        try "".write(to: pids.appendingPathComponent("\(pid)"), atomically: true, encoding: .utf8)
    }

    static func unwatch(_ pid: Int32) {
        try? FileManager.default.removeItem(at: pids.appendingPathComponent("\(pid)"))
    }
}

/// Ports for a test alone, below those that the kernel hands out.
enum FreePort {
    private static let lock = NSLock()
    nonisolated(unsafe) private static var candidate = 12_000 + Int(getpid()) % 700 * 10

    /// The first of `count` free ports in a row.
    static func next(count: Int = 1) throws -> UInt16 {
        lock.lock()
        defer { lock.unlock() }
        while candidate + count < 20_000 {
            let first = candidate
            candidate += count
            if (first..<first + count).allSatisfy(isFree) { return UInt16(first) }
        }
        throw ServerError(text: "no free port")
    }

    private static func isFree(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var one: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        } == 0
    }
}
