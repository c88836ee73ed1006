import UVHTTP

/// `/kv/<key>`: raw bytes in, the same bytes out.
extension NodeService {
    @inline(__always)
    func getKV(_ key: UnsafeRawBufferPointer, _ responder: HTTPResponder) {
        let entry = cache.pointee.read(key)
        guard !entry.isNone, !cache.pointee.isAbsent(entry) else {
            return missKV(key, entry, responder)
        }
        metrics.pointee.hits &+= 1
        responder.respondOK(
            contentType: cache.pointee.mediaTypeBytes(cache.pointee.mediaType(of: entry)),
            body: cache.pointee.value(of: entry))
    }

    func onKV(
        _ key: UnsafeRawBufferPointer, _ request: HTTPRequest, _ responder: HTTPResponder
    ) {
        switch request.method {
        case .put: putKV(key, request, responder)
        case .delete: deleteKV(key, request, responder)
        default: getKV(key, responder)
        }
    }

    @inline(never)
    private func missKV(
        _ key: UnsafeRawBufferPointer, _ entry: EntryReference, _ responder: HTTPResponder
    ) {
        guard mustAsk(for: entry) else { return answerKV(.absent, responder) }
        let answer = responder.later()
        keyspace.fetch(key) { [self] outcome in
            answer.respond { answerKV(outcome, $0) }
        }
    }

    private func answerKV(_ outcome: ReadOutcome, _ responder: HTTPResponder) {
        switch outcome {
        case .held(let entry):
            responder.respondOK(
                contentType: cache.pointee.mediaTypeBytes(cache.pointee.mediaType(of: entry)),
                body: cache.pointee.value(of: entry))
        case .passing(let bytes, let mediaType):
            responder.respondOK(contentType: mediaType, body: bytes)
        case .absent:
            responder.respond(
                .notFound, contentType: "text/plain; charset=utf-8", body: "key not found")
        case .unavailable(let reason):
            respondError(.serviceUnavailable, reason, .kv, responder)
        }
    }

    private func putKV(
        _ key: UnsafeRawBufferPointer, _ request: HTTPRequest, _ responder: HTTPResponder
    ) {
        guard let awaitsParent = waitPropagate(request, responder) else { return }
        let mediaType = request.fields.first("content-type") ?? Self.defaultMediaType.bytes
        guard mediaType.count <= Self.mediaTypeBytesMax else {
            return respondError(
                .badRequest, "Content-Type is too long: it must have 255 bytes at most", .kv,
                responder)
        }
        let outcome = keyspace.put(
            key, value: request.body,
            mediaType: mediaType.isEmpty ? Self.defaultMediaType.bytes : mediaType,
            awaitsParent: awaitsParent)
        finish(outcome, .kv, responder) { [] }
    }

    private func deleteKV(
        _ key: UnsafeRawBufferPointer, _ request: HTTPRequest, _ responder: HTTPResponder
    ) {
        guard let awaitsParent = waitPropagate(request, responder) else { return }
        finish(keyspace.delete(key, awaitsParent: awaitsParent), .kv, responder) { [] }
    }

    /// The query's `wait_propagate`; nil when it was refused.
    private func waitPropagate(_ request: HTTPRequest, _ responder: HTTPResponder) -> Bool? {
        guard request.query.count > 0,
            let value = HTTPQuery(request.query).decodedValue(of: "wait_propagate")
        else { return true }
        if let flag = value.withUnsafeBytes({ QueryFlag.waitPropagate($0) }) { return flag }
        respondError(.badRequest, "wait_propagate must be 0 or 1", .kv, responder)
        return nil
    }
}
