/// How a connection ends: when all is answered, when its peer is too slow, when it holds too much.
extension ServerConnection {
    /// Everything is answered: ends our direction, and reads on for a while, because closing with
    /// unread input would reset the connection and could destroy the last answer on its way (RFC
    /// 9112 §9.6). A connection that rests has had that while.
    func finish() {
        let restsSince = state.pointee.restsSince
        state.pointee.end()
        guard stream.queuedBytes == 0 else { return }
        let now = server.nowMilliseconds
        let lingersUntil =
            restsSince.map { $0 + HTTPServer.drainMilliseconds }
            ?? now + server.limits.pointee.lingerMilliseconds
        stream.shutdown()
        if inputHasEnded || now >= lingersUntil {
            close()
        } else {
            setReadingPaused(false)
            state.pointee.linger(until: lingersUntil)
        }
    }

    /// Called every `HTTPServer.sweepMilliseconds`.
    func onSweep(now: UInt64) {
        guard !isClosed else { return }
        countHeld()
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

    /// Closes and gives back what is held, for the sake of the others. Not from inside an event of
    /// this connection, whose bytes lie there.
    func cutOff() {
        close()
        state.pointee.dropInput()
        countHeld()
    }

    /// Counts what is held for this connection. What grows is counted at once, what shrinks with
    /// the next sweep.
    @inline(never)
    func countHeld() {
        let held = state.pointee.heldBytes + answers.byteCount + stream.queuedBytes
        let isMuch = held > server.shareOfHeldBytes
        holdsMuchSince =
            isMuch ? (holdsMuchSince == 0 ? server.nowMilliseconds : holdsMuchSince) : 0
        let change = held - heldBytes
        heldBytes = held
        if change != 0 { server.onHolding(change) }
    }
}
