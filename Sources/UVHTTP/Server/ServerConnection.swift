/// One client's connection: takes what `ServerConnectionState` finds in the bytes to the service,
/// keeps the answers in the order of the requests, and writes once per turn.
public final class ServerConnection: StreamHandler, TurnEndHandler {
    let server: HTTPServer
    let stream: any ByteStream
    let state: UnsafeMutablePointer<ServerConnectionState>
    var answers = AnswerQueue()
    private var isReadingPaused = false
    var isContinuationScheduled = false
    /// Requests lie in the input that wait until this connection is rid of what it owes.
    var isStalled = false
    private var isAnswerReady = false
    /// Closed or about to be, or no longer HTTP: nothing more is done for it.
    var isClosed = false
    var inputHasEnded = false
    /// The next answer is the last: the server stops, or this connection has a last place.
    var isEnding = false
    /// It came when all other places were taken: of its requests, vital ones alone are answered.
    let hasLastPlace: Bool
    /// Bytes held for it, as last counted.
    var heldBytes = 0
    /// Since when those are more than its share; 0 while they aren't.
    var holdsMuchSince: UInt64 = 0
    /// Where the server keeps this connection.
    var indexInServer = 0

    init(server: HTTPServer, stream: any ByteStream, hasLastPlace: Bool) {
        self.server = server
        self.stream = stream
        self.hasLastPlace = hasLastPlace
        isEnding = hasLastPlace
        state = .allocate(capacity: 1)
        state.initialize(to: ServerConnectionState(nowMilliseconds: server.nowMilliseconds))
    }

    deinit {
        state.deinitialize(count: 1)
        state.deallocate()
    }

    func start() { stream.start(self) }

    var dateLine: UnsafeRawPointer { server.dateLine }

    // MARK: Events of the stream

    public func onConnected() {}

    public func onRead(_ bytes: UnsafeMutableRawBufferPointer) {
        guard state.pointee.lingersUntil == nil, let base = bytes.baseAddress else { return }
        let now = server.nowMilliseconds
        server.refreshDate(now)
        if state.pointee.input.isEmpty {
            let used = consume(UnsafeMutableRawPointer(base), bytes.count, now)
            if used < bytes.count {
                state.pointee.input.append(UnsafeRawBufferPointer(bytes).dropping(used))
                countHeld()
            }
        } else {
            state.pointee.input.append(UnsafeRawBufferPointer(bytes))
            consumeInput(now)
            countHeld()
        }
        settle(now)
    }

    public func onEndOfInput() {
        inputHasEnded = true
        settle()
    }

    public func onDrained() {
        state.pointee.onOutput(byteCount: 0, queued: 0, now: server.nowMilliseconds)
        pump()
    }

    public func onClosed(_ error: UVError?) {
        isClosed = true
        for answer in answers.removeAll() { answer.letGo() }
        server.onConnectionClosed(self)
    }

    // MARK: Taking requests

    private func consumeInput(_ now: UInt64) {
        let readable = state.pointee.input.readable
        guard let base = readable.baseAddress else { return }
        let used = consume(UnsafeMutableRawPointer(mutating: base), readable.count, now)
        state.pointee.input.removeFirst(used)
        if state.pointee.input.isEmpty { state.pointee.input.removeAll(keepingBytes: 0) }
    }

