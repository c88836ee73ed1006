import Testing
import UVHTTP

@testable import CacheNode

/// The decoded key, or the sentence it is refused with.
private func decoded(_ encoded: [UInt8]) -> (key: [UInt8]?, refusal: String?) {
    let scratch = UnsafeMutableRawPointer.allocate(byteCount: encoded.count + 1, alignment: 8)
    defer { scratch.deallocate() }
    return encoded.withUnsafeBytes { encoded in
        switch RequestKey.decode(encoded, scratch: scratch) {
        case .key(let key): (Array(key), nil)
        case .refused(let reason): (nil, reason.description)
        }
    }
}

@Suite struct RequestKeyTests {
    private static let tooLong = "the key is too long: it must have 1 to 511 bytes after decoding"
    private static let badlyEscaped =
        "the key is badly escaped: % must be followed by two hexadecimal digits"

    @Test func anEmptyKeyIsRefused() {
        #expect(decoded([]).refusal == "the key is empty: it must have 1 to 511 bytes")
    }

    @Test(arguments: [
        ("a", "a"), ("a/b", "a/b"), ("a%2Fb", "a/b"), ("a%2fb", "a/b"), ("a+b", "a+b"),
        ("%20", " "), ("%252F", "%2F"), ("%25", "%"), ("%C3%A9", "é"), ("//", "//"), ("..", ".."),
        ("\"", "\""), ("x%00y", "x\0y"),
    ]) func decodesOnce(encoded: String, key: String) {
        #expect(decoded(bytes(encoded)).key == bytes(key))
    }

    @Test func everyByteCanBeEscaped() {
        for byte in UInt8.min...UInt8.max {
            #expect(decoded(PercentCoding.encode([byte])).key == [byte])
            let digits = "0123456789abcdef".utf8.map { $0 }
            let lower = [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            #expect(decoded(lower).key == [byte])
        }
    }

    @Test(arguments: ["%", "a%", "%4", "a%4", "%zz", "%4g", "%g4", "%%41", "%-1", "abcdefgh%"])
    func aBadEscapeIsRefused(encoded: String) {
        #expect(decoded(bytes(encoded)).refusal == Self.badlyEscaped)
    }

    /// Beside bytes that differ from `%` in their lowest or highest bit.
    @Test func anEscapeIsFoundAtEveryPlaceOfAKeyOfAnyLength() {
        for count in 1...40 {
            for neighbour in [UInt8(0x24), 0x26, 0xA5, 0x7E] {
                let plain = [UInt8](repeating: neighbour, count: count)
                #expect(decoded(plain).key == plain)
                for place in 0..<count {
                    var key = plain
                    key.replaceSubrange(place...place, with: bytes("%41"))
                    var expected = plain
                    expected[place] = 0x41
                    #expect(decoded(key).key == expected)
                }
            }
        }
    }

    @Test func theBoundIsExactPlainAndEscaped() {
        let plain = [UInt8](repeating: 0x61, count: 512)
        #expect(decoded(Array(plain.dropLast())).key == Array(plain.dropLast()))
        #expect(decoded(plain).refusal == Self.tooLong)
        let escaped = Array(repeating: bytes("%00"), count: 512)
        let allowed = decoded(Array(escaped.dropLast().joined()))
        #expect(allowed.key == [UInt8](repeating: 0, count: 511))
        #expect(decoded(Array(escaped.joined())).refusal == Self.tooLong)
        let mixed = plain.dropLast(2) + bytes("%61")
        #expect(decoded(Array(mixed)).key?.count == 511)
        #expect(RequestKey.bytesMax == Cache.keyBytesMax)
    }
}
