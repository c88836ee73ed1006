import UVHTTP

/// `/kv/<key>`: raw bytes in, the same bytes out.
extension NodeService {
    func onKV(
        _ key: UnsafeRawBufferPointer, _ request: HTTPRequest, _ responder: HTTPResponder
    ) {
        switch request.method {
        case .put: putKV(key, request, responder)
        case .delete: deleteKV(key, request, responder)
        default: read(key, request, .kv, responder)
        }
    }

    func answerKV(_ outcome: ReadOutcome, _ responder: HTTPResponder) {
        var lines = ByteQueue()
        if let note = outcome.note { readFields.pointee.append(note, to: &lines) }
        switch outcome {
        case .held(let entry, _):
            responder.respond(
                .ok, contentType: cache.pointee.mediaTypeBytes(cache.pointee.mediaType(of: entry)),
                fieldLines: lines.readable, body: cache.pointee.value(of: entry))
        case .passing(let bytes, let mediaType, _):
            responder.respond(
                .ok, contentType: mediaType, fieldLines: lines.readable, body: bytes)
        case .absent:
            responder.respond(
                .notFound, contentType: StaticString("text/plain; charset=utf-8").bytes,
                fieldLines: lines.readable, body: StaticString("key not found").bytes)
        case .unavailable(let reason):
            respondError(.serviceUnavailable, reason, .kv, responder)
        }
    }

    func putKV(
        _ key: UnsafeRawBufferPointer, _ request: HTTPRequest, _ responder: HTTPResponder
    ) {
        guard let wish = writeWish(request, .kv, responder) else { return }
        let mediaType = request.contentType ?? Self.defaultMediaType.bytes
        guard mediaType.count <= Self.mediaTypeBytesMax else {
            return respondError(
                .badRequest, "Content-Type is too long: it must have 255 bytes at most", .kv,
                responder)
        }
        let outcome = keyspace.put(
            key, value: request.body,
            mediaType: mediaType.isEmpty ? Self.defaultMediaType.bytes : mediaType,
            condition: wish.condition, ack: wish.ack)
        finish(outcome, .kv, responder)
    }

    private func deleteKV(
        _ key: UnsafeRawBufferPointer, _ request: HTTPRequest, _ responder: HTTPResponder
    ) {
        guard let wish = writeWish(request, .kv, responder) else { return }
        let outcome = keyspace.delete(key, condition: wish.condition, ack: wish.ack)
        finish(outcome, .kv, responder)
    }
}