    /// Takes the whole requests at the front of the bytes; returns how many bytes that were. 16
    /// bytes behind them are overwritten with zeros, the parser's sentinel.
    private func consume(_ base: UnsafeMutableRawPointer, _ count: Int, _ now: UInt64) -> Int {
        (base + count).storeBytes(of: 0, as: UInt64.self)
        (base + count).storeBytes(of: 0, toByteOffset: 8, as: UInt64.self)
        var offset = 0
        var taken = 0
        while offset < count {
            if state.pointee.hasEnded { return isLeavingHTTP ? offset : count }
            if state.pointee.isAtHead, isFull {
                isStalled = true
                break
            }
            if taken == server.limits.pointee.requestsPerTurnMax {
                scheduleContinuation()
                break
            }
            let bytes = UnsafeRawPointer(base) + offset
            switch state.pointee.step(
                bytes, count: count &- offset, limits: server.limits, memo: server.headMemo,
                now: now)
            {
            case .request(let consumed):
                server.counters.pointee.requests &+= 1
                if !answerAtOnce(bytes, now) { answerRequest(bytes) }
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

    /// Whether this connection must first get rid of what it owes.
    private var isFull: Bool {
        if server.output.pointee.count >= HTTPServer.flushBytes {
            flush(server.nowMilliseconds)
        }
        if answers.isEmpty, !state.pointee.isOutputQueued { return false }
        let limits = server.limits
        return answers.count >= limits.pointee.pipelineDepthMax
            || answers.byteCount >= limits.pointee.outputBytesMax
            || stream.queuedBytes >= limits.pointee.outputBytesMax
    }

    /// Has a plain GET answered by the service, if nothing about this connection is in the way;
    /// false if it isn't answered.
    @inline(__always)
    private func answerAtOnce(_ bytes: UnsafeRawPointer, _ now: UInt64) -> Bool {
        guard head.pointee.isPlainGet, answers.isEmpty, !isEnding else { return false }
        return server.service.pointee.respond(
            toPlainGet: HTTPPlainGet(
                base: bytes, head: head, nowMilliseconds: now, output: server.output,
                dateLine: server.dateLine))
    }

    private func answerRequest(_ bytes: UnsafeRawPointer) {
        let byteCount = head.pointee.byteCount
        if state.pointee.isSetAside {
            guard let headBytes = state.pointee.headBytes.readable.baseAddress else { return }
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

    private var head: UnsafeMutablePointer<HTTPRequestHead> { state.pointee.head }

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

    // MARK: Giving answers

    func deferAnswer(_ form: AnswerForm) -> DeferredResponse {
        answers.putOff(DeferredResponse(self, form))
    }

    /// The last answer ends HTTP; what lies behind its request is not for us.
    private var isLeavingHTTP: Bool { state.pointee.hasEnded && answers.endsWithSwitch }

    /// Answers with a switch to another protocol, or that there is no room for one more link.
    func upgrade(
        to protocolName: StaticString, _ fieldLines: StaticString,
        _ takeOver: @escaping HTTPStreamTakeOver, _ responder: HTTPResponder
    ) {
        guard server.reserveLink() else { return responder.respond(HTTPServer.noLink) }
        answers.appendSwitch(
            DeferredResponse(self, responder.form), to: protocolName, fieldLines, takeOver)
        state.pointee.end()
        scheduleContinuation()
    }

    func startStreaming(_ produce: @escaping (inout ByteQueue) -> Bool, form: AnswerForm) {
        let place = deferAnswer(form)
        place.stream(produce)
        if place.closes {
            // Nothing can follow it, though requests may have been taken already.
            state.pointee.end()
            for answer in answers.removeAll(behind: place) { answer.letGo() }
        }
        scheduleContinuation()
    }

    /// Lets `answer` write the answer of `place`; it may also put it off, or make it a stream.
    func fill(_ place: DeferredResponse, _ answer: (HTTPResponder) -> Void) {
        server.refreshDate()
        if isEnding, isOnlyOwed(place) {
            place.makeLast()
            state.pointee.end()
        }
        let outer = answers.beginMaking(place)
        answer(place.responder(on: self))
        if answers.endMaking(outer: outer) { place.markReady() }
        countHeld()
        if !isAnswerReady, answers.first === place {
            isAnswerReady = true
            server.atTurnEnd(self)
        }
    }

    /// Whether no further request of this connection is there or has begun to come.
    private func isOnlyOwed(_ place: DeferredResponse) -> Bool {
        answers.last === place && state.pointee.isBetweenMessages && state.pointee.input.isEmpty
    }

    /// The end of a turn in which an answer became ready.
    public func onTurnEnd() {
        isAnswerReady = false
        if !isClosed { pump() }
    }

    /// Writes the answers whose turn has come; of a streamed one, one piece.
    private func pump() {
        while let first = answers.first, first.isReady || first.isStream {
            answers.drainFirst(into: &server.output.pointee)
            if first.isStream {
                guard stream.queuedBytes == 0 else { break }
                first.produceNext(into: &server.output.pointee)
                if first.hasMore {
                    scheduleContinuation()
                    break
                }
            }
            let takeOver = first.takeOver
            answers.removeFirst().letGo()
            if let takeOver { return leaveHTTP(takeOver) }
            if first.closes { state.pointee.end() }
        }
        settle()
    }

    /// Answers a request that broke a rule, and takes no further one.
    func refuse(_ refusal: HTTPRefusal) {
        server.counters.pointee.refusals &+= 1
        state.pointee.end()
        state.pointee.dropMessage()
        let form = AnswerForm(refusing: head)
        if answers.isEmpty {
            responder(server.output, form).respond(refusal)
        } else {
            respondInTurn(form) { $0.respond(refusal) }
        }
    }

    /// HTTP has ended: writes what is left of it, and lets go of the stream.
    private func leaveHTTP(_ takeOver: HTTPStreamTakeOver) {
        flush(server.nowMilliseconds)
        setReadingPaused(false)
        isClosed = true
        server.onLeavingHTTP(self, stream, takeOver, unread: state.pointee.input.readable)
    }

    private func flush(_ now: UInt64) {
        let byteCount = server.output.pointee.count
        guard byteCount > 0 else { return }
        let queued = stream.write(server.output.pointee.readable)
        server.output.pointee.removeAll(keepingBytes: HTTPServer.outputKeptBytes)
        state.pointee.onOutput(byteCount: byteCount, queued: queued, now: now)
        if queued > 0 { countHeld() }
    }

    // MARK: Going on and ending

    /// Goes on in the next turn: with requests that were left lying, with the next piece of a
    /// stream.
    private func scheduleContinuation() {
        guard !isContinuationScheduled else { return }
        isContinuationScheduled = true
        server.schedule { [self] in
            isContinuationScheduled = false
            guard !isClosed else { return }
            let now = server.nowMilliseconds
            server.refreshDate(now)
            if state.pointee.lingersUntil == nil { consumeInput(now) }
            pump()
        }
    }

    /// After every event: writes, then sees whether to read on, to wait, or to end. When the server
    /// stops, an idle connection ends now, a busy one with the answer it is owed.
    func settle() { settle(server.nowMilliseconds) }

    private func settle(_ now: UInt64) {
        flush(now)
        guard !isClosed else { return }
        if state.pointee.lingersUntil != nil {
            if inputHasEnded { close() }
            return
        }
        if isStalled, !isFull {
            isStalled = false
            state.pointee.restartClock(now: now)
            scheduleContinuation()
        }
        let isAtRest = answers.isEmpty && !isContinuationScheduled && !isStalled
        let mayEnd =
            state.pointee.hasEnded || inputHasEnded
            || (server.isStopping && state.pointee.isAtHead)
        if isAtRest, mayEnd {
            finish()
        } else {
            setReadingPaused(isStalled || isContinuationScheduled || isLeavingHTTP)
        }
    }

    func setReadingPaused(_ isPaused: Bool) {
        guard isPaused != isReadingPaused, !inputHasEnded else { return }
        isReadingPaused = isPaused
        if isPaused { stream.pauseReading() } else { stream.resumeReading() }
    }
}
