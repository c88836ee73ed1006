// modules: UVHTTP

@testable import UVHTTP

/// The first two bytes say where the answer is cut, the third which method it answers; the rest is
/// the answer. Whatever it is: nothing is read behind it, what its beginning says its whole says
/// too, what is accepted keeps the grammar, and a client's connection takes the same answers from
/// pieces as from one.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzResponseHead(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var input = FuzzInput(start, count)
    let place = Int(input.byte()) << 8 | Int(input.byte())
    let methods: [HTTPMethod] = [.get, .head, .put, .connect]
    let method = methods[Int(input.byte()) % methods.count]
    let message = input.rest
    let cut = message.isEmpty ? 0 : place % (message.count + 1)
    let whole = parse(message, method)
    let beginning = parse(prefix(message, cut), method)
    if beginning.outcome != .incomplete {
        precondition(beginning == whole, "further bytes change what was decided")
    }
    precondition(
        switches(in: [message]) == switches(in: [prefix(message, cut), message.dropping(cut)]),
        "the cut changes the answer to an upgrade")
    return 0
}

private struct Parsed: Equatable {
    var outcome: HTTPParseOutcome
    var framing = HTTPBodyFraming.none
    var keepsAlive = false
    var numbers: [Int] = []
}

private func parse(_ message: UnsafeRawBufferPointer, _ method: HTTPMethod) -> Parsed {
    let limits = HTTPHeadLimits(HTTPLimits())
    return withSentinel(message) { bytes in
        var head = HTTPResponseHead()
        let outcome = HTTPResponseParser.parse(
            bytes, count: message.count, answering: method, limits: limits, into: &head)
        guard outcome == .complete else { return Parsed(outcome: outcome) }
        precondition(100...999 ~= head.status && head.byteCount <= message.count)
        precondition(head.fieldsOffset + 2 <= head.byteCount)
        let lines = UnsafeRawBufferPointer(
            start: bytes + head.fieldsOffset, count: head.byteCount - head.fieldsOffset)
        precondition(checkFields(lines) <= limits.headFieldsMax)
        if head.framing == .untilClose { precondition(!head.keepsAlive) }
        if method == .head || head.status < 200 || [204, 304].contains(head.status) {
            precondition(head.framing == .none, "a body where there can't be one")
        }
        return Parsed(
            outcome: outcome, framing: head.framing, keepsAlive: head.keepsAlive,
            numbers: [head.status, Int(head.minorVersion), head.fieldsOffset, head.byteCount])
    }
}

private func switches(in pieces: [UnsafeRawBufferPointer]) -> UpgradeAnswerState.Step {
    var state = UpgradeAnswerState(protocolName: "canopy-link/1", limits: HTTPLimits())
    var last = UpgradeAnswerState.Step.needInput
    for piece in pieces where last == .needInput { last = state.step(piece) }
    return last
}
