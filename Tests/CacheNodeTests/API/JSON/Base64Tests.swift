import Foundation
import Simulation
import Testing
import UVHTTP

@testable import CacheNode

@Suite struct Base64Tests {
    /// RFC 4648 §10.
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
        ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
    ])
    func givesTheVectorsOfTheStandard(_ plain: String, _ encoded: String) {
        #expect(encode(Array(plain.utf8)) == encoded)
        #expect(decode(encoded) == Array(plain.utf8))
    }

    @Test func agreesWithFoundationOnEveryLengthAndByte() {
        for count in 0...300 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ count) }
            let encoded = Data(bytes).base64EncodedString()
            #expect(encode(bytes) == encoded)
            #expect(Base64.encodedCount(count) == encoded.utf8.count)
            #expect(decode(encoded) == bytes)
        }
    }

    /// Anything that isn't what encoding gives would make two texts of one value.
    @Test(arguments: [
        "Z", "Zg", "Zg=", "Zm9vY", "Zg==\n", " Zg==", "Zm 9", "Zh==", "Zm9=", "=", "==", "===",
        "====",
        "Z===", "Zg==Zg==", "Z=g=", "Zm9v====", "Zm-_", "Zm9é", "Zm9v\u{0}m9v", "Zg=a",
    ])
    func refusesWhatIsNotTheEncodingOfAnything(_ text: String) {
        #expect(decode(text) == nil)
    }

    @Test func decodesNothingButWhatItEncodes() {
        var numbers = SimRandom(seed: 0x5EED_6)
        let alphabet = Array("ABCZabcz0189+/=-_ ".utf8)
        var decoded = 0
        for _ in 0..<20_000 {
            let text = (0..<8).map { _ in alphabet[numbers.below(alphabet.count)] }
            guard let bytes = text.withUnsafeBytes(Base64.decoded) else { continue }
            decoded += 1
            #expect(encode(bytes) == String(decoding: text, as: UTF8.self))
        }
        #expect(decoded > 100)
    }

    private func encode(_ bytes: [UInt8]) -> String {
        bytes.withUnsafeBytes { bytes in written { Base64.append(bytes, to: &$0) } }
    }

    private func decode(_ text: String) -> [UInt8]? {
        Array(text.utf8).withUnsafeBytes(Base64.decoded)
    }
}
