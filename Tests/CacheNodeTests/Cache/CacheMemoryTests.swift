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

    @Test func noAddressSpaceAtAllIsAnError() async {
        await #expect(processExitsWith: .success) {
            CacheMemoryTests.limitAddressSpace(1 << 19)
            #expect(throws: CacheError.self) { try TestCache(bytesMax: 1 << 30) }
        }
    }

    @Test func aBoundBeyondTheReachOfReferencesHolds() throws {
        let test = try TestCache(bytesMax: 200 << 30)
        #expect(test.put(key(1), bytes("value")))
        #expect(test.value(key(1)) == bytes("value"))
    }

    @Test func pagesGoBackToTheKernelWithTheirContent() throws {
        let memory = UnsafeMutablePointer<CacheMemory>.allocate(capacity: 1)
        memory.initialize(to: try CacheMemory(bytesMax: 8 << 20))
        defer {
            memory.deinitialize(count: 1)
            memory.deallocate()
        }
        let baseline = memory.pointee.bytesUsed
        var pages: [UInt32] = []
        while let page = memory.pointee.takePage() {
            memory.pointee.address(ofPage: page).storeBytes(of: 1, as: Int.self)
            pages.append(page)
        }
        #expect(Set(pages).count == pages.count)
        #expect(!pages.contains(0))
        #expect(memory.pointee.bytesUsed <= 8 << 20)
        #expect(memory.pointee.bytesUsed + CacheMemory.pageBytes > 8 << 20)
        pages.forEach { memory.pointee.givePage($0) }
        // A few stay in the pool, until something else wants the memory.
        #expect(memory.pointee.bytesUsed > baseline)
        let rest = memory.pointee.bytesMax - baseline
        #expect(!memory.pointee.charge(rest + 1))
        #expect(memory.pointee.charge(rest))
        #expect(memory.pointee.takePage() == nil)
        memory.pointee.refund(rest)
        #expect(memory.pointee.bytesUsed == baseline)
        #expect(
            pages.allSatisfy { memory.pointee.address(ofPage: $0).load(as: Int.self) == 0 })
    }

    /// A million entries of 16 + 32 bytes cost 98 bytes each; measured at a smaller number, at the
    /// same load of the table.
    @Test func smallEntriesCostLittleMoreThanTheirBytes() throws {
        let count = scaled(debug: 62_500, release: 1_000_000)
        let test = try TestCache(bytesMax: 512 << 20)
        let used = test.bytesUsed
        let resident = Self.residentBytes()
        let value = [UInt8](repeating: 1, count: 32)
        for number in 0..<count { test.put(key(number), value) }
        #expect(Double(test.bytesUsed - used) / Double(count) <= 100)
        // Other tests run at the same time.
        #expect(Double(Self.residentBytes() - resident) / Double(count) <= 200)
    }
}
