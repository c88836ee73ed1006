import UVHTTP

/// Whether a token may hold 128 random bits. Randomness can't be seen in one token, so this finds
/// what certainly lacks it: words, repetitions, counting, and what is too short for the letters it
/// is made of.
enum TokenStrength {
    static let bitsMin = 128
    /// Of any 22 random letters or 32 random digits fewer are next to never met.
    private static let distinctMin = 6

    static func isEnough(_ token: UnsafeRawBufferPointer) -> Bool {
        let counted = period(of: token)
        return counted * milliBitsPerByte(token) >= bitsMin * 1000
            && Set(token).count >= distinctMin && !isCounting(token)
    }

    /// The most that one byte can tell, by the smallest common alphabet that has them all: digits,
    /// hexadecimal digits of one case, digits and letters of one case (as in Base32), all others.
    private static func milliBitsPerByte(_ token: UnsafeRawBufferPointer) -> Int {
        let hasLower = token.contains { $0 &- 0x61 < 26 }
        let hasUpper = token.contains { $0 &- 0x41 < 26 }
        let isAlphanumeric = token.allSatisfy { $0 &- 0x30 < 10 || ($0 | 0x20) &- 0x61 < 26 }
        guard isAlphanumeric, !(hasLower && hasUpper) else { return 6000 }
        guard hasLower || hasUpper else { return 3321 }
        return token.allSatisfy { ASCII.hexadecimalValue($0) != nil } ? 4000 : 5000
    }

    /// The number of bytes after which the token repeats itself: all of them as a rule.
    private static func period(of token: UnsafeRawBufferPointer) -> Int {
        for period in 1..<max(1, token.count)
        where (period..<token.count).allSatisfy({ token[$0] == token[$0 - period] }) {
            return period
        }
        return token.count
    }

    /// Three quarters of the bytes are the one before, or its neighbour: `aaaa`, `0123456789`.
    private static func isCounting(_ token: UnsafeRawBufferPointer) -> Bool {
        let steps = zip(token, token.dropFirst())
        let small = steps.count { abs(Int($1) - Int($0)) <= 1 }
        return small * 4 >= (token.count - 1) * 3
    }
}
