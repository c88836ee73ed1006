import UVHTTP

/// Decides everything about a session: a state machine that takes bytes, requests and the time, and
/// returns bytes and actions. It knows no socket, no clock and no source of chance but its seed.
///
/// Times are milliseconds of a monotonic clock. After every call the caller performs `takeActions`,
/// writes `output`, and sees to it that `onTimer` is called at `deadline`.
///
/// A connection goes through these stages, and from each of them back to looking for a server:
/// 1. `resolving`, `connecting`: within the connect timeout, which the handshake shares.
/// 2. `handshaking`: the session's number and password, then all authentications.
/// 3. `restoring`: the watches, a chunk after the other, each after the reply to the one before, so
///    that no turn of the loop is long. Events wait until the end of it.
/// 4. `connected`: requests are sent as they come; replies come in their order.
struct ZooKeeperSession: ~Copyable {
    enum Stage {
        case idle, resolving(server: Int), connecting, handshaking, restoring, connected
        case waiting(until: UInt64)
        case ended(ZooKeeperError)
    }

    /// Bytes of paths in one `setWatches2`: the reference client's limit is 128 kB.
    static let setWatchesBytesMax = 64 << 10

    let options: ZooKeeperOptions
    var stage = Stage.idle
    var rotation: ServerRotation
    /// What is to be written to the connection.
    var output = ByteQueue()
    var actions: [SessionAction] = []

    var identity: SessionIdentity
    var watches = WatchTable()
    var pending = PendingRequests()
    var authentications: AuthenticationList
    var input: FrameBuffer
    var scratch = JuteWriter()
    var lastXid: Int32 = 0

    /// Who is connected to, or is to be.
    var server = 0
    var address: SocketAddress?
    var isLookingUp: [Bool]
    /// What a look-up found after its server's time was over.
    var lateAddresses: [Int: [SocketAddress]] = [:]
    var attemptDeadline: UInt64 = 0
    var attemptMilliseconds: UInt64 = 0

    var lastHeardAt: UInt64 = 0
    var lastSentAt: UInt64 = 0
    var pingSentAt: UInt64?
    var handshakeSentAt: UInt64 = 0
    var connectedAt: UInt64 = 0
    /// The session is new on this connection; told with `connected`.
    var isNewSession = false
    /// Watches from this index on are set again; the last chunk of them went at that time.
    var restoredBelow = 0
    var chunkSentAt: UInt64 = 0
    var heldEvents: [ZooKeeperEvent] = []
    /// `close` was called; the session is to be over at this time.
    var closeDeadline: UInt64?
    var isCloseSent = false

    init(servers: [Endpoint], options: ZooKeeperOptions, seed: UInt64) {
        self.options = options
        rotation = ServerRotation(servers: servers, seed: seed)
        identity = SessionIdentity(options: options)
        authentications = AuthenticationList(options.authentications)
        input = FrameBuffer(frameBytesMax: options.replyBytesMax)
        isLookingUp = Array(repeating: false, count: servers.count)
    }

    var isEnded: Bool {
        if case .ended = stage { return true }
        return false
    }

    var hasActions: Bool { !actions.isEmpty }

    mutating func takeActions() -> [SessionAction] {
        var taken: [SessionAction] = []
        swap(&taken, &actions)
        return taken
    }

    mutating func didWriteOutput() { output.removeAll(keepingBytes: 65_536) }

    // MARK: What the owner wants

    mutating func start(now: UInt64) {
        guard case .idle = stage else { return }
        tryNextServer(now: now)
    }

    /// Sends `request`, or says why not. The reply comes as `completed` with this `id`.
    mutating func submit(_ request: Request, id: Int, now: UInt64) -> ZooKeeperError? {
        if case .ended(let error) = stage { return error }
        guard closeDeadline == nil else { return .closed }
        guard case .connected = stage else { return .notConnected }
        guard pending.count < options.pendingRequestsMax else { return .tooManyRequests }
        scratch.removeAll()
        scratch.request(request, xid: nextXid())
        let byteCount = scratch.count
        guard byteCount <= options.requestBytesMax else {
            return .requestTooLarge(bytes: byteCount, limit: options.requestBytesMax)
        }
        guard pending.byteCount + byteCount <= options.pendingBytesMax else {
            return .tooManyRequests
        }
        sendPending(request, id: id, now: now)
        return nil
    }

