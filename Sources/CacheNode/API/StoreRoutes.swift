import UVHTTP

/// `/store/<key>`: JSON values, byte for byte.
extension NodeService {
    /// What an entry's user flags say of its form in this API: 0 is not looked at yet, then
    /// `StoredForm` + 1.
    func form(of entry: EntryReference) -> StoredForm {
        let known = cache.pointee.userFlags(of: entry)
        if known != 0, let form = StoredForm(rawValue: known - 1) { return form }
        let mediaType = cache.pointee.mediaTypeBytes(cache.pointee.mediaType(of: entry))
        let form = StoreAnswer.form(
            of: cache.pointee.value(of: entry), isJSONType: StoreAnswer.isJSONType(mediaType))
        cache.pointee.setUserFlags(form.rawValue + 1, of: entry)
        return form
    }

    func onStore(
        _ key: UnsafeRawBufferPointer, _ request: HTTPRequest, _ responder: HTTPResponder
    ) {
        switch request.method {
        case .put: putStore(key, request, responder)
        case .delete: deleteStore(key, request, responder)
        default: getStore(key, responder)
        }
    }

    private func getStore(_ key: UnsafeRawBufferPointer, _ responder: HTTPResponder) {
        let entry = cache.pointee.read(key)
        guard !entry.isNone, !cache.pointee.isAbsent(entry) else {
            return missStore(key, entry, responder)
        }
        metrics.pointee.hits &+= 1
        respondStored(cache.pointee.value(of: entry), form(of: entry), responder)
    }

    @inline(never)
    private func missStore(
        _ key: UnsafeRawBufferPointer, _ entry: EntryReference, _ responder: HTTPResponder
    ) {
        guard mustAsk(for: entry) else { return answerStore(.absent, responder) }
        let answer = responder.later()
        keyspace.fetch(key) { [self] outcome in
            answer.respond { answerStore(outcome, $0) }
        }
    }

    private func answerStore(_ outcome: ReadOutcome, _ responder: HTTPResponder) {
        switch outcome {
        case .held(let entry):
            respondStored(cache.pointee.value(of: entry), form(of: entry), responder)
        case .passing(let bytes, let mediaType):
            let form = StoreAnswer.form(of: bytes, isJSONType: StoreAnswer.isJSONType(mediaType))
            respondStored(bytes, form, responder)
        case .absent:
            responder.respond(
                .notFound, contentType: "application/json", body: #"{"detail":"Key not found"}"#)
        case .unavailable(let reason):
            respondError(.serviceUnavailable, reason, .store, responder)
        }
    }

    @inline(__always)
    private func respondStored(
        _ value: UnsafeRawBufferPointer, _ form: StoredForm, _ responder: HTTPResponder
    ) {
        responder.respondOK(
            contentType: "application/json", contentLength: StoreAnswer.byteCount(value, form)
        ) { StoreAnswer.append(value, form, to: &$0) }
    }

    private func putStore(
        _ key: UnsafeRawBufferPointer, _ request: HTTPRequest, _ responder: HTTPResponder
    ) {
        do throws(ValidationFailure) {
            let parsed = try StoreRequestBody(request.body)
            let value = UnsafeRawBufferPointer(rebasing: request.body[parsed.value])
            let outcome = keyspace.put(
                key, value: value, mediaType: StaticString("application/json").bytes,
                awaitsParent: parsed.waitForParent)
            finish(outcome, .store, responder) {
                var body = ByteQueue()
                StoreAnswer.appendStored(key: key, json: value, to: &body)
                return Array(body.readable)
            }
        } catch {
            respondInvalid(error, input: request.body, responder)
        }
    }

    private func deleteStore(
        _ key: UnsafeRawBufferPointer, _ request: HTTPRequest, _ responder: HTTPResponder
    ) {
        var awaitsParent = true
        if let value = HTTPQuery(request.query).decodedValue(of: "wait_for_parent") {
            guard let flag = value.withUnsafeBytes({ QueryFlag.waitForParent($0) }) else {
                return value.withUnsafeBytes {
                    respondInvalid(
                        ValidationFailure([.queryFlagNotUnderstood]), input: $0, responder)
                }
            }
            awaitsParent = flag
        }
        finish(keyspace.delete(key, awaitsParent: awaitsParent), .store, responder) {
            var body = ByteQueue()
            StoreAnswer.appendDeleted(key: key, to: &body)
            return Array(body.readable)
        }
    }

    private func respondInvalid(
        _ failure: ValidationFailure, input: UnsafeRawBufferPointer, _ responder: HTTPResponder
    ) {
        var body = ByteQueue()
        failure.append(input: input, to: &body)
        responder.respond(
            .unprocessableContent, contentType: StaticString("application/json").bytes,
            fieldLines: .empty,
            body: body.readable)
    }
}
