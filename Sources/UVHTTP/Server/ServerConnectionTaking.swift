/// How a connection takes requests from its bytes, and gives them to the service.
extension ServerConnection {
    func consumeInput(_ now: UInt64) {
        let readable = state.pointee.input.readable
        guard let base = readable.baseAddress else { return }
        let used = consume(
            UnsafeMutableRawPointer(mutating: base), readable.count, after: nil, now)
        state.pointee.input.removeFirst(used)
        if state.pointee.input.isEmpty { state.pointee.input.removeAll(keepingBytes: 0) }
    }

    /// Takes the whole requests at the front of the bytes; returns how many bytes are taken. 16
    /// bytes behind them are overwritten with zeros. `first` is what `answerAtOnce` gave for them.
    func consume(
        _ base: UnsafeMutableRawPointer, _ count: Int, after first: (answered: Int, used: Int)?,
        _ now: UInt64
    ) -> Int {
        Self.endWithZeros(base, count)
        var offset = first?.used ?? 0
        var taken = first?.answered ?? 0
        // The request at `offset` is none that can be answered at once.
        var isTried = first?.answered == 0
        while offset < count {
            if state.pointee.hasEnded { return isLeavingHTTP ? offset : count }
            if state.pointee.isAtHead, isFull {
                isStalled = true
                break
            }
            let left = server.limits.pointee.requestsPerTurnMax &- taken
            if left <= 0 {
                scheduleContinuation()
                break
            }
            let bytes = UnsafeRawPointer(base) + offset
            if !isTried, answers.isEmpty, !isEnding, state.pointee.isAtHead {
                let (answered, used) = answerMoreAtOnce(
                    base + offset, count &- offset, max: min(left, HTTPPlainGets.countMax), now)
                if answered > 0 {
                    offset &+= used
                    taken &+= answered
                    continue
                }
            }
            isTried = false
            if !mayGoOn(bytes, count: count &- offset) {
                scheduleContinuation()
                break
            }
            switch nextStep(bytes, count: count &- offset, now) {
            case .request(let consumed):
                answerRequest(bytes, now)
                state.pointee.onRequestTaken(now: now)
                offset &+= consumed
                taken &+= 1
            case .progress(let consumed):
                offset &+= consumed
                countHeld()
            case .needInput:
                return offset
            case .admission:
                offset += admit(bytes, count: count - offset)
            case .refused(let refusal):
                refuse(refusal)
                return count
            }
        }
        return offset
    }

    /// Whether what is next may be done in this turn: not so for every large request.
    @inline(__always)
    private func mayGoOn(_ bytes: UnsafeRawPointer, count: Int) -> Bool {
        (count <= LargeRequests.bytesMin && !state.pointee.isSetAside)
            || mayTakeLarge(bytes, count: count)
    }

    @inline(never)
    private func mayTakeLarge(_ bytes: UnsafeRawPointer, count: Int) -> Bool {
        if state.pointee.isSetAside {
            guard let headBytes = state.pointee.headBytes.readable.baseAddress else { return true }
            return server.mayTakeLarge(
                HTTPRequest(base: headBytes, head: head, body: state.pointee.body.readable),
                of: self)
        }
        let byteCount = state.pointee.awaitedBytes(count: count)
        guard byteCount > LargeRequests.bytesMin else { return true }
        let body = UnsafeRawBufferPointer(start: bytes, count: byteCount)
            .dropping(head.pointee.byteCount)
        guard
            server.mayTakeLarge(HTTPRequest(base: bytes, head: head, body: body), of: self)
        else { return false }
        server.onLargeTaken(body.count)
        return true
    }

    /// Looks for the next request at the front of the bytes: a PUT that is known, or any.
    @inline(__always)
    private func nextStep(
        _ bytes: UnsafeRawPointer, count: Int, _ now: UInt64
    ) -> ServerConnectionState.Step {
        let isKnown =
            state.pointee.isAtHead
            && server.putMemo.pointee.recognize(
                bytes, count: count, limits: server.limits, into: head)
        return isKnown
            ? state.pointee.onHead(count: count, limits: server.limits, now: now)
            : state.pointee.step(bytes, count: count, limits: server.limits, now: now)
    }

