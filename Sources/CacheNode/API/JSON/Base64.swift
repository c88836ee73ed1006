import UVHTTP

/// Base64 with padding (RFC 4648 §4).
enum Base64 {
    private static let alphabet: StaticString =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

    /// Characters that `byteCount` bytes become.
    static func encodedCount(_ byteCount: Int) -> Int { (byteCount &+ 2) / 3 &* 4 }

    static func append(_ bytes: UnsafeRawBufferPointer, to output: inout ByteQueue) {
        let count = encodedCount(bytes.count)
        let room = output.reserve(count)
        var offset = 0
        var target = 0
        while offset &+ 3 <= bytes.count {
            store(bytes[offset], bytes[offset &+ 1], bytes[offset &+ 2], in: room, at: target)
            offset &+= 3
            target &+= 4
        }
        let rest = bytes.count &- offset
        if rest > 0 {
            store(bytes[offset], rest == 2 ? bytes[offset &+ 1] : 0, 0, in: room, at: target)
            for padding in rest &+ 1..<4 {
                room.storeBytes(of: ASCII.equals, toByteOffset: target &+ padding, as: UInt8.self)
            }
        }
        output.commit(count)
    }

    /// The bytes that `text` stands for; nil unless it is what encoding them gives: whole groups,
    /// padded, no other characters, no bits set that stand for nothing (RFC 4648 §3.3, §3.5).
    static func decoded(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
        guard text.count & 3 == 0 else { return nil }
        guard !text.isEmpty else { return [] }
        let padding =
            text[text.count &- 1] != ASCII.equals
            ? 0 : text[text.count &- 2] != ASCII.equals ? 1 : 2
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 &* 3)
        var bits = UInt32(0)
        for offset in 0..<text.count &- padding {
            guard let value = value(text[offset]) else { return nil }
            bits = bits &<< 6 | UInt32(value)
            if offset & 3 > 0 {
                bytes.append(UInt8(truncatingIfNeeded: bits &>> (6 &- UInt32(offset & 3) &* 2)))
            }
        }
        let unusedBits = UInt32(1) &<< (UInt32(padding) &* 2) &- 1
        return bits & unusedBits == 0 ? bytes : nil
    }

    @inline(__always)
    private static func store(
        _ first: UInt8, _ second: UInt8, _ third: UInt8, in room: UnsafeMutableRawPointer,
        at offset: Int
    ) {
        let bits = UInt32(first) &<< 16 | UInt32(second) &<< 8 | UInt32(third)
        for index in 0..<4 {
            let value = Int(bits &>> (18 &- 6 &* UInt32(index)) & 63)
            room.storeBytes(
                of: alphabet.utf8Start[value], toByteOffset: offset &+ index, as: UInt8.self)
        }
    }

    private static func value(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): character &- 0x41
        case UInt8(ascii: "a")...UInt8(ascii: "z"): character &- 0x61 &+ 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character &- 0x30 &+ 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
