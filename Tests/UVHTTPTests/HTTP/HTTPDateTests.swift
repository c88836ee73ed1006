import Foundation
import Simulation
import Testing

@testable import UVHTTP

@Suite struct HTTPDateTests {
    private func date(_ unixSeconds: Int) -> String {
        let bytes = [UInt8](unsafeUninitializedCapacity: HTTPDate.byteCount) { room, count in
            HTTPDate.write(
                unixSeconds: unixSeconds, into: UnsafeMutableRawPointer(room.baseAddress!))
            count = HTTPDate.byteCount
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test(arguments: [
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (951_782_399, "Mon, 28 Feb 2000 23:59:59 GMT"),
        (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
        (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"),
        (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
        (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
        (253_402_300_800, "Fri, 31 Dec 9999 23:59:59 GMT"), (-1, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (.max, "Fri, 31 Dec 9999 23:59:59 GMT"), (.min, "Thu, 01 Jan 1970 00:00:00 GMT"),
    ])
    func writesTheFixedForm(unixSeconds: Int, expected: String) {
        #expect(date(unixSeconds) == expected)
    }

    @Test func agreesWithTheSystemOnEveryDayOfFourCenturies() {
        for day in 0..<146_097 {
            var time = time_t(day * 86_400)
            var parts = tm()
            gmtime_r(&time, &parts)
            let civil = HTTPDate.civil(days: day)
            let isSame =
                civil.year == Int(parts.tm_year) + 1900 && civil.month == Int(parts.tm_mon) + 1
                && civil.day == Int(parts.tm_mday)
            if !isSame { Issue.record("day \(day) became \(civil)") }
        }
    }

    @Test func agreesWithTheSystemAtRandomTimes() {
        var generator = SimRandom(seed: 7)
        for _ in 0..<2000 {
            let seconds = Int.random(in: 0...253_402_300_799, using: &generator)
            var time = time_t(seconds)
            var parts = tm()
            gmtime_r(&time, &parts)
            var text = [CChar](repeating: 0, count: 64)
            let length = strftime(&text, text.count, "%a, %d %b %Y %H:%M:%S GMT", &parts)
            let expected = String(
                decoding: text[0..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
            #expect(date(seconds) == expected)
        }
    }
}
