import UVHTTP

// What a server sends: the answer to the handshake, replies and events.
extension ZooKeeperSession {
    mutating func onFrame(_ frame: UnsafeRawBufferPointer, now: UInt64) throws(JuteError) {
        var reader = JuteReader(frame)
        if case .handshaking = stage {
            return try onConnectResponse(reader.connectResponse(), now: now)
        }
        let header = try reader.replyHeader()
        switch header.xid {
        case Xid.watchEvent: try onEvent(try reader.watchEvent())
        case Xid.ping:
            guard let sentAt = pingSentAt else { throw .invalid("a reply to no ping") }
            pingSentAt = nil
            identity.confirm(at: sentAt)
        case Xid.auth: try onAuthenticated(ZooKeeperError(code: header.code))
        case Xid.setWatches: try onWatchesSet(header, now: now)
        default: try onReply(header, &reader)
        }
    }

    mutating func onConnectResponse(
        _ response: ConnectResponse, now: UInt64
    ) throws(JuteError) {
        let hadSession = identity.exists
        guard response.timeoutMilliseconds > 0 else {
            guard hadSession else { throw .invalid("a new session that has expired") }
            return onExpired(now: now)
        }
        try identity.accept(response)
        identity.confirm(at: handshakeSentAt)
        isNewSession = !hadSession
        connectedAt = now
        pingSentAt = nil
        stage = .restoring
        authentications.didConnect()
        sendAuthentications(now: now)
        if closeDeadline != nil { return sendCloseSession(now: now) }
        restoredBelow = watches.count
        restoreMore(now: now)
    }

    mutating func onExpired(now: UInt64) {
        identity.forget()
        watches.removeAll()
        actions.append(.disconnect)
        input.removeAll()
        guard closeDeadline == nil else { return finishClosing(isConfirmed: true) }
        actions.append(.state(.expired))
        // This server is there, and will begin a new one.
        guard let address else { return tryNextServer(now: now) }
        follow(.connect(server: server, address), now: now)
    }

    mutating func restoreMore(now: UInt64) {
        guard restoredBelow > 0 else { return didRestore(now: now) }
        scratch.removeAll()
        restoredBelow = watches.writeChunk(
            below: restoredBelow, relativeZxid: identity.watchZxid,
            bytesMax: Self.setWatchesBytesMax, to: &scratch)
        send(now: now)
        chunkSentAt = now
    }

    mutating func onWatchesSet(_ header: ReplyHeader, now: UInt64) throws(JuteError) {
        guard case .restoring = stage, !isCloseSent else {
            throw .invalid("a reply to no setWatches")
        }
        guard header.code == 0 else { throw .invalid("a server that refuses setWatches2") }
        // Not `watchZxid`: should the connection end now, the chunks that weren't sent yet must
        // catch up from where the last connection was.
        identity.confirm(at: chunkSentAt)
        identity.see(header.zxid, allWatchesAreSet: false)
        restoreMore(now: now)
    }

    mutating func didRestore(now: UInt64) {
        stage = .connected
        guard let address else { return }
        actions.append(
            .state(
                .connected(
                    ZooKeeperConnection(
                        sessionID: identity.sessionID, isNew: isNewSession,
                        timeoutMilliseconds: Int(identity.timeoutMilliseconds),
                        server: rotation.servers[server], address: address))))
        for event in heldEvents { actions.append(.event(event)) }
        heldEvents = []
    }

    mutating func onEvent(
        _ event: (kind: ZooKeeperEvent.Kind?, path: String)
    ) throws(JuteError) {
        guard let kind = event.kind else { return }
        watches.fire(kind, event.path)
        guard closeDeadline == nil else { return }
        let event = ZooKeeperEvent(kind: kind, path: event.path)
        if case .connected = stage {
            actions.append(.event(event))
        } else {
            guard heldEvents.count < options.pendingRequestsMax else {
                throw .invalid("events without end while watches are set")
            }
            heldEvents.append(event)
        }
    }

    mutating func onAuthenticated(_ error: ZooKeeperError?) throws(JuteError) {
        let id = try authentications.onAnswer()
        if let error {
            if let id { actions.append(.completed(id: id, .failure(error))) }
            return onAuthenticationRefused()
        }
        if let id { actions.append(.completed(id: id, .success(.done))) }
    }

    mutating func onReply(
        _ header: ReplyHeader, _ reader: inout JuteReader
    ) throws(JuteError) {
        guard let request = pending.first else { throw .invalid("a reply to no request") }
        guard request.xid == header.xid else { throw .invalid("a reply out of order") }
        let result = try reader.reply(to: request.opcode, code: header.code)
        pending.removeFirst()
        identity.confirm(at: request.sentAt)
        identity.see(header.zxid, allWatchesAreSet: true)
        if request.opcode == .closeSession { return finishClosing(isConfirmed: true) }
        change(request.watchChange, result)
        actions.append(.completed(id: request.id, result))
    }

    mutating func change(_ change: WatchChange, _ result: Result<Reply, ZooKeeperError>) {
        switch (change, result) {
        case (.none, _): break
        case (.exists(let path), .success(.noStat)): watches.add(.exists, path)
        case (.exists(let path), .success): watches.add(.data, path)
        case (.add(let watches, let path), .success): self.watches.add(watches, path)
        case (.remove(let watches, let path), .success),
            (.remove(let watches, let path), .failure(.noWatcher)):
            self.watches.remove(watches, path)
        case (_, .failure): break
        }
    }
}
