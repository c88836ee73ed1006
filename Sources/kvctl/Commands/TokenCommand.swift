import ArgumentParser

struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Make tokens for nodes that ask for them.",
        discussion: """
            EXAMPLES
              kvctl token new
            """,
        subcommands: [TokenNewCommand.self])
}

/// What a client's token may allow.
enum TokenScope: String, CaseIterable, ExpressibleByArgument {
    case read, write, admin
}

/// `read,write`: some scopes, each once.
struct TokenScopeList: ExpressibleByArgument, Equatable {
    let scopes: [TokenScope]

    init?(argument: String) {
        var scopes: [TokenScope] = []
        for word in argument.split(separator: ",", omittingEmptySubsequences: false) {
            guard let scope = TokenScope(rawValue: word.lowercased()), !scopes.contains(scope)
            else { return nil }
            scopes.append(scope)
        }
        self.scopes = scopes
    }

    var text: String { scopes.map(\.rawValue).joined(separator: ",") }
}

struct TokenNewCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new",
        abstract: "Make a token of 256 random bits.",
        discussion: """
            Without --scopes it is a line for cachenode's --cluster-token-file, or for kvctl's own \
            --token-file; with them one for cachenode's --token-file. Two tokens of a file are valid \
            at once, so that one can take the place of the other: append the new one, send nodes \
            SIGHUP, hand it out, remove the old one, send SIGHUP again.

            EXAMPLES
              kvctl token new --scopes read,write --append tokens
              kvctl token new --append cluster-tokens
              cachenode --token-file tokens --cluster-token-file cluster-tokens
              kvctl get 1 hello --token-file tokens

            JSON
              {"token": …, "scopes": ["read", "write"]}
            """)

    @Option(
        help: ArgumentHelp(
            "What it allows: read, write and admin, with commas between.", valueName: "scopes"))
    var scopes: TokenScopeList?

    @Option(
        help: ArgumentHelp(
            "Append it to this file instead of printing it; one that isn't there is made readable "
                + "for you alone.", valueName: "file"),
        completion: .file())
    var append: String?

    @OptionGroup var output: OutputOptions

    func run() throws {
        let token = NewToken.make()
        let line = scopes.map { "\($0.text) \(token)" } ?? token
        if let append { return try NewToken.append(line, to: append) }
        switch output.output {
        case .text: try StandardOutput.print(line)
        case .json:
            try StandardOutput.print(
                try JSONReport.encode(
                    TokenReport(token: token, scopes: scopes?.scopes.map(\.rawValue) ?? [])))
        }
    }
}

private struct TokenReport: Encodable {
    var token: String
    var scopes: [String]
}
