import Glibc
import UVHTTP

/// Wall-clock time in the form of RFC 3339 §5.6, always UTC with milliseconds:
/// `2026-11-21T04:00:00.123Z`.
enum Timestamp {
    /// Milliseconds since 1970-01-01T00:00:00Z, by the system's clock.
    static func systemMilliseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UInt64(max(0, time.tv_sec)) * 1000 + UInt64(time.tv_nsec / 1_000_000)
    }

    /// 9999-12-31T23:59:59.999Z, the last time with a year of four digits.
    static let millisecondsMax: UInt64 = 253_402_300_799_999

    /// Appends the time `milliseconds` after 1970; later ones than `millisecondsMax` as that.
    static func append(milliseconds: UInt64, to queue: inout ByteQueue) {
        let milliseconds = Int(min(milliseconds, millisecondsMax))
        let secondOfDay = milliseconds / 1000 % 86_400
        let date = civilDate(daysSince1970: milliseconds / 86_400_000)
        append(date.year, digits: 4, to: &queue)
        append(date.month, digits: 2, after: UInt8(ascii: "-"), to: &queue)
        append(date.day, digits: 2, after: UInt8(ascii: "-"), to: &queue)
        append(secondOfDay / 3600, digits: 2, after: UInt8(ascii: "T"), to: &queue)
        append(secondOfDay / 60 % 60, digits: 2, after: ASCII.colon, to: &queue)
        append(secondOfDay % 60, digits: 2, after: ASCII.colon, to: &queue)
        append(milliseconds % 1000, digits: 3, after: UInt8(ascii: "."), to: &queue)
        queue.append(UInt8(ascii: "Z"))
    }

    /// The Gregorian date of a day. Years are counted from March, so that the leap day is a year's
    /// last, in eras of 400 years, which are all of one length (146,097 days).
    static func civilDate(daysSince1970 days: Int) -> (year: Int, month: Int, day: Int) {
        let daysSinceMarchOfYear0 = days + 719_468
        let era = daysSinceMarchOfYear0 / 146_097
        let dayOfEra = daysSinceMarchOfYear0 % 146_097
        let leapDays = dayOfEra / 1460 - dayOfEra / 36_524 + dayOfEra / 146_096
        let yearOfEra = (dayOfEra - leapDays) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, day)
    }

    private static func append(
        _ number: Int, digits: Int, after separator: UInt8? = nil, to queue: inout ByteQueue
    ) {
        if let separator { queue.append(separator) }
        var divisor = 1
        for _ in 1..<digits { divisor *= 10 }
        while divisor > 0 {
            queue.append(0x30 + UInt8(number / divisor % 10))
            divisor /= 10
        }
    }
}
