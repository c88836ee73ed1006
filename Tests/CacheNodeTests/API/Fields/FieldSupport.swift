import UVHTTP

@testable import CacheNode

/// Calls `body` with these lines as the fields of a parsed head.
func withFields<Result>(
    _ lines: [String], _ body: (HTTPFields) throws -> Result
) rethrows -> Result {
    let text = lines.map { $0 + "\r\n" }.joined() + "\r\n"
    return try Array(text.utf8).withUnsafeBytes { try body(HTTPFields($0)) }
}
