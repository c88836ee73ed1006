import Simulation
import UVHTTP

@testable import CacheNode

/// Lends bytes to messages for as long as it lives.
final class Lender {
    private var lent: [UnsafeMutableRawBufferPointer] = []

    deinit { for buffer in lent { buffer.deallocate() } }

    func callAsFunction(_ bytes: [UInt8]) -> UnsafeRawBufferPointer {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        buffer.copyBytes(from: bytes)
        lent.append(buffer)
        return UnsafeRawBufferPointer(buffer)
    }

    func callAsFunction(_ text: String) -> UnsafeRawBufferPointer { self(bytes(text)) }
}

/// A message as its frame: how tests keep and compare messages.
func frame(_ message: UpMessage) -> [UInt8] {
    var queue = ByteQueue()
    message.append(to: &queue)
    return Array(queue.readable)
}

func frame(_ message: DownMessage) -> [UInt8] {
    var queue = ByteQueue()
    message.append(to: &queue)
    return Array(queue.readable)
}

/// Messages of every kind: with each outcome, condition and flag, with and without content.
struct LinkSamples {
    let lend = Lender()
    private let one = Version(epoch: 1, sequence: 2)
    private let other = Version(epoch: .max, sequence: Version.sequenceMax)

    var hello: UpMessage { .hello(origin: .max, shown: one, name: lend("NODE-4")) }

    var ups: [UpMessage] {
        let key = lend("a/b c")
        var all: [UpMessage] = [hello, .evict(key: key), .renew(token: 0x0102_0304)]
        for asksRoot in [false, true] {
            let get = GetMessage(id: 7, asksRoot: asksRoot, floor: one, known: other, key: key)
            all.append(.get(get))
        }
        let conditions: [WriteCondition] = [
            .none, .matches(one), .exists, .isAbsent, .differs(other),
        ]
        for condition in conditions {
            for isDeletion in [false, true] {
                all.append(
                    .put(
                        PutMessage(
                            origin: 0x1122_3344_5566_7788, sequence: 9, isDeletion: isDeletion,
                            condition: condition, key: key,
                            mediaType: isDeletion ? .empty : lend("text/plain"),
                            value: isDeletion ? .empty : lend("some value"),
                            isAgain: condition == .exists)))
            }
        }
        return all
    }

    var welcome: DownMessage {
        var policy = CoherencePolicy()
        policy.mode = .sync
        return .welcome(
            WelcomeMessage(
                policy: policy, position: one, ageMilliseconds: 17, name: lend("NODE-1")))
    }

    var contents: [KeyContent] {
        [
            .value(lend("some value"), mediaType: lend("text/plain")),
            .value(.empty, mediaType: .empty), .absent,
        ]
    }

    var downs: [DownMessage] {
        let key = lend("a/b c")
        var all: [DownMessage] = [
            welcome, .accept(count: 3), .invalidate(key: key), .reset(epoch: .max),
            .fresh(token: 5, ageMilliseconds: 6, position: one),
            .flush(position: other),
        ]
        let outcomes: [ReplyMessage.Outcome] =
            contents.map { .content($0) } + [.notModified, .unavailable(lend("nobody is there"))]
        for (index, outcome) in outcomes.enumerated() {
            all.append(
                .reply(
                    ReplyMessage(
                        id: UInt32(index), outcome: outcome, isFollowed: index % 2 == 0,
                        version: one, ageMilliseconds: 8,
                        hops: index == 0 ? .empty : lend("NODE-1; hit, NODE-2; fwd=miss"))))
        }
        let fates: [CommitMessage.Outcome] =
            contents.map { .superseded($0) }
            + [.committed, .refused(status: 412, lend("another version"))]
        for outcome in fates {
            all.append(
                .commit(CommitMessage(origin: 1, sequence: 2, version: other, outcome: outcome)))
        }
        for content in contents {
            all.append(.push(PushMessage(version: one, key: key, content: content)))
        }
        return all
    }

    /// Every kind of message of a child as a conversation.
    var upStream: [[UInt8]] { ups.map { frame($0) } }
    /// Every kind of message of a parent as a conversation.
    var downStream: [[UInt8]] { downs.map { frame($0) } }
}

/// What a decoder finds in bytes that arrive as `pieces`: the messages' frames, and the fault that
/// ended it.
func decodedUp(_ pieces: [[UInt8]], bodyBytesMax: Int = 1000) -> ([[UInt8]], LinkFault?) {
    var decoder = LinkDecoder(openingType: LinkFrames.hello, bodyBytesMax: bodyBytesMax)
    return decoded(pieces) { (bytes) throws(LinkFault) in
        guard let next = try decoder.next(&bytes) else { return nil }
        return frame(try UpMessage.decode(next))
    }
}

func decodedDown(_ pieces: [[UInt8]], bodyBytesMax: Int = 1000) -> ([[UInt8]], LinkFault?) {
    var decoder = LinkDecoder(openingType: LinkFrames.welcome, bodyBytesMax: bodyBytesMax)
    return decoded(pieces) { (bytes) throws(LinkFault) in
        guard let next = try decoder.next(&bytes) else { return nil }
        return frame(try DownMessage.decode(next))
    }
}

/// Each piece lies in memory of its own length, so that a sanitizer sees who reads too far.
private func decoded(
    _ pieces: [[UInt8]],
    _ next: (inout UnsafeRawBufferPointer) throws(LinkFault) -> [UInt8]?
) -> ([[UInt8]], LinkFault?) {
    var frames: [[UInt8]] = []
    for piece in pieces {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: piece.count, alignment: 1)
        defer { memory.deallocate() }
        memory.copyBytes(from: piece)
        var rest = UnsafeRawBufferPointer(memory)
        do throws(LinkFault) {
            while let frame = try next(&rest) { frames.append(frame) }
        } catch {
            return (frames, error)
        }
    }
    return (frames, nil)
}

/// `bytes` in pieces of random length.
func split(_ bytes: [UInt8], _ random: inout SimRandom) -> [[UInt8]] {
    var pieces: [[UInt8]] = []
    var rest = bytes[...]
    while !rest.isEmpty {
        let count = random.oneIn(3) ? rest.count : Int(random.within(1...UInt64(rest.count)))
        pieces.append(Array(rest.prefix(count)))
        rest = rest.dropFirst(count)
    }
    return pieces
}
