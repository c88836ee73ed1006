import UVHTTP

/// What both APIs share of writing: what the writer asks for, and how an outcome becomes an answer.
extension NodeService {
    /// What the writer asks for in the query and in fields; nil when it was answered already, with
    /// 400 or 412. `waitsForParent`: what the request's body said, for the API where it may.
    @inline(__always)
    func writeWish(
        _ request: HTTPRequest, _ api: ErrorStyle, _ responder: HTTPResponder,
        waitsForParent: Bool? = nil
    ) -> WriteWish? {
        guard request.query.count > 0 || request.hasConditions || waitsForParent != nil else {
            return WriteWish()
        }
        return readWriteWish(request, api, responder, waitsForParent)
    }

    @inline(never)
    private func readWriteWish(
        _ request: HTTPRequest, _ api: ErrorStyle, _ responder: HTTPResponder,
        _ waitsForParent: Bool?
    ) -> WriteWish? {
        // A part must not be kept as if it were the whole (RFC 9110 §14.5).
        if request.method == .put, request.fields.first("content-range") != nil {
            respondError(
                .badRequest, "Content-Range: a value is written as a whole, never in part", api,
                responder)
            return nil
        }
        let query = HTTPQuery(request.query)
        var waitsForParent = waitsForParent
        if api == .kv, let value = query.decodedValue(of: "wait_propagate") {
            waitsForParent = value.withUnsafeBytes { QueryFlag.waitPropagate($0) }
            guard waitsForParent != nil else {
                respondError(.badRequest, "wait_propagate must be 0 or 1", api, responder)
                return nil
            }
        }
        let reading = WriteWish.read(
            request.hasConditions ? request.fields : nil, ack: query.decodedValue(of: "ack"),
            waitsForParent: waitsForParent,
            flagName: api == .kv ? "wait_propagate" : "wait_for_parent")
        switch reading {
        case .understood(let wish): return wish
        case .neverMet: respondUnmet(.none, api, responder)
        case .refused(let sentence): respondError(.badRequest, sentence, api, responder)
        }
        return nil
    }

    /// Answers a write, at once or when it is known what became of it. `appendBody` appends the
    /// body of a `200` of the API that has one; it is called within this call.
    func finish(
        _ outcome: WriteOutcome, _ api: ErrorStyle, _ responder: HTTPResponder,
        appendBody: (inout ByteQueue) -> Void = { _ in }
    ) {
        switch outcome {
        case .done(let version):
            if api == .kv { return respondWritten(version, responder) }
            var body = ByteQueue()
            appendBody(&body)
            respondWritten(version, body.readable, responder)
        case .refused(let refusal): respondRefused(refusal, api, responder)
        case .awaiting(let ticket):
            var body = ByteQueue()
            appendBody(&body)
            respondLater(ticket, Array(body.readable), api, responder)
        }
    }

    private func respondLater(
        _ ticket: WriteTicket, _ body: [UInt8], _ api: ErrorStyle, _ responder: HTTPResponder
    ) {
        let answer = responder.later()
        keyspace.whenWritten(ticket) { [self] result in
            answer.respond { respondAwaited(result, body, api, $0) }
        }
    }

    /// The answer of `/kv`.
    private func respondWritten(_ version: Version, _ responder: HTTPResponder) {
        responder.respondOK(fieldBytesMax: ReadFields.bytesMax) {
            readFields.pointee.writeTag(version, to: $0)
        }
    }

    /// The answer of `/store`.
    private func respondWritten(
        _ version: Version, _ body: UnsafeRawBufferPointer, _ responder: HTTPResponder
    ) {
        responder.respondOK(
            contentType: "application/json", contentLength: body.count,
            fieldBytesMax: ReadFields.bytesMax,
            writeFields: { readFields.pointee.writeTag(version, to: $0) }, { $0.append(body) })
    }

    private func respondAwaited(
        _ result: WriteResult, _ body: [UInt8], _ api: ErrorStyle, _ responder: HTTPResponder
    ) {
        switch result {
        case .done(let version):
            if api == .kv { return respondWritten(version, responder) }
            body.withUnsafeBytes { respondWritten(version, $0, responder) }
        case .preconditionFailed(let version): respondUnmet(version, api, responder)
        case .refused(let status, let detail):
            respondError(
                Self.status(ofRefusal: status), "the write was withdrawn: \(detail)", api,
                responder)
        case .unconfirmed(let reason):
            respondError(
                .serviceUnavailable,
                "not confirmed: \(reason). The write is kept here and will be sent again", api,
                responder)
        }
    }

    /// 412; with the version that the key has, if it is known.
    private func respondUnmet(
        _ version: Version, _ api: ErrorStyle, _ responder: HTTPResponder
    ) {
        respondError(
            .preconditionFailed,
            "nothing was changed: the key is not as If-Match or If-None-Match wants it", api,
            responder, version: version)
    }

    /// What a client is told when the parent refused with `status`: its own fault, want of room and
    /// what can't be decided are passed on, a parent that can't is 503, and what makes no sense
    /// between nodes is 502.
    private static func status(ofRefusal status: Int) -> HTTPStatus {
        switch status {
        case 400...499, 501, 507: HTTPStatus(status)
        case 500...599: .serviceUnavailable
        default: .badGateway
        }
    }

    private func respondRefused(
        _ refusal: WriteRefusal, _ api: ErrorStyle, _ responder: HTTPResponder
    ) {
        switch refusal {
        case .full:
            metrics.pointee.refusedFull &+= 1
            respondError(
                .insufficientStorage,
                "no room: this node keeps \(settings.memoryBytes) bytes at most (--memory)", api,
                responder)
        case .tooManyMediaTypes:
            respondError(
                .insufficientStorage,
                "no room for another Content-Type: this node keeps 65,535 at most", api,
                responder)
        case .queueFull:
            respondError(
                .serviceUnavailable,
                "too many writes wait for the parent; nothing was changed, try again later", api,
                responder, fieldLines: "Retry-After: 1\r\n")
        case .parentAway(let reason):
            respondError(
                .serviceUnavailable, "nothing was changed: \(reason)", api, responder,
                fieldLines: "Retry-After: 1\r\n")
        case .preconditionFailed(let version): respondUnmet(version, api, responder)
        case .cannotDecide(let reason): respondError(.notImplemented, reason, api, responder)
        }
    }
}
