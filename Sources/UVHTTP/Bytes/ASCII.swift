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
    /// many they are.
    @inlinable @inline(__always)
    public static func writeDecimal(_ number: Int, to room: UnsafeMutableRawPointer) -> Int {
        var rest = UInt64(truncatingIfNeeded: number)
        var digits = 1
        var bound: UInt64 = 10
        while rest >= bound, digits < 19 {
            digits &+= 1
            bound &*= 10
        }
        var index = digits
        while index >= 2 {
            index &-= 2
            let pair = UnsafeRawPointer(
                digitPairs.utf8Start + Int(truncatingIfNeeded: rest % 100) &* 2)
            room.storeBytes(
                of: pair.loadUnaligned(as: UInt16.self), toByteOffset: index, as: UInt16.self)
            rest /= 100
        }
        if index > 0 {
            room.storeBytes(of: UInt8(truncatingIfNeeded: 0x30 &+ rest % 10), as: UInt8.self)
        }
        return digits
    }

    /// All pairs of digits, `00` to `99`: one division by 100 for two digits.
    @inlinable @inline(__always)
    static var digitPairs: StaticString {
        """
        00010203040506070809101112131415161718192021222324252627282930313233343536373839\
        40414243444546474849505152535455565758596061626364656667686970717273747576777879\
        8081828384858687888990919293949596979899
        """
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

    /// No bytes.
    @inlinable @inline(__always)
    public static var empty: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: nil, count: 0) }

    /// The bytes as text; ill-formed UTF-8 becomes U+FFFD. For messages, never for keys.
    public var text: String { String(decoding: self, as: UTF8.self) }
}
