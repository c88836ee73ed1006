/// Takes the framing off a message body as its bytes arrive (RFC 9112 §6 and §7.1). It looks at
/// each byte of framing once and copies content in pieces, so it is linear in the input.
public struct HTTPBodyDecoder: Sendable {
    public enum Outcome: Equatable, Sendable {
        /// All input was consumed and the body goes on.
        case needMore
        /// The body has ended; what was not consumed belongs to the next message.
        case complete
        /// Not a valid body, or past a limit: where the next message begins can't be known.
        case refused(HTTPRefusal)
    }

    private enum State {
        /// Content; the number of bytes until its end.
        case fixed(Int)
        case untilClose
        /// Chunked: before the size's first digit, then behind so many digits of it.
        case size(value: Int, digits: Int)
        /// White space behind the size, which only a semicolon may follow.
        case sizeSpace
        case chunkExtension(HTTPChunkExtension)
        /// The LF of the size's line, for a chunk of this size.
        case sizeLineFeed
        case data(Int)
        case dataReturn
        case dataLineFeed
        case trailerStart
        case trailerName
        case trailerValue
        case trailerLineFeed
        case lastLineFeed
        case ended(Outcome)
    }

    private var state: State
    private var chunkBytes = 0
    private var overheadBytesLeft: Int
    private var bodyBytesLeft: Int

    /// `bodyBytesMax` bounds the decoded body, past it 413; `chunkOverheadBytesMax` everything of a
    /// chunked body that is not content, past it 400. A length past the limit is refused by the
    /// first call of `decode`, whatever its input.
    public init(_ framing: HTTPBodyFraming, bodyBytesMax: Int, chunkOverheadBytesMax: Int) {
        bodyBytesLeft = bodyBytesMax
        overheadBytesLeft = chunkOverheadBytesMax
        switch framing {
        case .none: state = .ended(.complete)
        case .length(let byteCount) where byteCount > bodyBytesMax:
            state = .ended(.refused(Self.bodyTooLarge))
        case .length(let byteCount): state = byteCount > 0 ? .fixed(byteCount) : .ended(.complete)
        case .chunked: state = .size(value: 0, digits: 0)
        case .untilClose: state = .untilClose
        }
    }

    /// Whether the end of the connection is a proper end of this body: it is complete, or nothing
    /// but the connection's end was to end it.
    public var mayEndWithConnection: Bool {
        switch state {
        case .untilClose, .ended(.complete): true
        default: false
        }
    }

    /// Decodes as much of `input` as belongs to the body, appending its content to `body`. Give the
    /// bytes behind `consumed` again, if they are not the next message's. Once complete or refused
    /// it consumes nothing and repeats its outcome.
    public mutating func decode(
        _ input: UnsafeRawBufferPointer, into body: inout ByteQueue
    ) -> (consumed: Int, outcome: Outcome) {
        var offset = 0
        while true {
            switch state {
            case .ended(let outcome): return (offset, outcome)
            case .fixed(let left): takeFixed(left, input, &offset, &body)
            case .untilClose: takeUntilClose(input, &offset, &body)
            case .data(let left): takeData(left, input, &offset, &body)
            default: takeOverhead(input, &offset)
            }
            if case .ended(let outcome) = state { return (offset, outcome) }
            if offset == input.count { return (offset, .needMore) }
        }
    }

    // MARK: Content

    private mutating func takeFixed(
        _ left: Int, _ input: UnsafeRawBufferPointer, _ offset: inout Int, _ body: inout ByteQueue
    ) {
        let taken = take(left, input, &offset, &body)
        state = taken < left ? .fixed(left - taken) : .ended(.complete)
    }

    private mutating func takeUntilClose(
        _ input: UnsafeRawBufferPointer, _ offset: inout Int, _ body: inout ByteQueue
    ) {
        if input.count - offset > bodyBytesLeft {
            state = .ended(.refused(Self.bodyTooLarge))
        } else {
            bodyBytesLeft -= take(bodyBytesLeft, input, &offset, &body)
        }
    }

    private mutating func takeData(
        _ left: Int, _ input: UnsafeRawBufferPointer, _ offset: inout Int, _ body: inout ByteQueue
    ) {
        let taken = take(left, input, &offset, &body)
        state = taken < left ? .data(left - taken) : .dataReturn
    }

    /// Copies at most `byteCount` bytes; gives how many.
    private func take(
        _ byteCount: Int, _ input: UnsafeRawBufferPointer, _ offset: inout Int,
        _ body: inout ByteQueue
    ) -> Int {
        let taken = min(byteCount, input.count - offset)
        body.append(UnsafeRawBufferPointer(rebasing: input[offset..<(offset + taken)]))
        offset += taken
        return taken
    }