    /// Whether this connection must first get rid of what it owes.
    @inline(__always)
    var isFull: Bool {
        if server.output.pointee.count >= HTTPServer.flushBytes {
            flush(server.nowMilliseconds)
        }
        if answers.isEmpty, !state.pointee.isOutputQueued { return false }
        let limits = server.limits
        return answers.count >= limits.pointee.pipelineDepthMax
            || answers.byteCount >= limits.pointee.outputBytesMax
            || stream.queuedBytes >= limits.pointee.outputBytesMax
    }

    /// Writes the parser's sentinel behind the bytes.
    @inline(__always)
    private static func endWithZeros(_ base: UnsafeMutableRawPointer, _ count: Int) {
        (base + count).storeBytes(of: 0, as: UInt64.self)
        (base + count).storeBytes(of: 0, toByteOffset: 8, as: UInt64.self)
    }

    /// Has the service answer the plain GETs at the front of the bytes that are known by their
    /// fields, `max` at most (1…`HTTPPlainGets.countMax`); no other answer may be due before
    /// theirs. Gives how many are answered, and their bytes. 16 bytes behind all are overwritten
    /// with zeros.
    @inline(__always)
    func answerAtOnce(
        _ base: UnsafeMutableRawPointer, _ count: Int, max: Int, _ now: UInt64
    ) -> (answered: Int, used: Int) {
        Self.endWithZeros(base, count)
        let bytes = UnsafeRawPointer(base)
        var offset = 0
        var found = 0
        let paths = server.plainGets.pointee.paths
        let memo = server.headMemo
        repeat {
            let pathEnd = memo.pointee.pathEnd(bytes + offset, count: count &- offset)
            if pathEnd == 0 { break }
            paths[found] = UnsafeRawBufferPointer(
                start: bytes + (offset &+ HTTPHeadMemo.pathOffset),
                count: pathEnd &- HTTPHeadMemo.pathOffset)
            found &+= 1
            offset &+= pathEnd &+ memo.pointee.count
        } while found < max && offset < count
        guard found > 0 else { return (0, 0) }
        let answered = respond(
            toPlainGets: found, areUnescaped: true, fields: memo.pointee.fields, now)
        if answered == found { return (answered, offset) }
        guard answered > 0, let end = paths[answered &- 1].endAddress else { return (0, 0) }
        return (answered, end - bytes &+ memo.pointee.count)
    }

    /// The same where it isn't for all that was read: so the way for that is in one piece.
    @inline(never)
    private func answerMoreAtOnce(
        _ base: UnsafeMutableRawPointer, _ count: Int, max: Int, _ now: UInt64
    ) -> (answered: Int, used: Int) {
        answerAtOnce(base, count, max: max, now)
    }

    @inline(__always)
    private func respond(
        toPlainGets count: Int, areUnescaped: Bool, fields: HTTPFields, _ now: UInt64
    ) -> Int {
        let batch = server.plainGets
        batch.pointee.count = count
        batch.pointee.areUnescaped = areUnescaped
        batch.pointee.fields = fields
        batch.pointee.nowMilliseconds = now
        let answered = server.service.pointee.respond(toPlainGets: HTTPPlainGets(batch))
        server.counters.pointee.requests &+= UInt64(truncatingIfNeeded: answered)
        if answered > 0 { state.pointee.onPlainGetsTaken(now: now) }
        return answered
    }

