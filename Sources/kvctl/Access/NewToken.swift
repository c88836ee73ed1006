import Foundation

/// Makes tokens, and puts them into files.
enum NewToken {
    /// Twice what nodes ask for.
    private static let randomBytes = 32

    /// 43 letters of Base64 in its form for URLs (RFC 4648 §5), from the system's random numbers.
    static func make() -> String {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<randomBytes).map { _ in UInt8.random(in: .min ... .max, using: &generator)
        }
        return Data(bytes).base64EncodedString()
            .replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
            .replacingOccurrences(of: "=", with: "")
    }

    /// Appends a line to the file at `path`; one that isn't there yet is made for its owner alone.
    static func append(_ line: String, to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure(path) }
        guard status.st_mode & S_IFMT == S_IFREG,
            status.st_mode & (S_IROTH | S_IWOTH | S_IWGRP) == 0
        else {
            throw Failure(
                .usage, "\(Printable.text(path)) must be a file that is not open to everybody.",
                advice: "chmod 600 \(Printable.text(path))")
        }
        // In one piece, so that who reads it meanwhile finds the line or doesn't.
        let bytes = Array("\(line)\n".utf8)
        guard write(descriptor, bytes, bytes.count) == bytes.count else { throw failure(path) }
    }

    private static func failure(_ path: String) -> Failure {
        Failure(
            .failure, "cannot write \(Printable.text(path)): \(String(cString: strerror(errno)))")
    }
}
