// modules: UVHTTP

@testable import UVHTTP

/// The first two bytes say where the message is cut, the third which limits hold; the rest is the
/// message. Whatever it is: nothing is read behind it, what its beginning says its whole says too,
/// what is accepted keeps the grammar, and a server's connection finds the same requests in pieces
/// as in one.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRequestHead(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var input = FuzzInput(start, count)
    let place = Int(input.byte()) << 8 | Int(input.byte())
    let limits = limits(input.byte())
    let message = input.rest
    let cut = message.isEmpty ? 0 : place % (message.count + 1)
    let whole = parse(message, HTTPHeadLimits(limits))
    recognize(message, limits)
    recognizePut(message, cut, limits)
    let beginning = parse(prefix(message, cut), HTTPHeadLimits(limits))
    if beginning.outcome != .incomplete {
        precondition(beginning == whole, "further bytes change what was decided")
    }
    precondition(
        requests(in: [message], limits)
            == requests(in: [prefix(message, cut), message.dropping(cut)], limits),
        "the cut changes the requests")
    return 0
}

private func limits(_ choice: UInt8) -> HTTPLimits {
    var limits = HTTPLimits()
    limits.bodyBytesMax = 512
    limits.chunkOverheadBytesMax = 256
    if choice & 1 != 0 { limits.headBytesMax = 64 }
    if choice & 2 != 0 { limits.headFieldsMax = 2 }
    if choice & 4 != 0 { limits.targetBytesMax = 16 }
    return limits
}

private struct Parsed: Equatable {
    var outcome: HTTPParseOutcome
    var text = ""
    var framing = HTTPBodyFraming.none
    var flags: [Bool] = []
    var offsets: [Int] = []
}

private func parse(_ message: UnsafeRawBufferPointer, _ limits: HTTPHeadLimits) -> Parsed {
    withSentinel(message) { bytes in
        var head = HTTPRequestHead()
        let outcome = HTTPRequestParser.parse(
            bytes, count: message.count, limits: limits, into: &head)
        guard outcome == .complete else { return Parsed(outcome: outcome) }
        check(head, bytes, message.count, limits)
        return Parsed(head)
    }
}

extension Parsed {
    init(_ head: HTTPRequestHead) {
        outcome = .complete
        text = "\(head.method) \(head.minorVersion)"
        framing = head.framing
        flags = [
            head.keepsAlive, head.expectsContinue, head.asksUpgrade, head.hasConditions,
            head.isPlainGet,
        ]
        offsets = [
            head.pathOffset, head.pathCount, head.queryOffset, head.queryCount,
            head.fieldsOffset, head.byteCount,
        ]
    }
}

/// What is behind the target of a plain GET means the same behind any other target.
private func recognize(_ message: UnsafeRawBufferPointer, _ limits: HTTPLimits) {
    withSentinel(message) { bytes in
        var head = HTTPRequestHead()
        let outcome = HTTPRequestParser.parse(
            bytes, count: message.count, limits: HTTPHeadLimits(limits), into: &head)
        guard outcome == .complete, head.isPlainGet else { return }
        var memo = HTTPHeadMemo()
        memo.keep(bytes, head, limits: HTTPHeadLimits(limits))
        let pathEnd = memo.pathEnd(bytes, count: message.count)
        precondition(
            pathEnd == 0
                || pathEnd == head.pathOffset + head.pathCount
                    && pathEnd + memo.count == head.byteCount && head.queryCount == 0,
            "a memo sees another head")
    }
}

/// What is behind the target of a PUT means the same behind any other target, and with any length:
/// a memo that was taught by the rest of the message, or else by all of it, sees what is there.
private func recognizePut(
    _ message: UnsafeRawBufferPointer, _ cut: Int, _ limits: HTTPLimits
) {
    var memo = HTTPPutMemo()
    for teacher in [message.dropping(cut), message] {
        withSentinel(teacher) { bytes in
            if let head = head(bytes, teacher.count, limits) { memo.keep(bytes, head) }
        }
    }
    withSentinel(message) { bytes in
        var known = HTTPRequestHead()
        let isKnown = withUnsafePointer(to: limits) {
            memo.recognize(bytes, count: message.count, limits: $0, into: &known)
        }
        guard isKnown else { return }
        guard let head = head(bytes, message.count, limits) else {
            preconditionFailure("a memo sees a head where there is none")
        }
        precondition(Parsed(known) == Parsed(head), "a memo sees another head")
    }
}

