import Testing
import UVHTTP

@Suite struct ShortCopyTests {
    @Test func copiesAnyCountAndNothingMore() {
        let source = (0..<200).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ 1) }
        for count in 0...150 {
            for start in 0..<3 {
                var target = [UInt8](repeating: 0xEE, count: 200)
                source.withUnsafeBytes { source in
                    target.withUnsafeMutableBytes { target in
                        guard let from = source.baseAddress, let to = target.baseAddress else {
                            return
                        }
                        (to + 5).copyShort(from: from + start, count: count)
                    }
                }
                #expect(Array(target[5..<(5 + count)]) == Array(source[start..<(start + count)]))
                #expect(target[..<5].allSatisfy { $0 == 0xEE })
                #expect(target[(5 + count)...].allSatisfy { $0 == 0xEE })
            }
        }
    }
}
