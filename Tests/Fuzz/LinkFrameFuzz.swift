import UVHTTP

@testable import CacheNode

/// libFuzzer's entry. The first byte says whose bytes these are and where they are split; then come
/// the bytes, as a peer would send them, its opening frame included. Whatever they are: reading
/// them in two pieces finds the same as reading them in one, and each message that is found has the
/// frame that it was found in.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzLinkFrames(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = UnsafeRawBufferPointer(start: start, count: count)
    guard let first = input.first else { return 0 }
    let stream = input.dropping(1)
    let position = min(stream.count, Int(first >> 1))
    let pieces = [
        UnsafeRawBufferPointer(rebasing: stream[..<position]), stream.dropping(position),
    ]
    let isUp = first & 1 == 0
    let (whole, fault) = isUp ? decodedUp([stream]) : decodedDown([stream])
    let (other, otherFault) = isUp ? decodedUp(pieces) : decodedDown(pieces)
    precondition(whole == other && fault == otherFault, "the split changes the meaning")
    precondition(stream.starts(with: whole), "the encoder and the decoder disagree")
    return 0
}

private let bodyBytesMax = 1000

/// The frames of the messages that are found, one after the other, and what ended it.
private func decodedUp(_ pieces: [UnsafeRawBufferPointer]) -> ([UInt8], LinkFault?) {
    var decoder = LinkDecoder<UpMessage>(bodyBytesMax: bodyBytesMax)
    var frames = ByteQueue()
    do throws(LinkFault) {
        for var rest in pieces {
            while let message = try decoder.next(&rest) { message.append(to: &frames) }
        }
        return (Array(frames.readable), nil)
    } catch {
        return (Array(frames.readable), error)
    }
}

private func decodedDown(_ pieces: [UnsafeRawBufferPointer]) -> ([UInt8], LinkFault?) {
    var decoder = LinkDecoder<DownMessage>(bodyBytesMax: bodyBytesMax)
    var frames = ByteQueue()
    do throws(LinkFault) {
        for var rest in pieces {
            while let message = try decoder.next(&rest) { message.append(to: &frames) }
        }
        return (Array(frames.readable), nil)
    } catch {
        return (Array(frames.readable), error)
    }
}