    /// Authenticates this connection and all that follow.
    mutating func authenticate(_ authentication: Authentication, id: Int, now: UInt64) {
        if case .ended(let error) = stage {
            actions.append(.completed(id: id, .failure(error)))
            return
        }
        authentications.append(authentication, id: id)
        switch stage {
        case .restoring, .connected: sendAuthentications(now: now)
        default: break
        }
    }

    /// Ends the session by `deadline`; the action `closed` tells of it.
    mutating func close(deadline: UInt64, now: UInt64) {
        guard closeDeadline == nil else { return }
        closeDeadline = deadline
        switch stage {
        case .idle, .ended: return finishClosing(isConfirmed: false)
        case .connected, .restoring: sendCloseSession(now: now)
        default: break
        }
        if !identity.exists || deadline <= now { finishClosing(isConfirmed: false) }
    }

    // MARK: What the network says

    /// What a look-up that was asked for has found.
    mutating func onResolved(
        server: Int, _ result: Result<[SocketAddress], UVError>, now: UInt64
    ) {
        isLookingUp[server] = false
        guard case .resolving(server) = stage else {
            if !isEnded { lateAddresses[server] = try? result.get() }
            return
        }
        switch result {
        case .success(let addresses):
            rotation.didResolve(server, addresses)
            tryNextServer(now: now)
        case .failure(let error):
            failAttempt(.unresolved(error), now: now)
        }
    }

    /// The connection that was asked for stands.
    mutating func onConnected(now: UInt64) {
        guard case .connecting = stage else { return }
        stage = .handshaking
        handshakeSentAt = now
        lastHeardAt = now
        scratch.removeAll()
        scratch.connect(identity.connectRequest)
        send(now: now)
    }

    mutating func onRead(_ bytes: UnsafeRawBufferPointer, now: UInt64) {
        switch stage {
        case .handshaking, .restoring, .connected: break
        default: return
        }
        lastHeardAt = now
        input.append(bytes)
        do throws(JuteError) {
            while let frameBytes = try input.nextFrameBytes() {
                try onFrame(input.frame(frameBytes), now: now)
                guard isReading else { return }
                input.removeFrame(frameBytes)
            }
        } catch {
            drop(.malformed(error.description), now: now)
        }
    }

    /// The connection is gone, or will be; `reason` says how.
    mutating func onDisconnected(_ reason: DisconnectReason, now: UInt64) {
        switch stage {
        case .connecting, .handshaking, .restoring, .connected: drop(reason, now: now)
        default: break
        }
    }

    /// Whether more of what the server sent is of interest.
    var isReading: Bool {
        switch stage {
        case .handshaking, .restoring, .connected: true
        default: false
        }
    }

    // MARK: Time

    /// When `onTimer` is to be called; nil for never.
    var deadline: UInt64? {
        var earliest = closeDeadline ?? .max
        switch stage {
        case .idle: break
        case .ended: return nil
        case .resolving, .connecting, .handshaking: earliest = min(earliest, attemptDeadline)
        case .waiting(let until): earliest = min(earliest, until)
        case .restoring, .connected:
            earliest = min(earliest, lastHeardAt + silenceMilliseconds)
            if pingSentAt == nil { earliest = min(earliest, lastSentAt + pingMilliseconds) }
        }
        if let lostAt = identity.lostAt { earliest = min(earliest, lostAt) }
        return earliest == .max ? nil : earliest
    }

    mutating func onTimer(now: UInt64) {
        guard !isEnded else { return }
        if let closeDeadline, now >= closeDeadline {
            return finishClosing(isConfirmed: false)
        }
        if let lostAt = identity.lostAt, now >= lostAt { onLost(now: now) }
        switch stage {
        case .idle, .ended: break
        case .resolving, .connecting, .handshaking:
            if now >= attemptDeadline { onAttemptTimeout(now: now) }
        case .waiting(let until):
            if now >= until { tryNextServer(now: now) }
        case .restoring, .connected:
            if now >= lastHeardAt + silenceMilliseconds {
                drop(.silence(milliseconds: Int(now - lastHeardAt)), now: now)
            } else if pingSentAt == nil, now >= lastSentAt + pingMilliseconds {
                sendPing(now: now)
            }
        }
    }

