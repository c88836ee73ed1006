import Foundation
import Simulation
import Testing
import UVHTTP

@testable import CacheNode

@Suite struct TimestampTests {
    static func text(_ milliseconds: UInt64) -> String {
        var queue = ByteQueue()
        Timestamp.append(milliseconds: milliseconds, to: &queue)
        return queue.readable.text
    }

    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_795_233_600_123, "2026-11-21T04:00:00.123Z"),
        (951_782_399_999, "2000-02-28T23:59:59.999Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (951_868_800_000, "2000-03-01T00:00:00.000Z"),
        (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        (UInt64.max, "9999-12-31T23:59:59.999Z"),
    ])
    func writesTimesAsRFC3339Does(_ row: (UInt64, String)) {
        #expect(Self.text(row.0) == row.1)
    }

    @Test func agreesWithAnotherCalendarOverManyYears() {
        let formatter = ISO8601DateFormatter()
        formatter.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
        var random = SimRandom(seed: 3)
        for _ in 0..<2000 {
            let seconds = random.below(Int(Timestamp.millisecondsMax / 1000))
            let expected = formatter.string(from: Date(timeIntervalSince1970: Double(seconds)))
            #expect(Self.text(UInt64(seconds) * 1000) == expected)
        }
    }

    @Test func theSystemsClockIsTheWallClock() {
        let difference =
            Double(Timestamp.systemMilliseconds()) / 1000 - Date().timeIntervalSince1970
        #expect(abs(difference) < 5)
    }
}
