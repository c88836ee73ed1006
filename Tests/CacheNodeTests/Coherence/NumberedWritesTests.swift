import Simulation
import Testing

@testable import CacheNode

@Suite struct NumberedWritesTests {
    private func write(_ number: UInt64) -> UpwardWrite {
        UpwardWrite.make(origin: 1, sequence: number, key: [1], change: .delete)
    }

    /// Against a set: it grows past what is kept, is emptied, and begins again.
    @Test(arguments: 1...3 as ClosedRange<UInt64>)
    func aWriteIsFoundByItsNumberUntilItLeaves(seed: UInt64) {
        var random = SimRandom(seed: seed)
        var writes = NumberedWrites()
        var model: Set<UInt64> = []
        var isRight = true
        for depth in [20, 5000, 1, 40] {
            while model.count < depth {
                model.insert(writes.end)
                writes.append(write(writes.end))
                guard random.oneIn(8) else { continue }
                let number = writes.start + UInt64(random.below(writes.span))
                isRight = isRight && writes.take(number)?.sequence == model.remove(number)
            }
            isRight = isRight && writes.start == model.min()
            let numbers = writes.start..<writes.end
            isRight = isRight && writes.span == numbers.count
            for number in numbers {
                isRight = isRight && (writes[number] != nil) == model.contains(number)
                isRight = isRight && writes.take(number)?.sequence == model.remove(number)
            }
            isRight = isRight && writes.start == writes.end && writes.span == 0
        }
        #expect(isRight)
    }

    @Test func whatWasNeverHereIsNotGiven() {
        var writes = NumberedWrites()
        #expect(writes.take(1) == nil)
        writes.append(write(1))
        #expect(writes.take(0) == nil)
        #expect(writes.take(2) == nil)
        #expect(writes.take(.max) == nil)
        #expect(writes[17] == nil, "in the place of another")
        #expect(writes.take(1)?.sequence == 1)
        #expect(writes.take(1) == nil)
    }
}