    // MARK: Chunked framing

    private mutating func takeOverhead(_ input: UnsafeRawBufferPointer, _ offset: inout Int) {
        while offset < input.count {
            if overheadBytesLeft == 0 {
                state = .ended(.refused(Self.overheadTooLarge))
                return
            }
            overheadBytesLeft -= 1
            state = next(input[offset])
            offset += 1
            switch state {
            case .data, .ended: return
            default: break
            }
        }
    }

    /// The state behind `byte` of the framing.
    private mutating func next(_ byte: UInt8) -> State {
        switch state {
        case .size(let value, let digits): return nextInSize(byte, value: value, digits: digits)
        case .sizeSpace:
            if byte == ASCII.space || byte == ASCII.tab { return .sizeSpace }
            return byte == ASCII.semicolon
                ? .chunkExtension(.start) : .ended(.refused(Self.badSize))
        case .chunkExtension(let part):
            if byte == ASCII.carriageReturn, part.mayEnd { return .sizeLineFeed }
            return part.next(byte).map(State.chunkExtension) ?? .ended(.refused(Self.badExtension))
        case .sizeLineFeed:
            return expect(ASCII.lineFeed, byte, chunkBytes > 0 ? .data(chunkBytes) : .trailerStart)
        case .dataReturn: return expect(ASCII.carriageReturn, byte, .dataLineFeed)
        case .dataLineFeed: return expect(ASCII.lineFeed, byte, .size(value: 0, digits: 0))
        case .trailerStart, .trailerName, .trailerValue: return nextInTrailer(byte)
        case .trailerLineFeed: return expect(ASCII.lineFeed, byte, .trailerStart)
        case .lastLineFeed: return expect(ASCII.lineFeed, byte, .ended(.complete))
        case .fixed, .untilClose, .data, .ended: return state
        }
    }

    /// A size of 1 to 15 digits; the limit on the body is checked digit by digit, as a size only
    /// grows.
    private mutating func nextInSize(_ byte: UInt8, value: Int, digits: Int) -> State {
        if let digit = ASCII.hexadecimalValue(byte) {
            let grown = value << 4 | Int(digit)
            if digits == 15 { return .ended(.refused(Self.badSize)) }
            if grown > bodyBytesLeft { return .ended(.refused(Self.bodyTooLarge)) }
            return .size(value: grown, digits: digits + 1)
        }
        if digits == 0 { return .ended(.refused(Self.badSize)) }
        chunkBytes = value
        bodyBytesLeft -= value
        switch byte {
        case ASCII.carriageReturn: return .sizeLineFeed
        case ASCII.semicolon: return .chunkExtension(.start)
        case ASCII.space, ASCII.tab: return .sizeSpace
        default: return .ended(.refused(Self.badSize))
        }
    }

    /// Trailers are held to the rules of field lines and then dropped (RFC 9110 §6.5.1).
    private func nextInTrailer(_ byte: UInt8) -> State {
        switch state {
        case .trailerStart where byte == ASCII.carriageReturn: return .lastLineFeed
        case .trailerStart, .trailerName:
            if HTTPByteClass.isToken(byte) { return .trailerName }
            if byte == ASCII.colon, case .trailerName = state { return .trailerValue }
        default:
            if byte == ASCII.carriageReturn { return .trailerLineFeed }
            if HTTPByteClass.isFieldValue(byte) { return .trailerValue }
        }
        return .ended(.refused(Self.badTrailer))
    }

    private func expect(_ expected: UInt8, _ byte: UInt8, _ next: State) -> State {
        byte == expected ? next : .ended(.refused(Self.badLineEnd))
    }

    // MARK: Refusals

    private static var bodyTooLarge: HTTPRefusal { HTTPRefusal(413, "The body is too large.") }
    private static var overheadTooLarge: HTTPRefusal {
        HTTPRefusal(400, "The body has too much chunk framing for its content.")
    }
    private static var badSize: HTTPRefusal {
        HTTPRefusal(400, "A chunk size must be 1 to 15 hexadecimal digits.")
    }
    private static var badExtension: HTTPRefusal {
        HTTPRefusal(400, "A chunk extension must be a name, or a name and a value.")
    }
    private static var badTrailer: HTTPRefusal {
        HTTPRefusal(400, "A trailer is not a valid field line.")
    }
    private static var badLineEnd: HTTPRefusal {
        HTTPRefusal(400, "Chunk framing must end in CR LF.")
    }
}
