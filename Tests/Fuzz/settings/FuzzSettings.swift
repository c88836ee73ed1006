// modules: UVHTTP ZooKeeper CacheNode

import UVHTTP

@testable import CacheNode

/// The input is lines: those before an empty one are arguments, those behind it variables; and it
/// is a token file. What is wrong with it is told in one printable line, which quotes no token;
/// what is right is a whole and starts nothing that can't be.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSettings(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = UnsafeRawBufferPointer(start: start, count: count)
    let lines = String(decoding: input, as: UTF8.self)
        .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let arguments = Array(lines.prefix { !$0.isEmpty })
    var environment: [String: String] = [:]
    for line in lines.dropFirst(arguments.count + 1) {
        let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 2 { environment[String(parts[0])] = String(parts[1]) }
    }
    check(Settings.parse(arguments: arguments, environment: environment))
    checkTokens(input, for: .clients)
    checkTokens(input, for: .nodes)
    checkAuthorization(Array(lines[0].utf8))
    return 0
}

private func check(_ outcome: SettingsOutcome) {
    switch outcome {
    case .help, .version: break
    case .invalid(let line): checkLine(line)
    case .run(let settings, let warnings):
        for warning in warnings { checkLine(warning) }
        check(settings)
    }
}

private func checkLine(_ line: String) {
    precondition(!line.isEmpty)
    precondition(line.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "a line with a control")
}

private func check(_ settings: Settings) {
    precondition(NodeName.canonical(settings.name) == settings.name)
    precondition(1...Tree.depthMax ~= settings.depth)
    precondition(settings.maxBodyBytes < settings.memoryBytes)
    precondition(settings.upwardQueueMax > 0)
    precondition(!settings.isRoot || settings.root == nil)
    precondition(Endpoint(settings.listen.description) == settings.listen, "\(settings.listen)")
    precondition(
        Endpoint(settings.advertise.description) == settings.advertise, "\(settings.advertise)")
    if settings.policy.mode == .sync {
        precondition(
            settings.policy.maxStalenessMilliseconds >= 2 * settings.policy.syncIntervalMilliseconds
        )
    }
}

// MARK: Tokens

private func checkTokens(_ text: UnsafeRawBufferPointer, for holder: TokenFile.Holder) {
    let words = text.split(separator: 0x0A).flatMap { line in
        line.prefix { $0 != UInt8(ascii: "#") }.split { $0 <= 0x20 }.map(Array.init)
    }
    do throws(TokenFileError) {
        let table = try TokenFile.parse(text, for: holder)
        precondition(1...TokenTable.tokensMax ~= table.count)
        let valid = words.count { word in !scopes(of: word, in: table).isEmpty }
        precondition(valid >= table.count, "a token that the file doesn't hold")
        precondition(!scopes(of: table.first, in: table).isEmpty && table.covers(table))
        precondition(holder == .nodes || !scopes(of: table.first, in: table).contains(.cluster))
    } catch {
        checkLine(error.phrase)
        for word in words where word.count >= 20 {
            precondition(!error.phrase.utf8.contains(word), "a phrase that quotes the file")
        }
    }
}

private func scopes(of token: [UInt8], in table: TokenTable) -> TokenScopes {
    token.withUnsafeBytes { table.scopes(of: $0) }
}

/// Any value of an Authorization field: what is found in it is a token, and lies in it.
private func checkAuthorization(_ value: [UInt8]) {
    let value = value.filter { $0 == 0x09 || ($0 >= 0x20 && $0 != 0x7F) }
    let lines = Array("Host: a\r\nauthorization:".utf8) + value + [0x0D, 0x0A, 0x0D, 0x0A]
    lines.withUnsafeBytes { lines in
        guard case .token(let token) = BearerCredentials(HTTPFields(lines)) else { return }
        precondition(BearerCredentials.isToken(token) && value.contains(Array(token)))
    }
}

extension Collection where Element: Equatable {
    fileprivate func contains(_ part: some Collection<Element>) -> Bool {
        indices.contains { self[$0...].starts(with: part) }
    }
}
