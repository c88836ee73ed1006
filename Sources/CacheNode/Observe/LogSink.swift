import Glibc
import UVHTTP

/// A file descriptor that takes whole lines and never makes the loop wait: a line that can't be
/// written now is refused.
///
/// A pipe or a terminal is opened once more through /proc, because `O_NONBLOCK` belongs to the open
/// file and would change it for every process that shares the descriptor. Where that is not
/// possible `poll` is asked first: a pipe that it calls writable takes `PIPE_BUF` bytes, unless
/// another process fills it in between.
///
/// The process must ignore SIGPIPE: a reader that left is then a refused line.
struct LogSink: ~Copyable {
    /// Longest line with its line feed: what a pipe takes in one piece (PIPE_BUF).
    static let lineBytesMax = 4096

    private enum Way {
        /// A regular file: it doesn't block as pipes do.
        case plain
        /// Our own open file, non-blocking.
        case reopened
        /// A blocking descriptor that others share.
        case polled
        /// A socket (a journal's, for instance).
        case socket
    }

    private let descriptor: Int32
    private let way: Way
    /// The rest of a line whose beginning was taken, as terminals and sockets may do.
    private var rest = ByteQueue()

    /// Writes to `descriptor`, which stays the caller's to close.
    init(descriptor: Int32) {
        var status = stat()
        let type = fstat(descriptor, &status) == 0 ? status.st_mode & S_IFMT : 0
        switch type {
        case S_IFSOCK: (self.descriptor, way) = (descriptor, .socket)
        case S_IFIFO, S_IFCHR:
            let flags = O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY
            let own = open("/proc/self/fd/\(descriptor)", flags)
            (self.descriptor, way) = own >= 0 ? (own, .reopened) : (descriptor, .polled)
        default: (self.descriptor, way) = (descriptor, .plain)
        }
    }

    deinit {
        if way == .reopened { close(descriptor) }
    }

    /// Writes a line of 1…`lineBytesMax` bytes that ends with a line feed; false when it was not
    /// taken.
    mutating func write(_ line: UnsafeRawBufferPointer) -> Bool {
        guard !line.isEmpty, line.count <= Self.lineBytesMax, writeRest() else { return false }
        guard let count = writeNow(line) else { return false }
        rest.append(line.dropping(count))
        return true
    }

    private mutating func writeRest() -> Bool {
        guard !rest.isEmpty else { return true }
        if let count = writeNow(rest.readable) { rest.removeFirst(count) }
        return rest.isEmpty
    }

    /// How many bytes were taken, or nil if none.
    private func writeNow(_ bytes: UnsafeRawBufferPointer) -> Int? {
        if way == .polled {
            var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            guard poll(&ready, 1, 0) == 1, ready.revents & Int16(POLLOUT) != 0 else { return nil }
        }
        while true {
            let count =
                way == .socket
                ? send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_DONTWAIT))
                : Glibc.write(descriptor, bytes.baseAddress, bytes.count)
            if count > 0 { return count }
            guard count < 0, errno == EINTR else { return nil }
        }
    }
}
