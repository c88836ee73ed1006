import Foundation
import Testing
import UVHTTP

@Suite struct UVListenerTests {
    @Test func tellsThePortItGot() throws {
        try withUVLoop { loop in
            let listener = try loop.listenOnLoopback { _ in }
            #expect(listener.address.port != 0)
            #expect(listener.address.host == "127.0.0.1")
        }
    }

    @Test func throwsWhenThePortIsUsed() throws {
        try withUVLoop { loop in
            let listener = try loop.listenOnLoopback { _ in }
            #expect(throws: UVError.addressInUse) {
                try loop.listen(on: listener.address, backlog: 16) { _ in }
            }
        }
    }

    @Test func throwsWhenTheAddressIsNotOurs() throws {
        try withUVLoop { loop in
            let address = try #require(SocketAddress(numericHost: "192.0.2.1", port: 0))
            #expect(throws: UVError.addressNotAvailable) {
                try loop.listen(on: address, backlog: 16) { _ in }
            }
        }
    }

    @Test func freesItsPortWhenClosed() throws {
        try withUVLoop { loop in
            let listener = try loop.listenOnLoopback { _ in }
            listener.close()
            listener.close()
            let again = try loop.listen(on: listener.address, backlog: 16) { _ in }
            #expect(again.address == listener.address)
        }
    }

    @Test func mayBeClosedWhileItAccepts() throws {
        try withUVLoop { loop in
            var listener: (any StreamListener)?
            let server = Probe { probe, event in if event == .read { loop.stop() } }
            var accepted = 0
            listener = try loop.listenOnLoopback { stream in
                accepted += 1
                listener?.close()
                server.start(on: stream)
            }
            let port = try #require(listener?.address.port)
            let clients = [
                try PlainSocket(connectedTo: port), try PlainSocket(connectedTo: port),
            ]
            defer { for client in clients { client.close() } }
            clients[0].send("still served")
            loop.run()
            #expect(accepted == 1)
            #expect(server.text == "still served")
        }
    }

    @Test func acceptsMoreThanOneTurnTakes() throws {
        try withUVLoop { loop in
            var accepted = 0
            let listener = try loop.listenOnLoopback { stream in
                accepted += 1
                stream.close()
            }
            let clients = try (0..<200).map { _ in
                try PlainSocket(connectedTo: listener.address.port)
            }
            defer { for client in clients { client.close() } }
            loop.stop { accepted == 200 }
            loop.run()
            #expect(accepted == 200)
        }
    }

    /// In a process of its own, as it lowers the limit of descriptors.
    @Test func waitsInsteadOfSpinningWhenDescriptorsRunOut() async {
        await #expect(processExitsWith: .success) {
            try withUVLoop { loop in
                var accepted = 0
                let listener = try loop.listenOnLoopback { stream in
                    accepted += 1
                    stream.close()
                }
                let clients = try (0..<3).map { _ in
                    try PlainSocket(connectedTo: listener.address.port)
                }
                var limit = rlimit()
                getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
                let usual = limit
                limit.rlim_cur = 0
                setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
                let before = threadMilliseconds()
                var acceptedMeanwhile = -1
                loop.startTimer(afterMilliseconds: 350, repeatMilliseconds: 0) {
                    acceptedMeanwhile = accepted
                    var limit = usual
                    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
                }
                loop.stop { accepted == 3 }
                loop.run()
                precondition(acceptedMeanwhile == 0, "accepted without a descriptor")
                precondition(accepted == 3, "a waiting connection was lost")
                precondition((2...5).contains(loop.acceptFailures), "\(loop.acceptFailures)")
                let busy = threadMilliseconds() - before
                precondition(busy < 150, "the listener spins: \(busy) ms")
                for client in clients { client.close() }
            }
        }
    }
}
