// modules: UVHTTP ZooKeeper CacheNode

import UVHTTP

@testable import CacheNode

/// libFuzzer's entry. The first byte says whose bytes these are, whether they begin with a sound
/// HELLO or WELCOME, and where they are split; then come the bytes as a peer would send them.
/// Whatever they are: reading them in two pieces finds the same as reading them in one, and each
/// message that is found has the frame that it was found in.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzLinkFrames(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = UnsafeRawBufferPointer(start: start, count: count)
    guard let first = input.first else { return 0 }
    let isUp = first & 1 == 0
    var bytes = ByteQueue()
    if first & 2 != 0 { appendOpening(isUp: isUp, to: &bytes) }
    bytes.append(input.dropping(1))
    check(bytes.readable, isUp: isUp, position: min(bytes.count, Int(first >> 2) * 2))
    return 0
}

private func check(_ stream: UnsafeRawBufferPointer, isUp: Bool, position: Int) {
    let pieces = [
        UnsafeRawBufferPointer(rebasing: stream[..<position]), stream.dropping(position),
    ]
    let (whole, fault) = isUp ? decodedUp([stream]) : decodedDown([stream])
    let (other, otherFault) = isUp ? decodedUp(pieces) : decodedDown(pieces)
    precondition(whole == other && fault == otherFault, "the split changes the meaning")
    precondition(stream.starts(with: whole), "the encoder and the decoder disagree")
}

private func appendOpening(isUp: Bool, to bytes: inout ByteQueue) {
    let name: StaticString = "NODE-4"
    if isUp {
        UpMessage.hello(origin: 1, shown: .none, name: name.bytes).append(to: &bytes)
    } else {
        DownMessage.welcome(
            WelcomeMessage(
                policy: CoherencePolicy(), position: .none, ageMilliseconds: 0, name: name.bytes)
        ).append(to: &bytes)
    }
}

private let bodyBytesMax = 1000

/// The frames of the messages that are found, one after the other, and what ended it.
private func decodedUp(_ pieces: [UnsafeRawBufferPointer]) -> ([UInt8], LinkFault?) {
    var decoder = LinkDecoder(openingType: LinkFrames.hello, bodyBytesMax: bodyBytesMax)
    var frames = ByteQueue()
    do throws(LinkFault) {
        for var rest in pieces {
            while let frame = try decoder.next(&rest) {
                try UpMessage.decode(frame).append(to: &frames)
            }
        }
        return (Array(frames.readable), nil)
    } catch {
        return (Array(frames.readable), error)
    }
}

private func decodedDown(_ pieces: [UnsafeRawBufferPointer]) -> ([UInt8], LinkFault?) {
    var decoder = LinkDecoder(openingType: LinkFrames.welcome, bodyBytesMax: bodyBytesMax)
    var frames = ByteQueue()
    do throws(LinkFault) {
        for var rest in pieces {
            while let frame = try decoder.next(&rest) {
                try DownMessage.decode(frame).append(to: &frames)
            }
        }
        return (Array(frames.readable), nil)
    } catch {
        return (Array(frames.readable), error)
    }
}
