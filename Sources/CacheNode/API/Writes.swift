import UVHTTP

/// What both APIs share: whether a miss must climb, and how a write's outcome becomes an answer.
extension NodeService {
    /// Whether a key that isn't held must be asked for; false at the root, and when it is known to
    /// be deleted.
    func mustAsk(for entry: EntryReference) -> Bool {
        if entry.isNone { metrics.pointee.misses &+= 1 } else { metrics.pointee.hits &+= 1 }
        return entry.isNone && !keyspace.isRoot
    }

    /// Answers a write, at once or when the parent has answered. `successBody` makes the body of a
    /// `200`; it is called within this call.
    func finish(
        _ outcome: WriteOutcome, _ style: ErrorStyle, _ responder: HTTPResponder,
        successBody: () -> [UInt8]
    ) {
        switch outcome {
        case .done: respondWritten(successBody(), style, responder)
        case .refused(let refusal): respondRefused(refusal, style, responder)
        case .awaiting(let sequence):
            let body = successBody()
            let answer = responder.later()
            keyspace.whenForwarded(sequence) { [self] outcome in
                answer.respond { respondForwarded(outcome, body, style, $0) }
            }
        }
    }

    private func respondWritten(
        _ body: [UInt8], _ style: ErrorStyle, _ responder: HTTPResponder
    ) {
        let mediaType: StaticString = style == .store ? "application/json" : ""
        body.withUnsafeBytes {
            responder.respond(
                .ok, contentType: mediaType.bytes, fieldLines: .empty, body: $0)
        }
    }

    private func respondForwarded(
        _ outcome: ForwardOutcome, _ body: [UInt8], _ style: ErrorStyle, _ responder: HTTPResponder
    ) {
        switch outcome {
        case .accepted: respondWritten(body, style, responder)
        case .refused(let status, let detail):
            respondError(
                Self.status(ofRefusal: status), "the write was withdrawn: \(detail)", style,
                responder)
        case .unconfirmed(let reason):
            respondError(
                .serviceUnavailable,
                "not confirmed: \(reason). The write is kept here and will be sent again", style,
                responder)
        }
    }

    /// What a client is told when the parent refused with `status`: its own fault and want of room
    /// are passed on, a parent that can't is 503, and what makes no sense between nodes is 502.
    private static func status(ofRefusal status: Int) -> HTTPStatus {
        switch status {
        case 400...499, 507: HTTPStatus(status)
        case 500...599: .serviceUnavailable
        default: .badGateway
        }
    }

    private func respondRefused(
        _ refusal: WriteRefusal, _ style: ErrorStyle, _ responder: HTTPResponder
    ) {
        switch refusal {
        case .full:
            metrics.pointee.refusedFull &+= 1
            respondError(
                .insufficientStorage,
                "no room: this node keeps \(settings.memoryBytes) bytes at most (--memory)", style,
                responder)
        case .tooManyMediaTypes:
            respondError(
                .insufficientStorage,
                "no room for another Content-Type: this node keeps 65,535 at most", style,
                responder)
        case .queueFull:
            respondError(
                .serviceUnavailable,
                "too many writes wait for the parent; nothing was changed, try again later", style,
                responder, fieldLines: "Retry-After: 1\r\n")
        case .parentAway(let reason):
            respondError(
                .serviceUnavailable, "nothing was changed: \(reason)", style, responder,
                fieldLines: "Retry-After: 1\r\n")
        }
    }
}
