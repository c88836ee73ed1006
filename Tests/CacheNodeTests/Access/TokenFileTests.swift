import Testing

@testable import CacheNode

@Suite struct TokenFileTests {
    private func problem(_ text: String, for holder: TokenFile.Holder = .clients) -> String {
        do throws(TokenFileError) {
            _ = try parsedTokens(text, for: holder)
            return "nothing"
        } catch {
            return error.phrase
        }
    }

    @Test func aLineOfAClientsFileIsScopesAndAToken() throws {
        let table = try parsedTokens(
            """
            # of the shop
            read,write \(SampleTokens.read)   # since May

            \tadmin\t\(SampleTokens.admin)\r
            """)
        #expect(table.count == 2)
        #expect(table.scopes(of: SampleTokens.read) == [.read, .write])
        #expect(table.scopes(of: SampleTokens.admin) == .admin)
        #expect(table.scopes(of: SampleTokens.stranger) == [])
    }

    @Test func aLineOfANodesFileIsAToken() throws {
        let table = try parsedTokens(
            "\(SampleTokens.node)\n\(SampleTokens.otherNode)", for: .nodes)
        #expect(table.first == Array(SampleTokens.node.utf8))
        #expect(table.scopes(of: SampleTokens.otherNode) == .node)
    }

    @Test(arguments: [
        "", "\n\n", "# nothing\n",
    ]) func anEmptyFileIsRefused(text: String) {
        #expect(problem(text) == "must hold a token")
        #expect(problem(text, for: .nodes) == "must hold a token")
    }

    @Test func whatIsWrongIsToldByItsLineAndWithoutTheToken() {
        let long = String(repeating: SampleTokens.read, count: 6)
        let cases: [(text: String, words: String)] = [
            (SampleTokens.read, "line 1 must be scopes"),
            ("\nread \(SampleTokens.read) more", "line 2 must be scopes"),
            ("reed \(SampleTokens.read)", "line 1 must be scopes"),
            ("read, write \(SampleTokens.read)", "line 1 must be scopes"),
            ("read,, \(SampleTokens.read)", "line 1 must be scopes"),
            ("cluster \(SampleTokens.read)", "line 1 must be scopes"),
            ("read \(SampleTokens.read)!", "line 1 must hold a token of letters"),
            ("read =\(SampleTokens.read)", "line 1 must hold a token of letters"),
            ("read \(long)", "line 1 must hold a token of 256 bytes at most"),
            ("read secret", "line 1 must hold a random token of 128 bits at least"),
            (
                "read \(SampleTokens.read)\nwrite \(SampleTokens.read)",
                "line 2 repeats a token"
            ),
        ]
        for (text, words) in cases {
            let problem = problem(text)
            #expect(problem.hasPrefix(words), "\(problem)")
            #expect(!problem.contains("secret") && !problem.contains(SampleTokens.read))
        }
        #expect(
            problem("read \(SampleTokens.node)", for: .nodes)
                == "line 1 must be a token and nothing more")
    }

    @Test func aFileHoldsSixtyFourTokens() throws {
        func text(_ count: Int) -> String {
            (0..<count).map { "read \(SampleTokens.read)\($0)\n" }.joined()
        }
        let table = try parsedTokens(text(64))
        #expect(table.count == 64)
        #expect(table.scopes(of: SampleTokens.read + "63") == .read)
        #expect(table.scopes(of: SampleTokens.read + "64") == [])
        #expect(problem(text(65)) == "line 65 is one too many: 64 tokens fit")
        #expect(
            problem(String(repeating: "#", count: 65_537)) == "must have 65536 bytes at most")
    }
}

@Suite struct TokenTableTests {
    @Test func onlyTheWholeTokenIsTheToken() throws {
        let table = try parsedTokens("read \(SampleTokens.read)\nwrite \(SampleTokens.write)")
        let token = Array(SampleTokens.read.utf8)
        for index in token.indices {
            var other = token
            other[index] ^= 1
            #expect(other.withUnsafeBytes { table.scopes(of: $0) } == [])
            #expect(token[..<index].withUnsafeBytes { table.scopes(of: $0) } == [])
        }
        #expect((token + [0]).withUnsafeBytes { table.scopes(of: $0) } == [])
        let padded = token + Array(repeating: 0, count: 256 - token.count)
        #expect(padded.withUnsafeBytes { table.scopes(of: $0) } == [])
        #expect((padded + [0]).withUnsafeBytes { table.scopes(of: $0) } == [])
    }

    @Test func aTableCoversAnotherIfNothingWasWithdrawn() throws {
        let one = try parsedTokens("read \(SampleTokens.read)")
        let both = try parsedTokens("write \(SampleTokens.write)\nread,admin \(SampleTokens.read)")
        #expect(both.covers(one) && !one.covers(both))
        #expect(one.covers(TokenTable()) && !one.shares(with: TokenTable()))
        #expect(one.shares(with: both))
    }
}

@Suite struct TokenStrengthTests {
    private func isEnough(_ token: String) -> Bool {
        Array(token.utf8).withUnsafeBytes { TokenStrength.isEnough($0) }
    }

    @Test(arguments: [
        "3f9a1c7e5b2d8046af13c9e7052b6d84",  // 32 hexadecimal digits
        "K7MQ2XWD4VZ5N3HT6YJB8RCFGP",  // 26 letters of Base32
        "pJ3nT0bq4vYx8WcRk1Zs7L",  // 22 letters of Base64
        "pJ3nT0bq4vYx8WcRk1Zs7A==", "nkMHYjHZDX89ypwMVjdeGn",
        "825419073664518290375146028937461529083",  // 39 digits
        "3f9a1c7e-5b2d8046-af13c9e7-052b6d84",
    ]) func aTokenOfRandomBytesIsEnough(token: String) {
        #expect(isEnough(token))
        let encoded = SampleTokens.self
        for token in [encoded.read, encoded.write, encoded.admin, encoded.node] {
            #expect(isEnough(token))
        }
    }

    @Test(arguments: [
        "", "a", "pJ3nT0bq4vYx8WcRk1Zs7", "3f9a1c7e5b2d8046af13c9e7052b6d8",
        "K7MQ2XWD4VZ5N3HT6YJB8RCFG", "82541907366451829037514602893746152908",
        "pJ3nT0bq4vYx8WcRk1Zs==", "3f9a1c7e-5b2d-8046-af13-c9e7052b6d8",
        "0f8b3a52-6c1d-4e97-b1a4-5d20c83f7e69", "correct-horse-battery-staple",
        "correcthorsebatterystaple", "passwordpasswordpasswordpasswordpassword",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "ababABABababABABababABABababABAB",
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG",
        "pJ3nT0bq4vYxpJ3nT0bq4vYxpJ3nT0bq4vYx",
    ]) func whatIsShortOrHasAPatternIsNot(token: String) {
        #expect(!isEnough(token))
    }

    @Test func randomTokensAreNeverRefused() {
        var generator = SystemRandomNumberGenerator()
        let base64 = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        for (alphabet, count) in [(base64, 22), (Array("0123456789abcdef"), 32)] {
            for _ in 0..<2_000 {
                let token = String(
                    (0..<count).map { _ in alphabet.randomElement(using: &generator) ?? "a" })
                // Letters of one case alone, or digits alone, once in millions, have fewer bits.
                let isRare =
                    count == 32
                    ? token.allSatisfy(\.isNumber)
                    : [token.uppercased(), token.lowercased()].contains(token)
                if !isRare { #expect(isEnough(token), "\(token)") }
            }
        }
    }
}
