/// An HTTP answer, as far as a client of the simulation looks at it.
struct Answer {
    let status: Int
    private let bytes: [UInt8]
    private let headCount: Int
    private let bodyCount: Int

    /// The first answer in `bytes`; nil while it isn't whole. Bytes behind it are ignored: the
    /// client asks one question at a time.
    init?(_ bytes: [UInt8]) {
        guard let headCount = Self.headCount(bytes) else { return nil }
        self.bytes = bytes
        self.headCount = headCount
        status = Self.number(bytes[9..<12])
        bodyCount =
            Self.field("content-length", in: bytes, headCount).map { Self.number(bytes[$0]) } ?? 0
        guard bytes.count >= headCount + bodyCount else { return nil }
    }

    var body: ArraySlice<UInt8> { bytes[headCount..<(headCount + bodyCount)] }

    /// The beginning of the body.
    var text: String { String(decoding: body.prefix(200), as: UTF8.self) }

    /// The value of a field, by its name in lower case.
    func field(_ name: StaticString) -> String? {
        Self.field(name, in: bytes, headCount).map { String(decoding: bytes[$0], as: UTF8.self) }
    }

    private static func headCount(_ bytes: [UInt8]) -> Int? {
        guard bytes.count >= 16 else { return nil }
        for index in 3..<bytes.count
        where bytes[index] == 10 && bytes[index - 2] == 10 && bytes[index - 1] == 13 {
            return index + 1
        }
        return nil
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int {
        digits.reduce(0) { $0 * 10 + Int($1) - 48 }
    }

    /// Where the value of a field is.
    private static func field(
        _ name: StaticString, in bytes: [UInt8], _ headCount: Int
    ) -> Range<Int>? {
        var start = 0
        while start < headCount {
            let end = bytes[start..<headCount].firstIndex(of: 13) ?? headCount
            if let value = value(of: name, inLine: bytes[start..<end]) { return value }
            start = end + 2
        }
        return nil
    }

    private static func value(of name: StaticString, inLine line: ArraySlice<UInt8>) -> Range<Int>?
    {
        let count = name.utf8CodeUnitCount
        guard line.count > count, line[line.startIndex + count] == UInt8(ascii: ":") else {
            return nil
        }
        for index in 0..<count where line[line.startIndex + index] | 0x20 != name.utf8Start[index] {
            return nil
        }
        let rest = line.dropFirst(count + 1).drop { $0 == UInt8(ascii: " ") }
        return rest.startIndex..<rest.endIndex
    }
}
