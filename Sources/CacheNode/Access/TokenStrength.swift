import UVHTTP

/// Whether a token may hold 128 random bits. Randomness can't be seen in one token, so this finds
/// what certainly lacks it: words, repetitions, counting, and what is too short for the letters it
/// is made of.
enum TokenStrength {
    static let bitsMin = 128
    /// Of any 22 random letters or 32 random digits fewer are next to never met.
    private static let distinctMin = 6

    static func isEnough(_ token: UnsafeRawBufferPointer) -> Bool {
        // Padding says nothing.
        let token = UnsafeRawBufferPointer(
            rebasing: token.dropLast(token.reversed().prefix { $0 == ASCII.equals }.count))
        return milliBits(token) >= bitsMin * 1000 && Set(token).count >= distinctMin
            && !isCounting(token) && !isUUID(token)
    }

    /// The most that the bytes can tell, in thousandths of a bit, by the smallest common alphabet
    /// that has them all: digits, hexadecimal digits of one case, digits and letters of one case
    /// (as in Base32), each perhaps with separators, which count for nothing; or all letters.
    private static func milliBits(_ token: UnsafeRawBufferPointer) -> Int {
        let counted = period(of: token)
        let hasLower = token.contains { $0 &- 0x61 < 26 }
        let hasUpper = token.contains { $0 &- 0x41 < 26 }
        if hasLower, hasUpper { return counted * 6000 }
        let separators = token.prefix(counted).count { !isAlphanumeric($0) }
        guard hasLower || hasUpper else { return (counted - separators) * 3321 }
        let isHexadecimal = token.allSatisfy {
            ASCII.hexadecimalValue($0) != nil || !isAlphanumeric($0)
        }
        return (counted - separators) * (isHexadecimal ? 4000 : 5000)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26
    }

    /// The number of bytes after which the token repeats itself, at least once as a whole: all of
    /// them as a rule.
    private static func period(of token: UnsafeRawBufferPointer) -> Int {
        guard token.count > 1 else { return token.count }
        for period in 1...(token.count / 2)
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

    /// A random UUID has 122 random bits (RFC 9562 §5.4).
    private static func isUUID(_ token: UnsafeRawBufferPointer) -> Bool {
        token.count == 36 && [8, 13, 18, 23].allSatisfy { token[$0] == UInt8(ascii: "-") }
    }
}
