import UVHTTP

/// What both APIs share of reading: which answer a reader gets that wants more than what is held,
/// and in which form.
///
/// The order is that of RFC 9110 §13.2.1: first the answer is found, as Cache-Control wants it,
/// then the conditions are looked at.
extension NodeService {
    /// Any read that wasn't a plain hit.
    func read(
        _ key: UnsafeRawBufferPointer, _ request: HTTPRequest, _ api: ErrorStyle,
        _ responder: HTTPResponder
    ) {
        let entry = cache.pointee.read(key)
        var wish = ReadWish()
        if request.hasConditions {
            do throws(FieldProblem) {
                wish = try ReadWish(request.fields)
            } catch {
                return respondError(.badRequest, error.sentence, api, responder)
            }
        }
        if let outcome = held(key, entry, wish.directives) {
            metrics.pointee.hits &+= 1
            return answer(outcome, wish.conditions, api, responder)
        }
        metrics.pointee.misses &+= 1
        if wish.directives.onlyIfCached {
            return respondError(
                .gatewayTimeout, "nothing that is held here is what was asked for (only-if-cached)",
                api, responder)
        }
        fetch(key, wish, asksRoot: wish.asksRoot, api, responder.later())
    }

    /// What is held and good enough; nil when somebody above must be asked.
    private func held(
        _ key: UnsafeRawBufferPointer, _ entry: EntryReference, _ directives: CacheDirectives
    ) -> ReadOutcome? {
        // What the root holds is what the root says.
        if keyspace.isRoot { return keyspace.readHeld(key) }
        if directives.noCache { return nil }
        if !entry.isNone, keyspace.isServable(entry) {
            let note = keyspace.hitNote(entry)
            guard directives.accepts(note) else { return nil }
            return cache.pointee.isAbsent(entry) ? .absent(note) : .held(entry, note)
        }
        guard directives.onlyIfCached, let outcome = keyspace.readHeld(key) else { return nil }
        return outcome.note.map(directives.accepts) == false ? nil : outcome
    }

    /// Asks above. An answer from there may be older than the reader wants: then the root is asked.
    private func fetch(
        _ key: UnsafeRawBufferPointer, _ wish: ReadWish, asksRoot: Bool, _ api: ErrorStyle,
        _ place: DeferredResponse
    ) {
        let mayAskAgain = wish.directives.limitsAge && !asksRoot
        let again = mayAskAgain ? Array(key) : []
        keyspace.fetch(key, ReadOptions(asksRoot: asksRoot)) { [self] outcome in
            if mayAskAgain, let note = outcome.note, !wish.directives.accepts(note) {
                return again.withUnsafeBytes { fetch($0, wish, asksRoot: true, api, place) }
            }
            place.respond { answer(outcome, wish.conditions, api, $0) }
        }
    }

    private func answer(
        _ outcome: ReadOutcome, _ conditions: ReadConditions, _ api: ErrorStyle,
        _ responder: HTTPResponder
    ) {
        if let note = outcome.note, !outcome.isAbsent {
            switch conditions.verdict(on: note.version) {
            case .proceed: break
            case .notModified:
                var lines = ByteQueue()
                readFields.pointee.append(note, to: &lines)
                return responder.respondWithoutBody(.notModified, fieldLines: lines.readable)
            case .failed:
                return respondError(
                    .preconditionFailed, "the key has another version than If-Match names", api,
                    responder, note: note)
            }
        }
        if api == .store {
            answerStore(outcome, responder)
        } else {
            answerKV(outcome, responder)
        }
    }
}

/// What a reader asks for in fields.
private struct ReadWish {
    var conditions = ReadConditions()
    var directives = CacheDirectives()

    init() {}

    init(_ fields: HTTPFields) throws(FieldProblem) {
        conditions = try ReadConditions(fields)
        directives = CacheDirectives(fields)
    }

    /// Only the root can have an answer without any age.
    var asksRoot: Bool { directives.noCache || directives.maxAge == 0 }
}

extension ReadOutcome {
    /// Nil when there is no answer.
    var note: ReadNote? {
        switch self {
        case .held(_, let note), .passing(_, _, let note), .absent(let note): note
        case .unavailable: nil
        }
    }

    var isAbsent: Bool {
        if case .absent = self { true } else { false }
    }
}
