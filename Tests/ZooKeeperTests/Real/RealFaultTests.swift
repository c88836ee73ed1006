import Foundation
import Testing
import UVHTTP
import ZooKeeper

extension RealServerTests {
    /// What can happen to a session's server, and to the session.
    @Suite struct Faults {
        @Test func aServerThatIsKilledAndStartedAgainKeepsTheSession() throws {
            let real = try RealLoop()
            defer { real.end() }
            let server = try real.server()
            let recorder = try real.client(server.address, timeoutMilliseconds: 10_000)
            let first = try recorder.connect(in: real)
            let zk = recorder.client
            _ = try real.value { zk.create("/e", mode: .ephemeral, completion: $0) }
            try real.value { zk.addWatch("/", mode: .persistentRecursive, completion: $0) }
            #expect(try real.value { zk.exists("/once", watch: true, completion: $0) } == nil)
            server.end()
            try real.wait(for: "the loss") { !recorder.isConnected }
            try real.expect(.notConnected) { zk.get("/e", completion: $0) }
            try server.launch()
            try real.wait(for: "the session") { recorder.isConnected }
            let second = try #require(recorder.connections.last)
            #expect(second.sessionID == first.sessionID && !second.isNew)
            let ephemeral = try real.value { zk.exists("/e", completion: $0) }
            #expect(ephemeral?.ephemeralOwner == first.sessionID)
            let other = try real.client(server.address)
            try other.connect(in: real)
            _ = try real.value { other.client.create("/once", completion: $0) }
            try real.wait(for: "the watches") { !recorder.events.isEmpty }
            #expect(recorder.events == [ZooKeeperEvent(kind: .created, path: "/once")])
        }

        @Test func aRequestUnderWayAtALossIsAmbiguous() throws {
            let real = try RealLoop()
            defer { real.end() }
            let server = try real.server()
            let recorder = try real.client(server.address, timeoutMilliseconds: 1500)
            try recorder.connect(in: real)
            server.pause()
            var results: [Result<CreatedNode, ZooKeeperError>] = []
            recorder.client.create("/a") { results.append($0) }
            try real.wait(for: "the loss") { !recorder.isConnected }
            try real.wait(for: "the completion") { !results.isEmpty }
            #expect(results.count == 1 && results[0].failure == .connectionLoss)
            let silences = recorder.states.compactMap { state -> Int? in
                if case .disconnected(.silence(let milliseconds)) = state {
                    milliseconds
                } else {
                    nil
                }
            }
            // Two thirds of the timeout, and what a busy machine adds.
            #expect(silences.count == 1 && (1000...3000).contains(silences[0]))
            try real.wait(for: "our own clock") { recorder.client.state == .lost }
            server.resume()
            try real.wait(for: "a session") { recorder.isConnected }
            #expect(results.count == 1)
        }

        @Test func aSessionThatIsEndedElsewhereExpiresAndANewOneBegins() throws {
            let real = try RealLoop()
            defer { real.end() }
            let server = try real.server()
            let recorder = try real.client(server.address)
            let first = try recorder.connect(in: real)
            let zk = recorder.client
            _ = try real.value { zk.create("/e", mode: .ephemeral, completion: $0) }
            let session = try #require(zk.session)
            let thief = try real.client(server.address) { $0.session = session }
            let stolen = try thief.connect(in: real)
            #expect(stolen.sessionID == first.sessionID && !stolen.isNew)
            var isConfirmed: Bool?
            thief.client.close(deadlineMilliseconds: 5000) { isConfirmed = $0 }
            try real.wait(for: "a new session") {
                isConfirmed == true && recorder.states.contains(.expired) && recorder.isConnected
            }
            let last = try #require(recorder.connections.last)
            #expect(last.isNew && last.sessionID != first.sessionID)
            #expect(try real.value { zk.exists("/e", completion: $0) } == nil)
        }

        @Test func closingEndsTheSessionAtOnce() throws {
            let real = try RealLoop()
            defer { real.end() }
            let server = try real.server()
            let recorder = try real.client(server.address)
            let other = try real.client(server.address)
            try recorder.connect(in: real)
            try other.connect(in: real)
            let zk = recorder.client
            var created: Result<CreatedNode, ZooKeeperError>?
            var confirmations: [Bool] = []
            zk.create("/e", mode: .ephemeral) { created = $0 }
            zk.close(deadlineMilliseconds: 5000) { confirmations.append($0) }
            zk.close(deadlineMilliseconds: 1) { confirmations.append($0) }
            var refused: ZooKeeperError?
            zk.get("/e") { refused = $0.failure }
            try real.wait(for: "the end") { zk.state == .closed && confirmations.count == 2 }
            #expect(confirmations == [true, true] && refused == .closed)
            #expect(created?.failure == nil)
            #expect(zk.session == nil)
            #expect(try real.value { other.client.exists("/e", completion: $0) } == nil)
        }

        @Test func closingHasADeadline() throws {
            let real = try RealLoop()
            defer { real.end() }
            let server = try real.server()
            let recorder = try real.client(server.address)
            try recorder.connect(in: real)
            server.pause()
            let begin = RealLoop.clockMilliseconds()
            var confirmations: [Bool] = []
            recorder.client.close(deadlineMilliseconds: 300) { confirmations.append($0) }
            try real.wait(for: "the deadline") { !confirmations.isEmpty }
            #expect((290...2000).contains(RealLoop.clockMilliseconds() - begin))
            #expect(confirmations == [false] && recorder.client.state == .closed)
        }

        @Test func anEnsembleThatLosesItsLeaderKeepsTheSession() throws {
            let real = try RealLoop()
            defer { real.end() }
            let ensemble = try real.ensemble()
            let recorder = try real.client(ensemble.addresses, timeoutMilliseconds: 5000)
            let first = try recorder.connect(in: real)
            let zk = recorder.client
            _ = try real.value { zk.create("/e", mode: .ephemeral, completion: $0) }
            let leader = try ensemble.leader()
            leader.end()
            try real.waitForWrite(zk)
            leader.pause()
            try leader.launch()
            let successor = try ensemble.leader()
            #expect(successor !== leader)
            // Stopped, not dead: its connections stay open and say nothing.
            try leader.waitUntilServing()
            successor.pause()
            try real.waitForWrite(zk, seconds: 30)
            successor.resume()
            let server = try ensemble.server(of: recorder)
            server.pause()
            try real.wait(for: "the loss", seconds: 30) { !recorder.isConnected }
            try real.wait(for: "another server", seconds: 30) { recorder.isConnected }
            server.resume()
            #expect(recorder.connections.allSatisfy { $0.sessionID == first.sessionID })
            let ephemeral = try real.value { zk.exists("/e", completion: $0) }
            #expect(ephemeral?.ephemeralOwner == first.sessionID)
        }
    }
}

extension RealLoop {
    /// Writes until a write is done: there is a leader again.
    func waitForWrite(_ client: ZooKeeperClient, seconds: UInt64 = 20) throws {
        var isDone = false
        func write() {
            client.set("/", data: []) { [loop] result in
                if result.failure == nil { return isDone = true }
                loop.startTimer(afterMilliseconds: 20, repeatMilliseconds: 0) { write() }
            }
        }
        write()
        try wait(for: "a write", seconds: seconds) { isDone }
    }
}

extension Ensemble {
    /// The server that a client is connected to.
    func server(of recorder: Recorder) throws -> ServerProcess {
        let port = try #require(recorder.connections.last?.address.port)
        return try #require(servers.first { $0.port == port })
    }
}
