import Testing

@testable import ZooKeeper

@Suite struct DigestTests {
    private func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// The examples of FIPS 180 and RFC 3174.
    @Test(arguments: [
        ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1"
        ),
        (String(repeating: "01234567", count: 80), "dea356a2cddd90c7a7ecedc5ebb563934f460452"),
    ])
    func hashesAsThePaperSays(_ text: String, _ digest: String) {
        #expect(hexadecimal(SHA1.digest(of: Array(text.utf8))) == digest)
    }

    @Test func everyLengthIsPaddedToWholeBlocks() {
        let digests = Set((0...200).map { SHA1.digest(of: [UInt8](repeating: 7, count: $0)) })
        #expect(digests.count == 201)
    }

    /// From ZooKeeper's administrator's guide.
    @Test func aRuleHoldsTheDigestThatServersMake() {
        let rule = ACL.digest(.all, user: "super", password: "admin")
        #expect(rule.id == "super:xQJmxLMiHGwaqBvst5y6rkB6HQs=")
        #expect(rule.scheme == "digest" && rule.permissions == .all)
    }
}
