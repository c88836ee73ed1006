// modules: UVHTTP

@testable import UVHTTP

/// The first byte says how the body's end is told, the next two where it is cut and which limits
/// hold; the rest is the body. Whatever it is: the pieces give what the whole gives, limits hold,
/// and content that is put in chunks of any size comes out as it was.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzChunkedBody(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var input = FuzzInput(start, count)
    let choice = input.byte()
    let place = Int(input.byte()) << 8 | Int(input.byte())
    let bytes = input.rest
    let cut = bytes.isEmpty ? 0 : place % (bytes.count + 1)
    let framings: [HTTPBodyFraming] = [
        .chunked, .chunked, .chunked, .length(place % 300), .untilClose, .none,
    ]
    let framing = framings[Int(choice & 7) % framings.count]
    let bodyBytesMax = choice & 8 == 0 ? 4096 : 40
    let decoder = HTTPBodyDecoder(
        framing, bodyBytesMax: bodyBytesMax, chunkOverheadBytesMax: choice & 16 == 0 ? 4096 : 24)
    let whole = decoded([bytes], decoder, bodyBytesMax)
    let pieces = [prefix(bytes, cut), bytes.dropping(cut)]
    let cutUp = decoded(pieces, decoder, bodyBytesMax)
    precondition(whole.outcome == cutUp.outcome, "the cut changes the outcome")
    // Of a body that is refused nothing is used, so it doesn't matter when that was seen.
    if case .refused = whole.outcome {
    } else {
        precondition(whole == cutUp, "the cut changes the body")
    }
    checkRoundTrip(bytes, chunkBytes: place % 50 + 1)
    return 0
}

private struct Decoded: Equatable {
    var body: [UInt8]
    var consumed: Int
    var outcome: HTTPBodyDecoder.Outcome
    var mayEnd: Bool
}

private func decoded(
    _ pieces: [UnsafeRawBufferPointer], _ decoder: HTTPBodyDecoder, _ bodyBytesMax: Int
) -> Decoded {
    var decoder = decoder
    var body = ByteQueue()
    var consumed = 0
    var outcome = HTTPBodyDecoder.Outcome.needMore
    for piece in pieces where outcome == .needMore {
        let step = withSentinel(piece, slackBytes: 0) { base in
            decoder.decode(UnsafeRawBufferPointer(start: base, count: piece.count), into: &body)
        }
        precondition(step.consumed <= piece.count, "more consumed than there was")
        if step.outcome == .needMore { precondition(step.consumed == piece.count) }
        consumed += step.consumed
        outcome = step.outcome
    }
    precondition(body.count <= bodyBytesMax, "a body past its limit")
    return Decoded(
        body: Array(body.readable), consumed: consumed, outcome: outcome,
        mayEnd: decoder.mayEndWithConnection)
}

/// What is written as chunks is read as it was, and nothing behind it is taken.
private func checkRoundTrip(_ content: UnsafeRawBufferPointer, chunkBytes: Int) {
    var wire = ByteQueue()
    var rest = content
    while !rest.isEmpty {
        let count = min(chunkBytes, rest.count)
        HeadWriter.chunkSize(count, into: &wire)
        wire.append(prefix(rest, count))
        wire.append("\r\n")
        rest = rest.dropping(count)
    }
    wire.append("0\r\n\r\n")
    let byteCount = wire.count
    wire.append("GET")
    let decoder = HTTPBodyDecoder(
        .chunked, bodyBytesMax: content.count, chunkOverheadBytesMax: byteCount)
    let decoded = decoded([wire.readable], decoder, content.count)
    precondition(decoded.outcome == .complete && decoded.consumed == byteCount)
    precondition(decoded.body.elementsEqual(content), "chunks changed what is in them")
}
