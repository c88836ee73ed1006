import UVHTTP

// Finding a server.
extension ZooKeeperSession {
    mutating func tryNextServer(now: UInt64) {
        follow(rotation.next(pauseMillisecondsMax: pauseMillisecondsMax), now: now)
    }

    mutating func follow(_ step: ServerRotation.Step, now: UInt64) {
        // Not yet known which server: a look-up shares the time with the connection that follows.
        let addresses = UInt64(max(1, rotation.addressCount))
        attemptMilliseconds = max(1, identity.timeoutMilliseconds / (3 * addresses))
        switch step {
        case .wait(let milliseconds): stage = .waiting(until: now + milliseconds)
        case .resolve(let server): resolve(server, now: now)
        case .connect(let server, let address):
            stage = .connecting
            self.server = server
            self.address = address
            attemptDeadline = now + attemptMilliseconds
            actions.append(.connect(address))
        }
    }

    mutating func resolve(_ server: Int, now: UInt64) {
        if let addresses = lateAddresses.removeValue(forKey: server) {
            rotation.didResolve(server, addresses)
            return tryNextServer(now: now)
        }
        stage = .resolving(server: server)
        self.server = server
        attemptDeadline = now + attemptMilliseconds
        // A look-up can take longer than an attempt; there is only one of a name at a time.
        guard !isLookingUp[server] else { return }
        isLookingUp[server] = true
        actions.append(.resolve(server: server, rotation.servers[server]))
    }

    mutating func failAttempt(_ reason: DisconnectReason, now: UInt64) {
        actions.append(.connectFailed(rotation.servers[server], reason))
        tryNextServer(now: now)
    }
}
