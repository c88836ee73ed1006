import Foundation
import Testing

@testable import CacheNode

/// A pipe and a log that writes into it.
final class LoggedPipe {
    let log: Log
    private let ends: (read: Int32, write: Int32)

    /// - Parameter canBeReopened: When false the log finds a FIFO without a reader, which can't be
    ///   opened for writing once more.
    init(
        level: LogLevel = .debug, format: LogFormat = .text, node: String = "NODE-4",
        canBeReopened: Bool = true
    ) {
        signal(SIGPIPE, SIG_IGN)
        let path = NSTemporaryDirectory() + "canopy-fifo-\(UUID())"
        precondition(mkfifo(path, 0o600) == 0)
        defer { unlink(path) }
        var reader = open(path, O_RDONLY | O_NONBLOCK)
        let writer = open(path, O_WRONLY)
        if !canBeReopened { close(reader) }
        log = Log(
            level: level, format: format, node: node, descriptor: writer,
            wallMilliseconds: { 1_795_233_600_123 })
        if !canBeReopened { reader = open(path, O_RDONLY | O_NONBLOCK) }
        ends = (reader, writer)
    }

    deinit {
        close(ends.write)
        close(ends.read)
    }

    /// Everything that is in the pipe now.
    func read() -> [UInt8] {
        var all: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Foundation.read(ends.read, &piece, piece.count)
            guard count > 0 else { return all }
            all += piece[..<count]
        }
    }

    func lines() -> [String] {
        String(decoding: read(), as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// Puts bytes into the pipe until it takes no more.
    func fill() {
        _ = fcntl(ends.write, F_SETFL, O_NONBLOCK)
        let piece = [UInt8](repeating: UInt8(ascii: "."), count: 4096)
        while write(ends.write, piece, piece.count) > 0 {}
        while write(ends.write, piece, 1) > 0 {}
        _ = fcntl(ends.write, F_SETFL, 0)
    }

    /// Whether the descriptor that was given still blocks, as its other users expect.
    var writeEndBlocks: Bool { fcntl(ends.write, F_GETFL) & O_NONBLOCK == 0 }

    /// Parses a line of JSON with a parser of another make.
    static func jsonObject(_ line: String) throws -> [String: Any] {
        let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
        return try #require(object as? [String: Any])
    }
}
