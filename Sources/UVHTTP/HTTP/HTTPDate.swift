/// Dates as HTTP writes them: `Sun, 06 Nov 1994 08:49:37 GMT` (IMF-fixdate, RFC 9110 §5.6.7).
public enum HTTPDate {
    public static let byteCount = 29

    /// Writes the 29 bytes of the date that is `unixSeconds` after 1970-01-01T00:00:00Z. Times
    /// before that or after the year 9999 have no such form; the nearest one is written.
    public static func write(unixSeconds: Int, into room: UnsafeMutableRawPointer) {
        let seconds = min(max(unixSeconds, 0), 253_402_300_799)
        let days = seconds / 86_400
        let date = civil(days: days)
        let time = seconds % 86_400
        // 1970-01-01 was a Thursday.
        copy("ThuFriSatSunMonTueWed", days % 7 * 3, 3, to: room)
        copy(", ", 0, 2, to: room + 3)
        digits(date.day, 2, to: room + 5)
        copy(" ", 0, 1, to: room + 7)
        copy("JanFebMarAprMayJunJulAugSepOctNovDec", (date.month - 1) * 3, 3, to: room + 8)
        copy(" ", 0, 1, to: room + 11)
        digits(date.year, 4, to: room + 12)
        copy(" ", 0, 1, to: room + 16)
        digits(time / 3600, 2, to: room + 17)
        copy(":", 0, 1, to: room + 19)
        digits(time / 60 % 60, 2, to: room + 20)
        copy(":", 0, 1, to: room + 22)
        digits(time % 60, 2, to: room + 23)
        copy(" GMT", 0, 4, to: room + 25)
    }

    /// The date of the proleptic Gregorian calendar so many days (0 or more) after 1970-01-01.
    /// Years are counted from March, so that the leap day is the last of a year; 400 years are
    /// always 146,097 days.
    static func civil(days: Int) -> (year: Int, month: Int, day: Int) {
        let sinceEra = days + 719_468  // from 0000-03-01
        let era = sinceEra / 146_097
        let dayOfEra = sinceEra % 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, day)
    }

    private static func copy(
        _ text: StaticString, _ offset: Int, _ count: Int, to room: UnsafeMutableRawPointer
    ) {
        room.copyMemory(from: text.utf8Start + offset, byteCount: count)
    }

    private static func digits(_ number: Int, _ count: Int, to room: UnsafeMutableRawPointer) {
        var rest = number
        for index in stride(from: count - 1, through: 0, by: -1) {
            room.storeBytes(of: UInt8(0x30 + rest % 10), toByteOffset: index, as: UInt8.self)
            rest /= 10
        }
    }
}
