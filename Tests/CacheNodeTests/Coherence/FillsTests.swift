import Testing

@testable import CacheNode

@Suite struct FillsTests {
    /// The first reader of a key asks.
    private func begin(
        _ fills: inout Fills<Int>, _ key: [UInt8], _ waiter: Int
    ) throws -> Fills<Int>.ID {
        let id = fills.join(key, waiter)
        return try #require(id)
    }

    @Test func onlyTheFirstReaderOfAKeyAsks() throws {
        var fills = Fills<Int>()
        let first = try begin(&fills, bytes("k"), 1)
        #expect(fills.join(bytes("k"), 2) == nil)
        #expect(fills.join(bytes("k"), 3) == nil)
        #expect(fills.count == 1)
        let (waiters, mayStore) = fills.finish(first)
        #expect(waiters == [1, 2, 3])
        #expect(mayStore)
        #expect(fills.count == 0)
    }

    @Test func differentKeysAreDifferentRequests() throws {
        var fills = Fills<Int>()
        let one = try begin(&fills, bytes("a"), 1)
        let other = try begin(&fills, bytes("b"), 2)
        #expect(one != other)
        #expect(fills.finish(other).waiters == [2])
        #expect(fills.finish(one).waiters == [1])
    }

    @Test func whoReadsAfterAWriteAsksAnew() throws {
        var fills = Fills<Int>()
        let old = try begin(&fills, bytes("k"), 1)
        fills.supersede(bytes("k"))
        let new = try begin(&fills, bytes("k"), 2)
        #expect(fills.join(bytes("k"), 3) == nil)
        #expect(fills.count == 2)
        let oldAnswer = fills.finish(old)
        #expect(oldAnswer.waiters == [1])
        #expect(!oldAnswer.mayStore)
        // The old answer must not have made the new request unjoinable.
        #expect(fills.join(bytes("k"), 4) == nil)
        let newAnswer = fills.finish(new)
        #expect(newAnswer.waiters == [2, 3, 4])
        #expect(newAnswer.mayStore)
        #expect(fills.count == 0)
    }

    @Test func everyWriteSupersedesTheLatestRequest() throws {
        var fills = Fills<Int>()
        var ids: [Fills<Int>.ID] = []
        for number in 0..<5 {
            ids.append(try begin(&fills, bytes("k"), number))
            fills.supersede(bytes("k"))
            fills.supersede(bytes("k"))
        }
        for (number, id) in ids.enumerated().reversed() {
            let (waiters, mayStore) = fills.finish(id)
            #expect(waiters == [number])
            #expect(!mayStore)
        }
        #expect(fills.join(bytes("k"), 9) != nil)
    }

    @Test func aWriteOfAnotherKeyChangesNothing() throws {
        var fills = Fills<Int>()
        let id = try begin(&fills, bytes("k"), 1)
        fills.supersede(bytes("kk"))
        fills.supersede(bytes(""))
        #expect(fills.join(bytes("k"), 2) == nil)
        #expect(fills.finish(id).mayStore)
    }

    @Test func anAnswerCountsOnce() throws {
        var fills = Fills<Int>()
        let id = try begin(&fills, bytes("k"), 1)
        _ = fills.finish(id)
        let again = fills.finish(id)
        #expect(again.waiters.isEmpty)
        #expect(!again.mayStore)
    }
}
