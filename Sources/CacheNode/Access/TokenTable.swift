import UVHTTP

/// The tokens that are valid, and what each of them allows.
struct TokenTable: Equatable {
    static let tokensMax = 64
    /// Bytes of a token.
    static let tokenBytesMax = 256

    private struct Entry: Equatable {
        let byteCount: Int
        let scopes: TokenScopes
    }

    private var entries: [Entry] = []
    /// The tokens, each followed by zeros up to `tokenBytesMax`.
    private var bytes: [UInt8] = []

    var count: Int { entries.count }

    /// The first token; empty when there is none.
    var first: [UInt8] { Array(bytes.prefix(entries.first?.byteCount ?? 0)) }

    /// Takes one more token, of at most `tokenBytesMax` bytes.
    mutating func append(_ token: UnsafeRawBufferPointer, _ scopes: TokenScopes) {
        precondition(token.count <= Self.tokenBytesMax, "a token has a bounded length")
        entries.append(Entry(byteCount: token.count, scopes: scopes))
        bytes.append(contentsOf: token)
        bytes.append(contentsOf: repeatElement(0, count: Self.tokenBytesMax - token.count))
    }

    /// What `presented` allows; nothing if it is not one of the tokens. How long this takes depends
    /// on the length of `presented` and on the number of tokens, and on no byte of either.
    func scopes(of presented: UnsafeRawBufferPointer) -> TokenScopes {
        guard presented.count <= Self.tokenBytesMax else { return [] }
        return bytes.withUnsafeBytes { bytes in
            var granted: UInt8 = 0
            for index in entries.indices {
                let token = bytes.dropping(index &* Self.tokenBytesMax)
                var difference = UInt64(entries[index].byteCount ^ presented.count)
                for offset in 0..<presented.count {
                    difference |= UInt64(token[offset] ^ presented[offset])
                }
                // All ones if there is no difference, and zeros otherwise: no branch to be timed.
                granted |=
                    entries[index].scopes.rawValue
                    & UInt8(truncatingIfNeeded: (difference &- 1) &>> 56)
            }
            return TokenScopes(rawValue: granted)
        }
    }

    /// Whether every token of `other` allows the same here.
    func covers(_ other: TokenTable) -> Bool {
        other.tokens.allSatisfy { token, granted in
            token.withUnsafeBytes { scopes(of: $0) }.isSuperset(of: granted)
        }
    }

    /// Whether a token of `other` is valid here.
    func shares(with other: TokenTable) -> Bool {
        other.tokens.contains { token, _ in
            !token.withUnsafeBytes { scopes(of: $0) }.isEmpty
        }
    }

    private var tokens: [(bytes: [UInt8], scopes: TokenScopes)] {
        entries.enumerated().map { index, entry in
            let start = index * Self.tokenBytesMax
            return (Array(bytes[start..<(start + entry.byteCount)]), entry.scopes)
        }
    }
}
