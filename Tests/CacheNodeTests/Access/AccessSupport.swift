import Testing
import UVHTTP

@testable import CacheNode

/// Tokens of the tests: 43 letters of Base64 from random bytes, and others of that kind.
enum SampleTokens {
    static let read = "pJ3nT0bq4vYx8WcRk1Zs7LhGf2DmUe6Ai9OoVtBwQyE"
    static let write = "Zx7Qm2Lk9Rw4Tb1Yh6Nc8Vd3Fg5Js0PaUeIoKtMrWqS"
    static let admin = "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7cF0iL-oR_uXbGhJk"
    static let node = "Hn5Vt8Rk2Ws9Qz4Lp7Xc1Yb6Md3Jg0FaTiEoUuBvNwC"
    static let otherNode = "Kc8Zf1Nw6Tq3Hm9Bx4Rv7Ld2Sj5Gp0YaWoQeUiMtEyO"
    static let stranger = "Qw9Er8Ty7Ui6Op5As4Df3Gh2Jk1Lz0XcVbNmQaWsEdR"
}

/// Files that aren't files: what is read by their names.
final class SampleFiles {
    var texts: [String: String]
    private(set) var isGroupReadable = false

    init(_ texts: [String: String]) { self.texts = texts }

    func read(_ path: String) throws(TokenFileError) -> SecretFile {
        guard let text = texts[path] else { throw TokenFileError("can't be read: it is not there") }
        return SecretFile(bytes: Array(text.utf8), isGroupReadable: isGroupReadable)
    }
}

/// A node's access with files of clients and nodes; nil for none.
func sampleAccess(_ files: SampleFiles, log: Log = Log(level: .error, format: .text, node: "x"))
    throws -> Access
{
    try Access(
        clientFile: files.texts["clients"].map { _ in "clients" },
        nodeFile: files.texts["nodes"].map { _ in "nodes" }, log: log
    ) { path throws(TokenFileError) in try files.read(path) }
}

extension Access {
    /// The verdict on a request with these field lines.
    func verdict(_ lines: String..., needing need: AccessNeed) -> AccessVerdict {
        let text = lines.map { $0 + "\r\n" }.joined() + "\r\n"
        return Array(text.utf8).withUnsafeBytes { verdict(on: HTTPFields($0), needing: need) }
    }

    func verdict(of token: String, needing need: AccessNeed) -> AccessVerdict {
        verdict("Host: a", "Authorization: Bearer \(token)", "X: y", needing: need)
    }
}

/// What a token file's text holds, or what is wrong with it.
func parsedTokens(_ text: String, for holder: TokenFile.Holder = .clients) throws(TokenFileError)
    -> TokenTable
{
    try TokenFile.parse(Array(text.utf8), for: holder)
}

extension TokenTable {
    func scopes(of token: String) -> TokenScopes {
        Array(token.utf8).withUnsafeBytes { scopes(of: $0) }
    }
}
