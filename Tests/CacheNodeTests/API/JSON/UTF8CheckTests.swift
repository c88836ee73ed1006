import Testing

@testable import CacheNode

@Suite struct UTF8CheckTests {
    @Test func acceptsTheFirstAndLastScalarOfEachLength() {
        for text in ["", "\u{0}", "\u{7F}", "\u{80}", "\u{7FF}", "\u{800}", "\u{D7FF}", "\u{E000}"]
        {
            #expect(isUTF8(Array(text.utf8)))
        }
        for text in ["\u{FFFD}", "\u{FFFF}", "\u{10000}", "\u{10FFFF}", "aé€🎄z", "🎄é€a🎄"] {
            #expect(isUTF8(Array(text.utf8)))
        }
    }

    @Test(
        arguments: [
            [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC2], [0xC2, 0x7F], [0xC2, 0xC0],
            [0xE0, 0x9F, 0xBF], [0xE0, 0xA0], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xEF, 0xBF],
            [0xF0, 0x8F, 0xBF, 0xBF], [0xF0, 0x90, 0x80], [0xF4, 0x90, 0x80, 0x80],
            [0xF5, 0x80, 0x80, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80], [0xFE], [0xFF],
            [0xE2, 0x82, 0x41], [0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0xC3],
        ] as [[UInt8]])
    func refusesOverlongFormsSurrogatesAndFragments(_ bytes: [UInt8]) {
        #expect(!isUTF8(bytes))
    }

    /// All 16 million heads of three bytes would be too many: these are the borders of each range.
    @Test func agreesWithTheStandardLibraryAtEveryBorder() {
        let borders: [UInt8] = [
            0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0,
            0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF,
        ]
        for first in UInt8(0x80)...UInt8(0xFF) {
            for second in borders {
                expectAgreement([first, second])
                for third in borders {
                    expectAgreement([first, second, third])
                    if first >= 0xF0 {
                        for fourth in [UInt8(0x7F), 0x80, 0xBF, 0xC0] {
                            expectAgreement([first, second, third, fourth])
                        }
                    }
                }
            }
        }
    }

    private func isUTF8(_ bytes: [UInt8]) -> Bool { bytes.withUnsafeBytes(UTF8Check.isUTF8) }

    /// Also that each maximal subpart is told as the standard library replaces it.
    private func expectAgreement(_ bytes: [UInt8]) {
        let repaired = String(decoding: bytes, as: UTF8.self)
        let isWellFormed = Array(repaired.utf8) == bytes
        var parts = 0
        bytes.withUnsafeBytes { bytes in
            var offset = 0
            while offset < bytes.count {
                let count = UTF8Check.sequenceByteCount(bytes, at: offset)
                let isASCII = bytes[offset] < 0x80
                // `#expect` some hundred thousand times would take seconds.
                if isASCII, count != 0 { Issue.record("\(Array(bytes)): ASCII at \(offset)") }
                offset +=
                    count > 0
                    ? count
                    : isASCII ? 1 : UTF8Check.maximalSubpartByteCount(bytes, at: offset)
                parts += 1
            }
        }
        if isUTF8(bytes) != isWellFormed || parts != repaired.unicodeScalars.count {
            Issue.record("\(bytes)")
        }
    }
}
