import Glibc
import UVHTTP

/// Reads a small file that only its owner should read. Blocks for as long as the file system does.
struct SecretFile {
    let bytes: [UInt8]
    /// Its group may read it: fit for one that has just this program in it.
    let isGroupReadable: Bool

    /// Throws for what is no file, is longer than `bytesMax`, or can be written by others or read
    /// by everybody.
    static func read(_ path: String, bytesMax: Int) throws(TokenFileError) -> SecretFile {
        // Not to wait for the writer of a pipe.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
        guard descriptor >= 0 else { throw systemError() }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw systemError() }
        guard status.st_mode & S_IFMT == S_IFREG else { throw TokenFileError("must be a file") }
        guard status.st_mode & (S_IWGRP | S_IWOTH) == 0 else {
            throw TokenFileError("must not be writable by others than its owner (chmod 600)")
        }
        guard status.st_mode & S_IROTH == 0 else {
            throw TokenFileError("must not be readable by everybody (chmod 600)")
        }
        return SecretFile(
            bytes: try content(of: descriptor, bytesMax: bytesMax),
            isGroupReadable: status.st_mode & S_IRGRP != 0)
    }

    private static func content(
        of descriptor: Int32, bytesMax: Int
    ) throws(TokenFileError) -> [UInt8] {
        var content = [UInt8](repeating: 0, count: bytesMax + 1)
        var count = 0
        while count < content.count {
            let step = content.withUnsafeMutableBytes {
                Glibc.read(descriptor, $0.baseAddress.map { $0 + count }, $0.count - count)
            }
            if step == 0 { return Array(content[..<count]) }
            if step > 0 {
                count += step
            } else if errno != EINTR {
                throw systemError()
            }
        }
        throw TokenFileError("must have \(bytesMax) bytes at most")
    }

    private static func systemError() -> TokenFileError {
        TokenFileError("can't be read: \(String(cString: strerror(errno)))")
    }
}
