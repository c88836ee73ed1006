import Testing
import UVHTTP

@Suite struct ASCIITests {
    /// What is written, before a wall of bytes that must stay behind the room.
    private func written(_ number: Int) -> String {
        withUnsafeTemporaryAllocation(byteCount: 24, alignment: 1) { room in
            for index in room.indices { room[index] = 0xAA }
            guard let start = room.baseAddress else { return "" }
            let count = ASCII.writeDecimal(number, to: start)
            #expect(room[19...].allSatisfy { $0 == 0xAA })
            return String(decoding: room[..<count], as: UTF8.self)
        }
    }

    @Test func writesEveryNumberOfDigitsAndTheirBounds() {
        var bound = 1
        for _ in 0..<19 {
            for number in [bound - 1, bound, bound + 1, bound * 2 + 7 % bound] {
                #expect(written(number) == "\(number)")
            }
            if bound < Int.max / 10 { bound *= 10 }
        }
        #expect(written(.max) == "9223372036854775807")
    }

    @Test func writesEveryPairOfDigits() {
        for number in 0..<20_000 { #expect(written(number) == "\(number)") }
    }
}
