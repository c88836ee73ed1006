import UVHTTP

/// `/store/<key>`: JSON values, byte for byte.
extension NodeService {
    /// What an entry's user flags say of its form in this API: 0 is not looked at yet, then
    /// `StoredForm` + 1.
    @inline(__always)
    func form(of entry: EntryReference) -> StoredForm {
        StoredForm(rawValue: cache.pointee.userFlags(of: entry) &- 1) ?? findForm(of: entry)
    }

    @inline(never)
    private func findForm(of entry: EntryReference) -> StoredForm {
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
        default: read(key, request, .store, responder)
        }
    }

    func answerStore(_ outcome: ReadOutcome, _ responder: HTTPResponder) {
        var lines = ByteQueue()
        if let note = outcome.note { readFields.pointee.append(note, to: &lines) }
        switch outcome {
        case .held(let entry, _):
            respondStored(cache.pointee.value(of: entry), form(of: entry), lines, responder)
        case .passing(let bytes, let mediaType, _):
            let form = StoreAnswer.form(of: bytes, isJSONType: StoreAnswer.isJSONType(mediaType))
            respondStored(bytes, form, lines, responder)
        case .absent:
            responder.respond(
                .notFound, contentType: StaticString("application/json").bytes,
                fieldLines: lines.readable,
                body: StaticString(#"{"detail":"Key not found"}"#).bytes)
        case .unavailable(let reason):
            respondError(.serviceUnavailable, reason, .store, responder)
        }
    }

    private func respondStored(
        _ value: UnsafeRawBufferPointer, _ form: StoredForm, _ lines: borrowing ByteQueue,
        _ responder: HTTPResponder
    ) {
        let lines = lines.readable
        responder.respondOK(
            contentType: "application/json", contentLength: StoreAnswer.byteCount(value, form),
            fieldBytesMax: lines.count,
            writeFields: { room in
                UnsafeMutableRawBufferPointer(start: room, count: lines.count)
                    .copyMemory(from: lines)
                return lines.count
            },
            { StoreAnswer.append(value, form, to: &$0) })
    }

    private func putStore(
        _ key: UnsafeRawBufferPointer, _ request: HTTPRequest, _ responder: HTTPResponder
    ) {
        do throws(ValidationFailure) {
            let parsed = try StoreRequestBody(request.body)
            guard
                let wish = writeWish(
                    request, .store, responder, waitsForParent: parsed.givenWaitForParent)
            else { return }
            let value = UnsafeRawBufferPointer(rebasing: request.body[parsed.value])
            let outcome = keyspace.put(
                key, value: value, mediaType: StaticString("application/json").bytes,
                condition: wish.condition, ack: wish.ack)
            finish(outcome, .store, responder) {
                StoreAnswer.appendStored(key: key, json: value, to: &$0)
            }
        } catch {
            respondInvalid(error, input: request.body, responder)
        }
    }

    private func deleteStore(
        _ key: UnsafeRawBufferPointer, _ request: HTTPRequest, _ responder: HTTPResponder
    ) {
        var waitsForParent: Bool?
        if let value = HTTPQuery(request.query).decodedValue(of: "wait_for_parent") {
            waitsForParent = value.withUnsafeBytes { QueryFlag.waitForParent($0) }
            guard waitsForParent != nil else {
                return value.withUnsafeBytes {
                    respondInvalid(
                        ValidationFailure([.queryFlagNotUnderstood]), input: $0, responder)
                }
            }
        }
        guard
            let wish = writeWish(request, .store, responder, waitsForParent: waitsForParent)
        else { return }
        let outcome = keyspace.delete(key, condition: wish.condition, ack: wish.ack)
        finish(outcome, .store, responder) {
            StoreAnswer.appendDeleted(key: key, to: &$0)
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
