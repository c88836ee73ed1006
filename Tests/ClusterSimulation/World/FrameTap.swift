import Simulation

/// Puts the frames of all links into the story, as docs/link.md describes them.
final class FrameTap {
    private struct Direction {
        var bytes: [UInt8] = []
        /// The head in HTTP is over, and frames follow.
        var isOpen = false
        /// It is an HTTP connection like any other.
        var isOther = false
    }

    private static let upgrade = Array("GET /link ".utf8)
    private static let switching = Array("HTTP/1.1 101 ".utf8)

    private let story: Story
    private var directions: [Int: Direction] = [:]

    init(_ story: Story) { self.story = story }

    func onBytes(_ arrival: SimBytes) {
        var direction = directions[arrival.channel] ?? Direction()
        if direction.isOther { return }
        direction.bytes += arrival.bytes
        if !direction.isOpen { open(&direction) }
        while direction.isOpen, let frame = Self.takeFrame(&direction.bytes) {
            story.line("    \(arrival.sender) -> \(arrival.receiver): \(Frame(frame).text)")
        }
        directions[arrival.channel] = direction
    }

    private func open(_ direction: inout Direction) {
        let bytes = direction.bytes
        guard
            [Self.upgrade, Self.switching].contains(where: { start in
                bytes.prefix(start.count).elementsEqual(start.prefix(bytes.count))
            })
        else {
            direction.isOther = true
            direction.bytes = []
            return
        }
        guard bytes.count >= 4 else { return }
        for end in 4...bytes.count where bytes[(end - 4)..<end].elementsEqual([13, 10, 13, 10]) {
            direction.isOpen = true
            direction.bytes.removeFirst(end)
            return
        }
    }

    private static func takeFrame(_ bytes: inout [UInt8]) -> [UInt8]? {
        guard bytes.count >= 4 else { return nil }
        let count = bytes[0..<4].reduce(0) { $0 << 8 | Int($1) }
        guard bytes.count >= 4 + count else { return nil }
        let frame = Array(bytes[4..<(4 + count)])
        bytes.removeFirst(4 + count)
        return frame
    }
}

/// A frame, read from its front.
private struct Frame {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    var text: String {
        var copy = self
        return copy.describe()
    }

    private mutating func describe() -> String {
        switch integer(1) {
        case 0x01: "HELLO origin \(hex(8)) shown \(version()) name \(string16())"
        case 0x02:
            "GET #\(integer(4))\(integer(1) == 1 ? " from the root" : "") floor \(version())"
                + " known \(version()) \(remaining())"
        case 0x03: describePut()
        case 0x04: "EVICT \(remaining())"
        case 0x05: "RENEW #\(integer(4))"
        case 0x81: describeWelcome()
        case 0x82: describeReply()
        case 0x83: "ACCEPT \(integer(8))"
        case 0x84:
            "COMMIT \(hex(8))/\(integer(8)) \(Self.commitOutcomes[integer(1) & 3]) as \(version())"
                + " status \(integer(2)) \(string16()) \(remaining())"
        case 0x85:
            "PUSH \(version()) \(integer(1) == 1 ? "deletion " : "")\(string16()) \(string16())"
                + " \(remaining())"
        case 0x86: "INVALIDATE \(remaining())"
        case 0x87: "RESET epoch \(integer(4))"
        case 0x88: "FRESH #\(integer(4)) age \(integer(4)) ms, position \(version())"
        case 0x89: "FLUSH position \(version())"
        case let type: "a frame of type \(type)"
        }
    }

    private static let modes = ["none", "ttl", "sync", "push"]
    private static let replyOutcomes = ["value", "absent", "not modified", "unavailable"]
    private static let commitOutcomes = [
        "committed", "superseded by a value", "superseded by absence", "refused",
    ]
    private static let conditions = ["", "if-match", "if-exists", "if-absent", "if-differs"]

    private mutating func describePut() -> String {
        let name = "\(hex(8))/\(integer(8))"
        let kind = integer(1) == 1 ? " deletion" : ""
        let condition = integer(1)
        let version = self.version()
        let type = string16()
        let text = condition == 0 ? "" : " \(Self.conditions[min(condition, 4)]) \(version)"
        return "PUT \(name)\(kind)\(text) \(string16()) \(type) \(remaining())"
    }

    private mutating func describeWelcome() -> String {
        let mode = Self.modes[integer(1) & 3]
        let times = (0..<4).map { _ in "\(integer(4))" }.joined(separator: "/")
        return "WELCOME mode \(mode) \(times) ms, position \(version()), age \(integer(4)) ms,"
            + " name \(string16())"
    }

    private mutating func describeReply() -> String {
        let id = integer(4)
        let outcome = Self.replyOutcomes[integer(1) & 3]
        let isFollowed = integer(1) & 1 == 1
        return "REPLY #\(id) \(outcome)\(isFollowed ? "" : " not followed") as \(version()) age"
            + " \(integer(4)) ms [\(string16())] \(string16()) \(remaining())"
    }

    // MARK: Fields

    private mutating func integer(_ byteCount: Int) -> Int {
        let bytes = rest.prefix(byteCount)
        rest = rest.dropFirst(byteCount)
        return bytes.reduce(0) { $0 << 8 | Int($1) }
    }

    /// The last digits of a number that is only a name.
    private mutating func hex(_ byteCount: Int) -> String {
        let bytes = rest.prefix(byteCount)
        rest = rest.dropFirst(byteCount)
        return String(bytes.suffix(2).reduce(0) { $0 << 8 | Int($1) }, radix: 16)
    }

    private mutating func version() -> String { "\(integer(4)).\(integer(8))" }

    private mutating func string16() -> String { text(of: take(integer(2))) }

    private mutating func remaining() -> String { text(of: take(rest.count)) }

    private mutating func take(_ byteCount: Int) -> ArraySlice<UInt8> {
        defer { rest = rest.dropFirst(byteCount) }
        return rest.prefix(byteCount)
    }

    private func text(of bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes.prefix(40), as: UTF8.self)
    }
}
