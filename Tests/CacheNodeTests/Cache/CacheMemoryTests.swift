import Foundation
import Testing

@testable import CacheNode

@Suite struct CacheMemoryTests {
    private static func residentBytes() -> Int {
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
    }

    /// Limits the address space to what is in use and `bytes` more.
    private static func limitAddressSpace(_ bytes: Int) {
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        let used = (text.split(separator: " ").first.flatMap { Int($0) } ?? 0) * 4096
        var limit = rlimit(rlim_cur: rlim_t(used + bytes), rlim_max: rlim_t(used + bytes))
        setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
    }

    @Test func aRefusedReservationIsTriedSmaller() async {
        await #expect(processExitsWith: .success) {
            CacheMemoryTests.limitAddressSpace(100 << 20)
            let test = try TestCache(bytesMax: 1 << 30)
            #expect(test.cache.pointee.bytesMax < 100 << 20)
            #expect(test.cache.pointee.bytesMax >= 32 << 20)
            for number in 0..<100 { #expect(test.put(key(number))) }
        }
    }

    @Test(.enabled(if: !isUnderSanitizer, "a sanitizer needs address space itself"))
    func noAddressSpaceAtAllIsAnError() async {
        await #expect(processExitsWith: .exitCode(7)) {
            // Whatever the runtime allocates on the way, it has allocated then.
            _ = try TestMemory(bytesMax: 1 << 20)
            CacheMemoryTests.limitAddressSpace(0)
            do {
                _ = try TestMemory(bytesMax: 1 << 30)
            } catch CacheError.addressSpaceRefused {
                exit(7)
            }
        }
    }

    @Test func aBoundBeyondTheReachOfReferencesHolds() throws {
        let test = try TestCache(bytesMax: 200 << 30)
        #expect(test.put(key(1), bytes("value")))
        #expect(test.value(key(1)) == bytes("value"))
    }

    @Test func pagesGoBackToTheKernelWithTheirContent() throws {
        let bytesMax = 8 << 20
        let memory = try TestMemory(bytesMax: bytesMax)
        let baseline = memory.bytesUsed
        var pages: [UInt32] = []
        while let page = memory.take() {
            memory.firstWord(page).pointee = 1
            pages.append(page)
        }
        #expect(Set(pages).count == pages.count)
        #expect(!pages.contains(0))
        #expect(memory.bytesUsed <= bytesMax)
        #expect(memory.bytesUsed + CacheMemory.pageBytes > bytesMax)
        pages.forEach(memory.give)
        // A few stay in the pool, until something else wants the memory.
        #expect(memory.bytesUsed > baseline)
        let rest = bytesMax - baseline
        #expect(!memory.charge(rest + 1))
        #expect(memory.charge(rest))
        #expect(memory.take() == nil)
        memory.memory.pointee.refund(rest)
        #expect(memory.bytesUsed == baseline)
        #expect(pages.allSatisfy { memory.firstWord($0).pointee == 0 })
    }

    @Test func pagesForTagsAreTheLastAndOnlyForThem() throws {
        let memory = try TestMemory(bytesMax: 8 << 20, keepsTagPages: true)
        let baseline = memory.bytesUsed
        var pages: [UInt32] = []
        while let page = memory.take() { pages.append(page) }
        #expect(memory.bytesUsed + 4 * CacheMemory.pageBytes <= 8 << 20)
        for _ in 0..<3 {
            var tagPages: [UInt32] = []
            while let page = memory.takeForTag() { tagPages.append(page) }
            #expect(tagPages.count == 4)
            #expect(Set(pages).isDisjoint(with: tagPages))
            #expect(memory.bytesUsed <= 8 << 20)
            #expect(memory.take() == nil)
            let freed = pages.removeLast()
            memory.give(freed)
            #expect(memory.takeForTag() == freed)
            tagPages.dropLast().forEach(memory.give)
            #expect(memory.take() == nil)
            // What was a page for tags may become any other.
            memory.give(freed)
            memory.memory.pointee.trim()
            tagPages.suffix(1).forEach(memory.give)
            #expect(memory.take() == tagPages.last)
            pages += tagPages.suffix(1)
        }
        pages.forEach(memory.give)
        memory.memory.pointee.trim()
        #expect(memory.bytesUsed == baseline)
    }

    /// 98 bytes each for 16 + 32; in a process of its own, so that the resident bytes are the
    /// cache's.
    @Test(.enabled(if: !isUnderSanitizer, "a sanitizer's own bytes would count"))
    func smallEntriesCostLittleMoreThanTheirBytes() async {
        await #expect(processExitsWith: .success) {
            // The table is as full as with a million.
            let count = scaled(debug: 125_000, release: 1_000_000)
            let test = try TestCache(bytesMax: 512 << 20)
            let value = [UInt8](repeating: 1, count: 32)
            let used = test.bytesUsed
            let resident = CacheMemoryTests.residentBytes()
            for number in 0..<count { test.put(key(number), value) }
            #expect(Double(test.bytesUsed - used) / Double(count) <= 100)
            let residentGrowth = CacheMemoryTests.residentBytes() - resident
            #expect(Double(residentGrowth) / Double(count) <= 112)
        }
    }
}