private func head(
    _ bytes: UnsafeRawPointer, _ count: Int, _ limits: HTTPLimits
) -> HTTPRequestHead? {
    var head = HTTPRequestHead()
    let outcome = HTTPRequestParser.parse(
        bytes, count: count, limits: HTTPHeadLimits(limits), into: &head)
    return outcome == .complete ? head : nil
}

private func check(
    _ head: HTTPRequestHead, _ bytes: UnsafeRawPointer, _ count: Int, _ limits: HTTPHeadLimits
) {
    precondition(head.byteCount <= count && head.byteCount <= limits.headBytesMax)
    precondition(head.fieldsOffset + 2 <= head.byteCount)
    precondition(head.pathOffset + head.pathCount <= head.fieldsOffset)
    precondition(head.queryOffset + head.queryCount <= head.fieldsOffset)
    precondition(head.pathCount >= 0 && head.queryCount >= 0)
    let fieldCount = checkFields(
        UnsafeRawBufferPointer(
            start: bytes + head.fieldsOffset, count: head.byteCount - head.fieldsOffset))
    precondition(fieldCount <= limits.headFieldsMax)
    for index in 0..<(head.pathCount + head.queryCount) {
        let offset =
            index < head.pathCount
            ? head.pathOffset + index : head.queryOffset + index - head.pathCount
        let byte = bytes.load(fromByteOffset: offset, as: UInt8.self)
        precondition(byte > 0x20 && byte != 0x7F, "a target with white space or controls")
    }
    if case .length(let length) = head.framing { precondition(length >= 0) }
    precondition(head.framing != .untilClose, "a request that ends with the connection")
}

/// What a server's connection finds: each request's path and body, then how it ended.
private func requests(in pieces: [UnsafeRawBufferPointer], _ limits: HTTPLimits) -> [String] {
    var state = ServerConnectionState(nowMilliseconds: 0)
    var limits = limits
    var found: [String] = []
    for piece in pieces {
        state.input.append(piece)
        guard take(from: &state, &limits, &found) else { break }
    }
    return found
}

/// Takes what is there; false at a refusal.
private func take(
    from state: inout ServerConnectionState, _ limits: inout HTTPLimits, _ found: inout [String]
) -> Bool {
    while !state.input.isEmpty, !state.hasEnded {
        let consumed: Int? = withUnsafePointer(to: limits) { limits in
            withSentinel(state.input.readable) { bytes in step(&state, bytes, limits, &found) }
        }
        guard let consumed else { return false }
        if consumed == 0 { return true }
        state.input.removeFirst(consumed)
    }
    return !state.hasEnded
}

/// One step; gives the bytes consumed, 0 when more are needed, nil at a refusal.
private func step(
    _ state: inout ServerConnectionState, _ bytes: UnsafeRawPointer,
    _ limits: UnsafePointer<HTTPLimits>, _ found: inout [String]
) -> Int? {
    let count = state.input.count
    switch state.step(bytes, count: count, limits: limits, now: 0) {
    case .needInput: return 0
    case .progress(let consumed): return consumed
    case .refused(let refusal):
        found.append("\(refusal.status) \(refusal.reason)")
        return nil
    case .admission:
        let head = UnsafeRawBufferPointer(start: bytes, count: state.head.pointee.byteCount)
        let consumed = state.readBody(headBytes: head, limits: limits)
        guard consumed == 0 else { return consumed }
        return step(&state, bytes, limits, &found)
    case .request(let consumed):
        precondition(consumed <= count, "more consumed than there was")
        let byteCount = state.head.pointee.byteCount
        let body =
            state.isSetAside
            ? Array(state.body.readable)
            : Array(UnsafeRawBufferPointer(start: bytes + byteCount, count: consumed - byteCount))
        precondition(body.count <= limits.pointee.bodyBytesMax)
        found.append("\(state.head.pointee.method) \(body)")
        state.onRequestTaken(now: 0)
        return consumed
    }
}
