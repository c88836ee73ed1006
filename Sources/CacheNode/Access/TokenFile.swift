import UVHTTP

/// What is wrong with a token file: a phrase for its reader. It never quotes the file.
struct TokenFileError: Error, Equatable {
    let phrase: String

    init(_ phrase: String) { self.phrase = phrase }

    init(line: Int, _ phrase: String) { self.phrase = "line \(line) \(phrase)" }
}

/// The text of a token file: a token per line, for clients with what it allows before it, as in
/// `read,write 3q2-7w…`. Empty lines are left out, and what follows a `#`.
enum TokenFile {
    /// Bytes of a file.
    static let bytesMax = 64 * 1024

    /// Whose tokens a file holds.
    enum Holder {
        case clients
        /// Nodes of the tree; their tokens allow everything.
        case nodes
    }

    static func parse(
        _ text: UnsafeRawBufferPointer, for holder: Holder
    ) throws(TokenFileError) -> TokenTable {
        guard text.count <= bytesMax else {
            throw TokenFileError("must have \(bytesMax) bytes at most")
        }
        var table = TokenTable()
        var number = 0
        for line in text.split(separator: ASCII.lineFeed, omittingEmptySubsequences: false) {
            number += 1
            let words = words(of: UnsafeRawBufferPointer(rebasing: line))
            if words.isEmpty { continue }
            let (token, scopes) = try entry(words, for: holder, line: number)
            try check(token, in: table, line: number)
            table.append(token, scopes)
        }
        guard table.count > 0 else { throw TokenFileError("must hold a token") }
        return table
    }

    static func parse(_ text: [UInt8], for holder: Holder) throws(TokenFileError) -> TokenTable {
        try text.withUnsafeBytes { bytes in
            Result { () throws(TokenFileError) in try parse(bytes, for: holder) }
        }.get()
    }

    private static func words(of line: UnsafeRawBufferPointer) -> [UnsafeRawBufferPointer] {
        line.prefix { $0 != UInt8(ascii: "#") }.split {
            $0 == ASCII.space || $0 == ASCII.tab || $0 == ASCII.carriageReturn
        }.map { UnsafeRawBufferPointer(rebasing: $0) }
    }

    private static func entry(
        _ words: [UnsafeRawBufferPointer], for holder: Holder, line: Int
    ) throws(TokenFileError) -> (token: UnsafeRawBufferPointer, scopes: TokenScopes) {
        switch holder {
        case .nodes:
            guard words.count == 1 else {
                throw TokenFileError(line: line, "must be a token and nothing more")
            }
            return (words[0], .node)
        case .clients:
            guard words.count == 2, let scopes = scopes(words[0]) else {
                throw TokenFileError(
                    line: line,
                    "must be scopes (of read, write and admin, with commas between) and a token,"
                        + " with a space between")
            }
            return (words[1], scopes)
        }
    }

    private static func scopes(_ list: UnsafeRawBufferPointer) -> TokenScopes? {
        var scopes: TokenScopes = []
        for word in list.split(separator: ASCII.comma, omittingEmptySubsequences: false) {
            let word = UnsafeRawBufferPointer(rebasing: word)
            let named = TokenScopes.named.first { word.equals($0.name) }
            guard let named else { return nil }
            scopes.insert(named.scope)
        }
        return scopes
    }

    private static func check(
        _ token: UnsafeRawBufferPointer, in table: TokenTable, line: Int
    ) throws(TokenFileError) {
        guard BearerCredentials.isToken(token) else {
            throw TokenFileError(
                line: line, "must hold a token of letters, digits and -._~+/, then = if any")
        }
        guard token.count <= TokenTable.tokenBytesMax else {
            throw TokenFileError(
                line: line, "must hold a token of \(TokenTable.tokenBytesMax) bytes at most")
        }
        guard TokenStrength.isEnough(token) else {
            throw TokenFileError(
                line: line,
                "must hold a random token of \(TokenStrength.bitsMin) bits at least: 22 letters of"
                    + " Base64, 32 hexadecimal digits; kvctl token new makes one")
        }
        guard table.scopes(of: token).isEmpty else {
            throw TokenFileError(line: line, "repeats a token")
        }
        guard table.count < TokenTable.tokensMax else {
            throw TokenFileError(line: line, "is one too many: \(TokenTable.tokensMax) tokens fit")
        }
    }
}
