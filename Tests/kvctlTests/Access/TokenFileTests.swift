import Foundation
import Testing

@testable import kvctl

@Suite struct TokenFileTests {
    @Test(arguments: [
        "abc-._~+/123==", "  abc-._~+/123==\r\n",
        "# mine\n\nread,write abc-._~+/123== # may\nother x",
    ]) func theFirstTokenOfAFileIsShown(text: String) throws {
        #expect(try TokenFile.token(in: text, path: "f") == "abc-._~+/123==")
    }

    @Test(arguments: ["", "\n# nothing\n", "a b c", "to,ken", "==", "tök€n"])
    func aFileWithoutATokenIsAUsageFailure(text: String) {
        #expect {
            try TokenFile.token(in: text, path: "f")
        } throws: {
            let failure = $0 as? Failure
            return failure?.status == .usage
                && failure?.message == "there is no token in the first line of f."
        }
    }

    @Test func theFlagWinsOverTheVariable() {
        let environment = ["KVCTL_TOKEN_FILE": "a"]
        #expect(TokenFile.path("b", environment) == "b")
        #expect(TokenFile.path(nil, environment) == "a")
        #expect(TokenFile.path(nil, ["KVCTL_TOKEN_FILE": ""]) == nil)
    }

    @Test func aNewTokenIsAppendedForItsOwnerAlone() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/tokens"
        try NewToken.append("read one", to: path)
        try NewToken.append("two", to: path)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "read one\ntwo\n")
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
        #expect(
            try TokenFile.authorizationLine(path: path)
                == Array("Authorization: Bearer one\r\n".utf8))
        #expect(chmod(path, 0o644) == 0)
        #expect(throws: Failure.self) { try NewToken.append("three", to: path) }
        #expect(throws: Failure.self) { try TokenFile.authorizationLine(path: path) }
    }

    @Test func tokensHaveTheFormOfTokensAndDiffer() {
        let tokens = Set((0..<100).map { _ in NewToken.make() })
        #expect(tokens.count == 100)
        for token in tokens {
            #expect(token.utf8.count == 43)
            #expect(token.utf8.allSatisfy { "-_".utf8.contains($0) || isalnum(Int32($0)) != 0 })
        }
    }

    @Test func scopesAreAListWithoutRepeats() {
        #expect(TokenScopeList(argument: "read,WRITE")?.text == "read,write")
        for argument in ["", "read,", "read,read", "cluster", "read write"] {
            #expect(TokenScopeList(argument: argument) == nil)
        }
    }
}
