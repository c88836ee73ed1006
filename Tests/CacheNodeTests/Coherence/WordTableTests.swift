import Simulation
import Testing

@testable import CacheNode

@Suite struct WordTableTests {
    private struct Words: Hashable {
        let first: UInt64
        let second: UInt64
    }

    @Test func hasWhatWasSetAndNothingElse() {
        var table = WordTable()
        #expect(table[1, 2] == 0)
        table[1, 2] = 7
        table[0, 0] = 8
        #expect(table[1, 2] == 7)
        #expect(table[2, 1] == 0)
        #expect(table[0] == 8)
        table[1, 2] = 9
        #expect(table[1, 2] == 9)
        #expect(table.count == 2)
        table[1, 2] = 0
        table[5, 5] = 0
        #expect(table[1, 2] == 0)
        #expect(table.count == 1)
        table.removeAll()
        #expect(table.count == 0)
        #expect(table[0] == 0)
    }

    /// As a dictionary does, through growth, removal from the middle of runs, and emptying.
    @Test(arguments: 0..<8) func doesAsADictionary(seed: UInt64) {
        var random = SimRandom(seed: seed)
        var table = WordTable()
        var model: [Words: UInt64] = [:]
        let range = UInt64(1) << UInt64.random(in: 2...12, using: &random)
        var isRight = true
        for step in 0..<20_000 {
            // Fills for a while, then empties.
            let isFilling = step / 4_000 % 2 == 0
            let words = Words(
                first: .random(in: 0..<3, using: &random),
                second: .random(in: 0..<range, using: &random))
            let isSet = Int.random(in: 0..<10, using: &random) < (isFilling ? 8 : 2)
            let value: UInt64 = isSet ? .random(in: 1...9, using: &random) : 0
            isRight = isRight && table[words.first, words.second] == model[words] ?? 0
            table[words.first, words.second] = value
            model[words] = value == 0 ? nil : value
            isRight = isRight && table.count == model.count
        }
        for (words, value) in model {
            isRight = isRight && table[words.first, words.second] == value
            table[words.first, words.second] = 0
        }
        #expect(isRight)
        #expect(table.count == 0)
    }

    @Test func isUsableAfterItWasLarge() {
        var table = WordTable()
        for number in 1...10_000 as ClosedRange<UInt64> { table[number, number] = number }
        for number in 1...10_000 as ClosedRange<UInt64> { table[number, number] = 0 }
        #expect(table.count == 0)
        table[3] = 4
        #expect(table[3] == 4)
    }
}