    private func answerRequest(_ bytes: UnsafeRawPointer, _ now: UInt64) {
        if head.pointee.isPlainGet, answers.isEmpty, !isEnding {
            server.headMemo.pointee.keep(
                bytes, head.pointee, limits: HTTPHeadLimits(server.limits.pointee))
            let request = HTTPRequest(base: bytes, head: head, body: .empty)
            server.plainGets.pointee.paths[0] = request.path
            if respond(toPlainGets: 1, areUnescaped: false, fields: request.fields, now) == 1 {
                return
            }
        }
        server.counters.pointee.requests &+= 1
        if head.pointee.method == .put, head.pointee.contentTypeOffset == 0 {
            server.putMemo.pointee.keep(bytes, head.pointee)
        }
        let byteCount = head.pointee.byteCount
        if state.pointee.isSetAside {
            guard let headBytes = state.pointee.headBytes.readable.baseAddress else { return }
            server.onLargeTaken(state.pointee.body.count)
            respond(to: headBytes, body: state.pointee.body.readable)
        } else if case .length(let length) = head.pointee.framing {
            respond(
                to: bytes, body: UnsafeRawBufferPointer(start: bytes + byteCount, count: length))
        } else {
            respond(to: bytes, body: .empty)
        }
    }

    @inline(__always)
    private func respond(to bytes: UnsafeRawPointer, body: UnsafeRawBufferPointer) {
        let form = state.pointee.answerForm(isLast: isEnding)
        let request = HTTPRequest(base: bytes, head: head, body: body)
        if isEnding, isTurnedAway(request) { return turnAway(form) }
        if answers.isEmpty {
            server.service.pointee.respond(to: request, responder(server.output, form))
        } else {
            respondInTurn(form) { server.service.pointee.respond(to: request, $0) }
        }
    }

    /// Answers a request while earlier ones wait for theirs: the answer is set aside until its
    /// turn.
    func respondInTurn(_ form: AnswerForm, _ answer: (HTTPResponder) -> Void) {
        let place = DeferredResponse(self, form)
        answers.append(place)
        fill(place, answer)
    }

    var head: UnsafeMutablePointer<HTTPRequestHead> { state.pointee.head }

    func responder(
        _ output: UnsafeMutablePointer<ByteQueue>, _ form: AnswerForm
    ) -> HTTPResponder {
        HTTPResponder(
            output: output, dateLine: server.dateLine, form: form, connection: .passUnretained(self)
        )
    }

    /// Asks the service whether the body that is on its way is to be read; returns the bytes
    /// consumed.
    private func admit(_ bytes: UnsafeRawPointer, count: Int) -> Int {
        let request = HTTPRequest(base: bytes, head: head, body: .empty)
        switch isTurnedAway(request) ? .answerNow : server.service.pointee.admit(request) {
        case .readBody:
            // A client that has begun to send doesn't wait (RFC 9110 §10.1.1).
            if head.pointee.expectsContinue, count == head.pointee.byteCount { sendContinue() }
            return state.pointee.readBody(
                headBytes: UnsafeRawBufferPointer(start: bytes, count: head.pointee.byteCount),
                limits: server.limits)
        case .answerNow:
            // The body stays unread, so this must be the connection's last answer.
            server.counters.pointee.requests &+= 1
            head.pointee.keepsAlive = false
            respond(to: bytes, body: .empty)
            state.pointee.end()
            return count
        }
    }

    private func sendContinue() {
        if answers.isEmpty {
            server.output.pointee.append("HTTP/1.1 100 Continue\r\n\r\n")
        } else {
            let form = state.pointee.answerForm(isLast: isEnding)
            let place = DeferredResponse(self, form)
            place.appendInterim("HTTP/1.1 100 Continue\r\n\r\n")
            answers.append(place)
        }
    }

    /// Whether the request came by a last place and isn't one that those are kept for.
    private func isTurnedAway(_ request: HTTPRequest) -> Bool {
        hasLastPlace && !server.service.pointee.isVital(request)
    }

    @inline(never)
    private func turnAway(_ form: AnswerForm) {
        server.counters.pointee.turnedAway &+= 1
        responder(server.output, form).respond(HTTPServer.noPlace)
    }
}