    var silenceMilliseconds: UInt64 { identity.timeoutMilliseconds * 2 / 3 }
    var pingMilliseconds: UInt64 { identity.timeoutMilliseconds / 3 }
    var pauseMillisecondsMax: UInt64 {
        // Not below 50: no server may make its clients try without a pause.
        min(UInt64(max(1, options.retryMillisecondsMax)), max(50, identity.timeoutMilliseconds / 6))
    }

    /// No server has confirmed the session for its whole timeout.
    mutating func onLost(now: UInt64) {
        switch stage {
        case .restoring, .connected:
            drop(.silence(milliseconds: Int(now - lastHeardAt)), now: now)
        default: break
        }
        identity.isLost = true
        if closeDeadline == nil { actions.append(.state(.lost)) }
    }

    mutating func onAttemptTimeout(now: UInt64) {
        if case .resolving = stage { return failAttempt(.unresolved(.timedOut), now: now) }
        drop(.connectTimeout(milliseconds: Int(attemptMilliseconds)), now: now)
    }

    // MARK: Sending

    mutating func nextXid() -> Int32 {
        lastXid = lastXid == .max ? 1 : lastXid + 1
        return lastXid
    }

    /// Sends the request that was written to `scratch`, as one that is replied to.
    mutating func sendPending(_ request: Request, id: Int, now: UInt64) {
        pending.append(
            PendingRequests.Entry(
                xid: lastXid, opcode: request.opcode, id: id, watchChange: request.watchChange,
                sentAt: now, byteCount: scratch.count))
        send(now: now)
    }

    /// Sends what was written to `scratch`, as one frame.
    mutating func send(now: UInt64) {
        let length = Int32(truncatingIfNeeded: scratch.count).bigEndian
        withUnsafeBytes(of: length) { output.append($0) }
        output.append(scratch.written)
        lastSentAt = now
    }

    mutating func sendPing(now: UInt64) {
        scratch.removeAll()
        scratch.ping()
        send(now: now)
        pingSentAt = now
    }

    mutating func sendAuthentications(now: UInt64) {
        while let authentication = authentications.nextToSend() {
            scratch.removeAll()
            scratch.auth(authentication)
            send(now: now)
        }
    }

    mutating func sendCloseSession(now: UInt64) {
        guard !isCloseSent else { return }
        isCloseSent = true
        scratch.removeAll()
        scratch.request(.closeSession, xid: nextXid())
        sendPending(.closeSession, id: -1, now: now)
    }

    // MARK: Endings

    /// Ends the connection, or the attempt at one, and goes on to the next.
    mutating func drop(_ reason: DisconnectReason, now: UInt64) {
        var wasConnected = false
        if case .connected = stage { wasConnected = true }
        letGoOfConnection()
        isCloseSent = false
        if wasConnected {
            if closeDeadline == nil { actions.append(.state(.disconnected(reason))) }
        } else {
            actions.append(.connectFailed(rotation.servers[server], reason))
        }
        failPending(with: .connectionLoss)
        if wasConnected, now - connectedAt >= pauseMillisecondsMax {
            let max = pauseMillisecondsMax
            follow(rotation.didLoseGoodConnection(pauseMillisecondsMax: max), now: now)
        } else {
            tryNextServer(now: now)
        }
    }

    mutating func letGoOfConnection() {
        output.removeAll(keepingBytes: 65_536)
        input.removeAll()
        heldEvents = []
        actions.append(.disconnect)
    }

    mutating func failPending(with error: ZooKeeperError) {
        for request in pending.removeAll() where request.opcode != .closeSession {
            actions.append(.completed(id: request.id, .failure(error)))
        }
    }

    mutating func finishClosing(isConfirmed: Bool) {
        if isConfirmed { identity.forget() }
        end(.closed, .closed)
        actions.append(.closed(isConfirmed: isConfirmed))
    }

    mutating func onAuthenticationRefused() {
        guard closeDeadline == nil else { return finishClosing(isConfirmed: false) }
        end(.authFailed, .authFailed)
    }

    /// The end of it all; what the output holds is still written.
    mutating func end(_ state: ZooKeeperState, _ error: ZooKeeperError) {
        stage = .ended(error)
        actions.append(.disconnect)
        actions.append(.state(state))
        failPending(with: error == .closed ? .connectionLoss : error)
        for id in authentications.takeIDs() {
            actions.append(.completed(id: id, .failure(error)))
        }
        watches.removeAll()
        lateAddresses = [:]
    }
}
