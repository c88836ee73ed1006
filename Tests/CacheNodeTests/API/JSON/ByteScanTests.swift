import Simulation
import Testing

@testable import CacheNode

@Suite struct ByteScanTests {
    /// Every byte, at every place of a buffer of every length around the word size, on every filler
    /// that a borrow could confuse it with.
    @Test func findsEveryByteAtEveryPlace() {
        for length in 1...19 {
            for place in 0..<length {
                for filler in [UInt8(0x20), 0x21, 0x23, 0x5B, 0x5D, 0x7F] {
                    var buffer = [UInt8](repeating: filler, count: length)
                    for byte in UInt8.min...UInt8.max {
                        buffer[place] = byte
                        expectFirst(buffer, isPlain(byte) ? length : place, ByteScan.endOfPlain)
                        expectFirst(
                            buffer, isUnescaped(byte) ? length : place, ByteScan.endOfUnescaped)
                        expectFirst(buffer, byte < 0x80 ? length : place, ByteScan.endOfASCII)
                    }
                }
            }
        }
    }

    @Test func agreesWithALoopOverBytesOnRandomOnes() {
        var numbers = SimRandom(seed: 0x5EED_1)
        for _ in 0..<4000 {
            let special: [UInt8] = [0x1F, 0x20, 0x21, 0x22, 0x5C, 0x5B, 0x7F, 0x80, 0xFF, 0x00]
            let buffer = (0..<numbers.below(40)).map { _ in
                numbers.below(6) == 0 ? special[numbers.below(special.count)] : UInt8(0x61)
            }
            for start in 0...buffer.count {
                let rest = buffer[start...]
                buffer.withUnsafeBytes { bytes in
                    #expect(
                        ByteScan.endOfPlain(bytes, from: start)
                            == rest.firstIndex { !isPlain($0) } ?? buffer.count)
                    #expect(
                        ByteScan.endOfUnescaped(bytes, from: start)
                            == rest.firstIndex { !isUnescaped($0) } ?? buffer.count)
                    #expect(
                        ByteScan.endOfASCII(bytes, from: start)
                            == rest.firstIndex { $0 >= 0x80 } ?? buffer.count)
                }
            }
        }
    }

    /// A megabyte of plain text is one run, so a string costs its words and not its bytes.
    @Test func takesAMebibyteInOneRun() {
        var buffer = [UInt8](repeating: 0x61, count: 1 << 20)
        expectFirst(buffer, buffer.count, ByteScan.endOfPlain)
        expectFirst(buffer, buffer.count, ByteScan.endOfUnescaped)
        expectFirst(buffer, buffer.count, ByteScan.endOfASCII)
        buffer[buffer.count - 1] = 0x22
        expectFirst(buffer, buffer.count - 1, ByteScan.endOfPlain)
        expectFirst(buffer, buffer.count - 1, ByteScan.endOfUnescaped)
    }

    private func isUnescaped(_ byte: UInt8) -> Bool { byte >= 0x20 && byte != 0x22 && byte != 0x5C }

    private func isPlain(_ byte: UInt8) -> Bool { isUnescaped(byte) && byte < 0x80 }

    private func expectFirst(
        _ buffer: [UInt8], _ expected: Int, _ scan: (UnsafeRawBufferPointer, Int) -> Int
    ) {
        let found = buffer.withUnsafeBytes { scan($0, 0) }
        // `#expect` at each of some million places would take minutes.
        if found != expected { Issue.record("\(buffer): \(found), not \(expected)") }
    }
}
