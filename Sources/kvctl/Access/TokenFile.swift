import Foundation
import UVHTTP

/// The file with the token that kvctl shows to nodes: `--token-file`, or `KVCTL_TOKEN_FILE`. Never
/// on the command line, which every user of the machine can read.
enum TokenFile {
    static let variable = "KVCTL_TOKEN_FILE"
    private static let bytesMax = 64 * 1024

    /// The path in force, if any; an empty variable counts as unset.
    static func path(_ flag: String?, _ environment: [String: String]) -> String? {
        if let flag { return flag }
        let path = environment[variable] ?? ""
        return path.isEmpty ? nil : path
    }

    /// The line of a request's head that shows the token in the file at `path`.
    static func authorizationLine(path: String) throws -> [UInt8] {
        let token = try token(in: try content(of: path), path: path)
        return Array("Authorization: Bearer \(token)\r\n".utf8)
    }

    /// The last word of the first line that has one: a token alone, or with its scopes before it as
    /// in a node's `--token-file`. What follows a `#` is left out.
    static func token(in text: String, path: String) throws -> String {
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace)
            guard let word = words.last else { continue }
            guard words.count <= 2, isToken(word) else { break }
            return String(word)
        }
        throw Failure(
            .usage, "there is no token in the first line of \(Printable.text(path)).",
            advice: "It is to hold a token, or scopes and a token: read,write TOKEN")
    }

    /// RFC 6750 §2.1.
    private static func isToken(_ word: Substring) -> Bool {
        let letters = word.utf8.prefix(
            word.utf8.count - word.utf8.reversed().prefix { $0 == ASCII.equals }.count)
        return !letters.isEmpty
            && letters.allSatisfy { byte in
                byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26 || "-._~+/".utf8.contains(byte)
            }
    }

    /// Refuses a file that everybody may read, as its tokens are no secrets any more.
    private static func content(of path: String) throws -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        var status = stat()
        guard descriptor >= 0, fstat(descriptor, &status) == 0 else {
            let reason = String(cString: strerror(errno))
            throw Failure(.usage, "cannot read \(Printable.text(path)): \(reason)")
        }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        guard status.st_mode & S_IFMT == S_IFREG, status.st_size <= bytesMax else {
            throw Failure(.usage, "\(Printable.text(path)) is no token file.")
        }
        guard status.st_mode & (S_IROTH | S_IWOTH | S_IWGRP) == 0 else {
            throw Failure(
                .usage,
                "\(Printable.text(path)) must not be open to everybody, since it holds a token.",
                advice: "chmod 600 \(Printable.text(path)), and a new token if others had the time."
            )
        }
        do {
            return String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
        } catch {
            throw Failure(
                .failure, "cannot read \(Printable.text(path)): \(error.localizedDescription)")
        }
    }
}
