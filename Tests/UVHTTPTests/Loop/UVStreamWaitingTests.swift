import Foundation
import Testing
import UVHTTP

/// What a stream has the loop wait for: nothing that it can't use, or the loop would spin.
@Suite struct UVStreamWaitingTests {
    /// Runs the loop for a while with a connection that `body` is given once it stands; returns the
    /// milliseconds of processor time that the loop took then.
    private func millisecondsBusy(
        _ loop: UVLoop, _ client: Probe, _ server: Probe, _ body: @escaping () -> Void
    ) throws -> Int {
        var begun = 0
        var isAccepted = false
        let listener = try loop.listenOnLoopback {
            server.start(on: $0)
            isAccepted = true
        }
        client.start(on: loop.connect(to: listener.address))
        loop.startTimer(afterMilliseconds: 20, repeatMilliseconds: 0) {
            #expect(isAccepted)
            body()
            begun = threadMilliseconds()
        }
        loop.startTimer(afterMilliseconds: 320, repeatMilliseconds: 0) { loop.stop() }
        loop.run()
        return threadMilliseconds() - begun
    }

    @Test func aPausedStreamDoesNotSpinOverWhatHasCome() throws {
        try withUVLoop { loop in
            let client = Probe()
            let server = Probe()
            let busy = try millisecondsBusy(loop, client, server) {
                server.call { $0.pauseReading() }
                client.write("abc")
            }
            #expect(busy < 100, "\(busy) ms of 300")
            #expect(server.received.isEmpty)
            server.reaction = { _, _ in loop.stop() }
            server.call { $0.resumeReading() }
            loop.run()
            #expect(server.text == "abc")
        }
    }

    @Test func anEndedInputDoesNotSpin() throws {
        try withUVLoop { loop in
            let client = Probe()
            let server = Probe()
            let busy = try millisecondsBusy(loop, client, server) {
                client.call { $0.shutdown() }
            }
            #expect(busy < 100, "\(busy) ms of 300")
            #expect(server.events == [.endOfInput])
        }
    }

    /// The peer reads nothing, so that the kernel takes no more, and has sent what isn't read.
    @Test func aPausedStreamWithOutputThatWaitsDoesNotSpinAndGoesOn() throws {
        try withUVLoop { loop in
            let big = [UInt8](repeating: 7, count: 16 * 1024 * 1024)
            let client = Probe()
            let server = Probe()
            let busy = try millisecondsBusy(loop, client, server) {
                client.call { $0.pauseReading() }
                server.call { $0.pauseReading() }
                client.write("abc")
                server.write(big)
            }
            #expect(busy < 100, "\(busy) ms of 300")
            #expect(server.received.isEmpty && server.stream?.queuedBytes ?? 0 > 0)
            client.keepsReceived = false
            server.reaction = { _, event in if event == .drained { loop.stop() } }
            client.call { $0.resumeReading() }
            loop.run()
            #expect(server.stream?.queuedBytes == 0)
            #expect(server.events == [.drained], "paused, it hears nothing else")
        }
    }

    @Test func aResetEndsAPausedStreamOnlyOnceItWritesOrReadsOn() throws {
        try withUVLoop { loop in
            let client = Probe()
            let server = Probe()
            let busy = try millisecondsBusy(loop, client, server) {
                server.call { $0.pauseReading() }
                // Closed with unread bytes: a reset.
                server.write("abc")
                client.call { $0.pauseReading() }
                loop.startTimer(afterMilliseconds: 10, repeatMilliseconds: 0) {
                    client.call { $0.close() }
                }
            }
            #expect(busy < 100, "\(busy) ms of 300")
            #expect(server.events.isEmpty)
            server.reaction = { probe, _ in if probe.isClosed { loop.stop() } }
            server.call { $0.resumeReading() }
            loop.run()
            #expect(server.events == [.closed(.connectionReset)])
        }
    }

    @Test func connectingWithoutADescriptorIsToldInALaterTurn() async {
        await #expect(processExitsWith: .success) {
            try withUVLoop { loop in
                var limit = rlimit()
                getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
                let usual = limit.rlim_cur
                limit.rlim_cur = 0
                setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
                let client = Probe { _, _ in loop.stop() }
                let stream = loop.connect(to: try loopbackAddress(port: 9))
                client.start(on: stream)
                precondition(client.events.isEmpty, "told from inside")
                loop.run()
                limit.rlim_cur = usual
                setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
                precondition(client.events == [.closed(.tooManyFiles)], "\(client.events)")
            }
        }
    }
}
