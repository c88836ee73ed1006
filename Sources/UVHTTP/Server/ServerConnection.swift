/// One client's connection: takes what `ServerConnectionState` finds in the bytes to the service,
/// keeps the answers in the order of the requests, and writes once per turn.
public final class ServerConnection: StreamHandler, TurnEndHandler {
    let server: HTTPServer
    let stream: any ByteStream
    let state: UnsafeMutablePointer<ServerConnectionState>
    var answers = AnswerQueue()
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
        state = .allocate(capacity: 1)
        state.initialize(to: ServerConnectionState(nowMilliseconds: server.nowMilliseconds))
        isEnding = hasLastPlace
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
        guard let base = bytes.baseAddress else { return }
        let now = server.nowMilliseconds
        server.refreshDate(now)
        guard state.pointee.isUnhindered, answers.isEmpty else {
            return take(bytes, after: nil, now)
        }
        let first = answerAtOnce(base, bytes.count, max: server.plainGetsMax, now)
        guard first.used == bytes.count else { return take(bytes, after: first, now) }
        let byteCount = server.output.pointee.count
        let queued = writeOutput()
        if queued > 0 { onQueued(byteCount, queued, now) }
    }

    /// Takes what was read but for the requests that are answered already; nil: nothing was tried.
    @inline(never)
    private func take(
        _ bytes: UnsafeMutableRawBufferPointer, after first: (answered: Int, used: Int)?,
        _ now: UInt64
    ) {
        guard !state.pointee.isLingering, let base = bytes.baseAddress else { return }
        if state.pointee.input.isEmpty {
            let used = consume(base, bytes.count, after: first, now)
            if used < bytes.count {
                state.pointee.input.append(UnsafeRawBufferPointer(bytes).dropping(used))
                onInputHeld()
            }
        } else {
            state.pointee.input.append(UnsafeRawBufferPointer(bytes))
            consumeInput(now)
            onInputHeld()
        }
        settle(now)
    }

    private func onInputHeld() {
        countHeld()
        server.relieveIfNeeded(sparing: self)
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

    // MARK: Giving answers

    func deferAnswer(_ form: AnswerForm) -> DeferredResponse {
        answers.putOff(DeferredResponse(self, form))
    }

    /// The last answer ends HTTP; what lies behind its request is not for us.
    var isLeavingHTTP: Bool { state.pointee.hasEnded && answers.endsWithSwitch }

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

    @inline(__always)
    func flush(_ now: UInt64) {
        let byteCount = server.output.pointee.count
        guard byteCount > 0 else { return }
        let queued = writeOutput()
        state.pointee.onOutput(byteCount: byteCount, queued: queued, now: now)
        if queued > 0 { countHeld() }
    }

    /// Returns how many bytes wait for the kernel now.
    @inline(__always)
    private func writeOutput() -> Int {
        let queued = stream.write(server.output.pointee.readable)
        server.output.pointee.removeAll(keepingBytes: HTTPServer.outputKeptBytes)
        return queued
    }

    @inline(never)
    private func onQueued(_ byteCount: Int, _ queued: Int, _ now: UInt64) {
        state.pointee.onOutput(byteCount: byteCount, queued: queued, now: now)
        countHeld()
        settle(now)
    }

    // MARK: Going on and ending

    /// Goes on in the next turn: with requests that were left lying, with the next piece of a
    /// stream.
    func scheduleContinuation() {
        guard !isContinuationScheduled else { return }
        isContinuationScheduled = true
        server.schedule { [self] in
            isContinuationScheduled = false
            guard !isClosed else { return }
            let now = server.nowMilliseconds
            server.refreshDate(now)
            if !state.pointee.isLingering { consumeInput(now) }
            pump()
        }
    }

    /// After every event: writes, then sees whether to read on, to wait, or to end. When the server
    /// stops, an idle connection ends now, a busy one with the answer it is owed.
    func settle() { settle(server.nowMilliseconds) }

    private func settle(_ now: UInt64) {
        flush(now)
        if state.pointee.flags.isDisjoint(with: .unsettled) { return }
        guard !isClosed else { return }
        if state.pointee.isLingering {
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
