/// How a connection ends: when all is answered, when its peer is too slow, when there is no room.
extension ServerConnection {
    /// Everything is answered: ends our direction, and reads on for a while, because closing with
    /// unread input would reset the connection and could destroy the last answer on its way (RFC
    /// 9112 §9.6).
    func finish() {
        state.pointee.end()
        guard stream.queuedBytes == 0 else { return }
        let now = server.nowMilliseconds
        let lingersUntil =
            state.pointee.restsSince.map { $0 + HTTPServer.drainMilliseconds }
            ?? now + server.limits.pointee.lingerMilliseconds
        stream.shutdown()
        if inputHasEnded || now >= lingersUntil {
            close()
        } else {
            setReadingPaused(false)
            state.pointee.lingersUntil = lingersUntil
        }
    }

    /// Called every `HTTPServer.sweepMilliseconds`.
    func onSweep(now: UInt64) {
        guard !isClosed else { return }
        let overdue = state.pointee.overdue(
            now: now, waiting: answers.count, queued: stream.queuedBytes,
            isHeldUp: isStalled || isContinuationScheduled, isCrowded: server.isCrowded,
            limits: server.limits)
        switch overdue {
        case nil: break
        case .silently: close()
        case .withRefusal(let refusal):
            refuse(refusal)
            settle()
        }
    }

    /// Closes at once: what lies unread or unanswered is given up.
    func close() {
        isClosed = true
        state.pointee.end()
        stream.close()
    }
}
