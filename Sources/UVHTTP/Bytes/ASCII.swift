/// Bytes that have a name in HTTP's grammar (RFC 5234 appendix B.1), and the few conversions that
/// the wire needs.
public enum ASCII {
    public static let tab = UInt8(0x09)
    public static let lineFeed = UInt8(0x0A)
    public static let carriageReturn = UInt8(0x0D)
    public static let space = UInt8(0x20)
    public static let quote = UInt8(0x22)
    public static let percent = UInt8(0x25)
    public static let comma = UInt8(0x2C)
    public static let slash = UInt8(0x2F)
    public static let colon = UInt8(0x3A)
    public static let semicolon = UInt8(0x3B)
    public static let equals = UInt8(0x3D)
    public static let question = UInt8(0x3F)
    public static let backslash = UInt8(0x5C)

    /// The lower-case form of an ASCII letter; every other byte unchanged.
    @inlinable @inline(__always)
    public static func lowercase(_ byte: UInt8) -> UInt8 {
        byte &- 0x41 < 26 ? byte | 0x20 : byte
    }

    /// The value of a hexadecimal digit, or nil.
    @inlinable @inline(__always)
    public static func hexadecimalValue(_ byte: UInt8) -> UInt8? {
        let decimal = byte &- 0x30
        if decimal < 10 { return decimal }
        let letter = (byte | 0x20) &- 0x61
        return letter < 6 ? letter &+ 10 : nil
    }

    /// A string of one or more digits as a number; nil for anything else: a sign, a space, an empty
    /// string, or more than 18 digits (which could overflow).
    public static func decimal(_ bytes: UnsafeRawBufferPointer) -> Int? {
        guard !bytes.isEmpty, bytes.count <= 18 else { return nil }
        var value = 0
        for byte in bytes {
            let digit = byte &- 0x30
            guard digit < 10 else { return nil }
            value = value &* 10 &+ Int(digit)
        }
        return value
    }

    /// Writes `number` (0 or more) in decimal digits to `room`, which has place for 19; returns how
    /// many they are. What is behind them in the room is undefined.
    @inlinable @inline(__always)
    public static func writeDecimal(_ number: Int, to room: UnsafeMutableRawPointer) -> Int {
        let number = UInt64(truncatingIfNeeded: number)
        if number < 10_000 {
            let word = fourDigits(UInt32(truncatingIfNeeded: number))
            let zeros = min(word.trailingZeroBitCount &>> 3, 3)
            let digits = (word | 0x3030_3030) &>> UInt32(truncatingIfNeeded: zeros &<< 3)
            room.storeBytes(of: digits, as: UInt32.self)
            return 4 &- zeros
        }
        guard number >= 100_000_000 else {
            let word = eightDigits(number)
            // The first digit stays, be it zero.
            let zeros = min(word.trailingZeroBitCount &>> 3, 7)
            room.storeBytes(of: (word | zeroDigits) &>> (zeros &<< 3), as: UInt64.self)
            return 8 &- zeros
        }
        return writeLongDecimal(number, to: room)
    }

    /// The same for a number of nine digits or more, eight at a time.
    @usableFromInline
    static func writeLongDecimal(_ number: UInt64, to room: UnsafeMutableRawPointer) -> Int {
        let last = number % 100_000_000
        let count = writeDecimal(Int(truncatingIfNeeded: number / 100_000_000), to: room)
        // The words overlap when there are more than 16 digits: the room ends behind the 19th.
        room.storeBytes(
            of: eightDigits(last) | zeroDigits, toByteOffset: count, as: UInt64.self)
        return count &+ 8
    }

    /// Writes a number below 100,000,000 as eight digits, with zeros in front.
    @inlinable @inline(__always)
    public static func writeEightDigits(_ number: UInt64, to room: UnsafeMutableRawPointer) {
        room.storeBytes(of: eightDigits(number) | zeroDigits, as: UInt64.self)
    }

    @usableFromInline static var zeroDigits: UInt64 { 0x3030_3030_3030_3030 }

    /// The same as `eightDigits` for the four digits of a number below 10,000.
    @inlinable @inline(__always)
    static func fourDigits(_ number: UInt32) -> UInt32 {
        let hundreds = (number &* 5_243) &>> 19
        let pairs = hundreds | (number &- hundreds &* 100) &<< 16
        let tens = ((pairs &* 103) &>> 10) & 0x000F_000F
        return tens | (pairs &- tens &* 10) &<< 8
    }

    /// The values of the eight digits of a number below 100,000,000, the first in the lowest byte:
    /// halves, then quarters, then single digits, all of a step by one multiplication (Daniel
    /// Lemire, "Converting integers to fixed-digit representations quickly", 2021).
    @inlinable @inline(__always)
    static func eightDigits(_ number: UInt64) -> UInt64 {
        let fours = number / 10_000 | (number % 10_000) &<< 32
        let hundreds = ((fours &* 10_486) &>> 20) & 0x0000_007F_0000_007F
        let pairs = hundreds | (fours &- hundreds &* 100) &<< 16
        let tens = ((pairs &* 103) &>> 10) & 0x000F_000F_000F_000F
        return tens | (pairs &- tens &* 10) &<< 8
    }
}

extension UnsafeRawBufferPointer {
    /// True when these bytes are exactly `text`.
    @inlinable
    public func equals(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        let other = UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        return elementsEqual(other)
    }

    /// True when these bytes are `lowercaseText` in any ASCII case; `lowercaseText` must be in
    /// lower case.
    @inlinable
    public func equalsIgnoringCase(_ lowercaseText: StaticString) -> Bool {
        guard count == lowercaseText.utf8CodeUnitCount else { return false }
        let other = UnsafeRawBufferPointer(
            start: lowercaseText.utf8Start, count: lowercaseText.utf8CodeUnitCount)
        for index in 0..<count where ASCII.lowercase(self[index]) != other[index] { return false }
        return true
    }

    /// True when these bytes begin with `text`.
    @inlinable
    public func starts(with text: StaticString) -> Bool {
        count >= text.utf8CodeUnitCount
            && UnsafeRawBufferPointer(rebasing: self[0..<text.utf8CodeUnitCount]).equals(text)
    }

    /// These bytes from `offset` (0…count) to the end.
    @inlinable @inline(__always)
    public func dropping(_ offset: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: self[offset...])
    }

    /// Where the bytes end.
    @inlinable @inline(__always)
    var endAddress: UnsafeRawPointer? { baseAddress.map { $0 + count } }

    /// No bytes.
    @inlinable @inline(__always)
    public static var empty: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: nil, count: 0) }

    /// The bytes as text; ill-formed UTF-8 becomes U+FFFD. For messages, never for keys.
    public var text: String { String(decoding: self, as: UTF8.self) }
}
