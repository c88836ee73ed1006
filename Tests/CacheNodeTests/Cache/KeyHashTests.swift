import Glibc
import Testing

@testable import CacheNode

@Suite struct KeyHashTests {
    let hash = KeyHash(seed: (3, 4))

    private func hash(_ key: [UInt8]) -> UInt64 { key.withUnsafeBytes { hash.hash($0) } }

    /// One page between two that must not be touched.
    private final class GuardedPage {
        let page: UnsafeMutableRawPointer
        private let mapping: UnsafeMutableRawPointer

        init() throws {
            mapping = try #require(
                mmap(nil, 3 * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))
            page = mapping + 4096
            try #require(mprotect(page, 4096, PROT_READ | PROT_WRITE) == 0)
        }

        deinit { munmap(mapping, 3 * 4096) }
    }

    @Test func neitherHashingNorComparingReadsBeyondTheKey() throws {
        let guarded = try GuardedPage()
        memset(guarded.page, 0x61, 4096)
        let other = [UInt8](repeating: 0x61, count: 600)
        for count in 0...511 {
            let atStart = UnsafeRawBufferPointer(start: guarded.page, count: count)
            let atEnd = UnsafeRawBufferPointer(start: guarded.page + (4096 - count), count: count)
            #expect(hash.hash(atStart) == hash.hash(atEnd))
            other.withUnsafeBytes { other in
                let start = atEnd.baseAddress.unsafelyUnwrapped
                #expect(start.equals(other.baseAddress.unsafelyUnwrapped, count: count))
            }
        }
    }

    @Test func comparingSeesEveryByte() {
        for count in 1...70 {
            let key = [UInt8](repeating: 0x61, count: count)
            for index in 0..<count {
                var other = key
                other[index] ^= 1
                key.withUnsafeBytes { key in
                    other.withUnsafeBytes { other in
                        let start = key.baseAddress.unsafelyUnwrapped
                        let otherStart = other.baseAddress.unsafelyUnwrapped
                        #expect(!start.equals(otherStart, count: count))
                        if KeyHash.isMidsize(count) {
                            #expect(!start.equalsMidsize(otherStart, count: count))
                            #expect(start.equalsMidsize(start, count: count))
                        }
                    }
                }
            }
        }
    }

    @Test func everyByteAndTheLengthCount() {
        var seen = Set<UInt64>()
        var tried = 0
        for count in 0...100 {
            let key = [UInt8](repeating: 0, count: count)
            seen.insert(hash(key))
            tried += 1
            for index in 0..<count {
                for bit in [0, 3, 7] {
                    var changed = key
                    changed[index] = 1 << bit
                    seen.insert(hash(changed))
                    tried += 1
                }
            }
        }
        #expect(seen.count == tried)
    }

    @Test func anotherSeedGivesOtherHashes() {
        let key = bytes("some key")
        let hashes = [(0, 0), (0, 1), (1, 0), (1, 1)].map { seed in
            key.withUnsafeBytes { KeyHash(seed: seed).hash($0) }
        }
        #expect(Set(hashes).count == 4)
    }

    @Test func likeKeysSpreadEvenlyOverTheTopBits() {
        // Keys that count up, in decimal; 256 bins of 400 on average, whose standard deviation is
        // 20.
        for prefix in ["k", "user:profile:", "a-rather-long-prefix-of-a-key/"] {
            var bins = [Int](repeating: 0, count: 256)
            for number in 0..<102_400 { bins[Int(hash(bytes(prefix + String(number))) >> 56)] += 1 }
            #expect(bins.allSatisfy { 300...500 ~= $0 })
        }
    }
}
