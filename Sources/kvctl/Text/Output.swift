import Foundation

/// Standard output, with every byte accounted for: a full disk is a failure, a reader that left is
/// the end of the work.
enum StandardOutput {
    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    static func write(_ bytes: [UInt8]) throws {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                Foundation.write(STDOUT_FILENO, $0.baseAddress! + written, $0.count - written)
            }
            if count >= 0 {
                written += count
            } else if errno == EPIPE {
                // `kvctl keys 7 | head` has what it wanted; the status is that of SIGPIPE.
                Foundation.exit(128 + SIGPIPE)
            } else if errno != EINTR {
                let reason = String(cString: strerror(errno))
                throw Failure(.failure, "cannot write to standard output: \(reason)")
            }
        }
    }

    static func print(_ line: String) throws { try write(Array("\(line)\n".utf8)) }

    static func print(_ line: [UInt8]) throws { try write(line + [0x0A]) }
}

/// Standard error, for complaints and progress; nobody is left to hear when it can't be written.
enum StandardError {
    static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    static func write(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
    }

    static func print(_ line: String) { write("\(line)\n") }
}
