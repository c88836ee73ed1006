import Foundation
import Testing
import UVHTTP

/// How streams end: by ourselves, by the peer, by failure.
@Suite struct UVStreamClosingTests {
    /// Runs `loop` a few milliseconds longer, so that what wrongly still comes can come.
    private func settle(_ loop: UVLoop) {
        loop.startTimer(afterMilliseconds: 20, repeatMilliseconds: 0) { loop.stop() }
        loop.run()
    }

    @Test(arguments: [Probe.Event.connected, .read, .endOfInput, .drained])
    func mayBeClosedFromInsideEachCallback(_ event: Probe.Event) throws {
        try withUVLoop { loop in
            let megabytes = [UInt8](repeating: 1, count: 4 * 1024 * 1024)
            // Gives the client something of everything: bytes, an end, and readers for its own.
            let server = Probe { probe, event in
                if event == .read, probe.events.count == 1 {
                    probe.write(megabytes)
                    probe.call { $0.shutdown() }
                }
            }
            var reads = 0
            let client = Probe { probe, happened in
                if happened == .connected { probe.write(megabytes) }
                if happened == .read { reads += 1 }
                if happened == event {
                    probe.call { $0.close() }
                    probe.call { $0.close() }
                    probe.write("dropped")
                    #expect(probe.stream?.queuedBytes == 0)
                }
                if case .closed = happened {
                    probe.call { $0.close() }
                    loop.stop()
                }
            }
            try loop.connect(client, server)
            loop.run()
            settle(loop)
            let last = Array(client.events.suffix(2))
            #expect(last == [event, .closed(nil)])
            #expect(client.events.count { if case .closed = $0 { true } else { false } } == 1)
            if event == .read { #expect(reads == 1) }
            #expect(!client.wasCalledFromInside)
        }
    }

    @Test func closesBeforeItIsConnected() throws {
        try withUVLoop { loop in
            let client = Probe { _, _ in loop.stop() }
            let listener = try loop.listenOnLoopback { $0.close() }
            client.start(on: loop.connect(to: listener.address))
            client.call { $0.close() }
            #expect(client.events.isEmpty)
            loop.run()
            settle(loop)
            #expect(client.events == [.closed(nil)])
            #expect(!client.wasCalledFromInside)
        }
    }

    @Test func tellsThatNobodyListens() throws {
        try withUVLoop { loop in
            let bound = try PlainSocket()
            defer { bound.close() }
            let client = Probe { _, _ in loop.stop() }
            client.start(on: loop.connect(to: try loopbackAddress(port: bound.bind())))
            #expect(client.events.isEmpty)
            loop.run()
            settle(loop)
            #expect(client.events == [.closed(.connectionRefused)])
            #expect(!client.wasCalledFromInside)
        }
    }

    @Test func tellsTheKernelsRefusalInALaterTurn() throws {
        try withUVLoop { loop in
            // TCP to the broadcast address fails at the call itself.
            let broadcast = try #require(SocketAddress(numericHost: "255.255.255.255", port: 9))
            let client = Probe { _, _ in loop.stop() }
            client.start(on: loop.connect(to: broadcast))
            #expect(client.events.isEmpty)
            client.write("nobody reads this")
            loop.run()
            settle(loop)
            #expect(client.events.count == 1)
            #expect(client.isClosed && client.events != [.closed(nil)])
        }
    }

    @Test func tellsALateHandlerThatConnectingFailed() throws {
        try withUVLoop { loop in
            let bound = try PlainSocket()
            defer { bound.close() }
            let stream = loop.connect(to: try loopbackAddress(port: bound.bind()))
            let client = Probe { _, _ in loop.stop() }
            loop.startTimer(afterMilliseconds: 20, repeatMilliseconds: 0) {
                client.start(on: stream)
                #expect(client.events.isEmpty)
            }
            loop.run()
            settle(loop)
            #expect(client.events == [.closed(.connectionRefused)])
        }
    }

    @Test func tellsAHandlerThatIsStartedAfterTheClose() throws {
        try withUVLoop { loop in
            let handlers = [Probe(), Probe()]
            let listener = try loop.listenOnLoopback { _ in }
            let streams = handlers.map { _ in loop.connect(to: listener.address) }
            for stream in streams { stream.close() }
            handlers[0].start(on: streams[0])
            loop.startTimer(afterMilliseconds: 10, repeatMilliseconds: 0) {
                handlers[1].start(on: streams[1])
            }
            loop.stop { handlers.allSatisfy(\.isClosed) }
            loop.run()
            #expect(handlers.map(\.events) == [[.closed(nil)], [.closed(nil)]])
            #expect(handlers.allSatisfy { !$0.wasCalledFromInside })
        }
    }

    @Test func closesAnAcceptedStreamThatNobodyStarted() throws {
        try withUVLoop { loop in
            var weakStream: WeakReference?
            let listener = try loop.listenOnLoopback { stream in
                weakStream = WeakReference(object: stream)
                stream.close()
            }
            let client = Probe { _, event in if event == .endOfInput { loop.stop() } }
            client.start(on: loop.connect(to: listener.address))
            loop.run()
            #expect(client.events == [.connected, .endOfInput])
            #expect(weakStream != nil)
            #expect(weakStream?.object == nil)
        }
    }

    @Test func tellsThatThePeerResetTheConnection() throws {
        try withUVLoop { loop in
            let server = Probe { probe, event in
                if case .closed = event { loop.stop() }
            }
            var client: PlainSocket?
            let listener = try loop.listenOnLoopback { stream in
                server.start(on: stream)
                client?.reset()
            }
            client = try PlainSocket(connectedTo: listener.address.port)
            loop.run()
            settle(loop)
            #expect(server.events == [.closed(.connectionReset)])
        }
    }

    @Test func reportsAFailedWriteInALaterTurn() throws {
        try withUVLoop { loop in
            let server = Probe { _, event in if case .closed = event { loop.stop() } }
            var client: PlainSocket?
            let listener = try loop.listenOnLoopback { stream in
                // Paused, so that only the write can notice.
                stream.pauseReading()
                server.start(on: stream)
                client?.reset()
                server.write("first")
                server.write("second")
                #expect(server.events.isEmpty)
            }
            client = try PlainSocket(connectedTo: listener.address.port)
            loop.run()
            settle(loop)
            #expect(server.events.count == 1)
            #expect(server.isClosed && server.events != [.closed(nil)])
            #expect(!server.wasCalledFromInside)
        }
    }

    @Test func reportsTheFailureOfWhatWasQueued() throws {
        try withUVLoop { loop in
            let server = Probe { _, event in if case .closed = event { loop.stop() } }
            var client: PlainSocket?
            let listener = try loop.listenOnLoopback { stream in
                stream.pauseReading()
                server.start(on: stream)
                server.write([UInt8](repeating: 1, count: 32 * 1024 * 1024))
                #expect(stream.queuedBytes > 0)
                loop.startTimer(afterMilliseconds: 10, repeatMilliseconds: 0) { client?.reset() }
            }
            client = try PlainSocket(connectedTo: listener.address.port)
            loop.run()
            settle(loop)
            #expect(server.events.count == 1)
            #expect(server.isClosed && server.events != [.closed(nil)])
            #expect(server.stream?.queuedBytes == 0)
        }
    }

    @Test func aCycleOfHandlerAndStreamEndsWithOnClosed() throws {
        try withUVLoop { loop in
            var weakHandler: WeakReference?
            var weakStream: WeakReference?
            let listener = try loop.listenOnLoopback { _ in }
            var isDone = false
            do {
                let handler = Probe { probe, event in
                    if event == .connected { probe.call { $0.close() } }
                    if case .closed = event { isDone = true }
                }
                handler.start(on: loop.connect(to: listener.address))
                weakHandler = WeakReference(object: handler)
                weakStream = WeakReference(object: handler.stream)
            }
            #expect(weakHandler?.object != nil)
            loop.stop { isDone }
            loop.run()
            #expect(weakHandler?.object == nil)
            #expect(weakStream?.object == nil)
        }
    }

    @Test func twoThousandStreamsLeaveNothingBehind() throws {
        try withUVLoop(seconds: 60) { loop in
            let total = 2000
            var references: [WeakReference] = []
            var opened = 0
            var closed = 0
            let listener = try loop.listenOnLoopback { stream in
                let server = Probe { probe, event in
                    if event == .read { probe.write(probe.received) }
                    if event == .endOfInput { probe.call { $0.close() } }
                    if case .closed = event { closed += 1 }
                }
                server.start(on: stream)
                references.append(WeakReference(object: server))
                references.append(WeakReference(object: stream))
            }
            func openOne() {
                guard opened < total else { return }
                opened += 1
                let client = Probe { probe, event in
                    if event == .connected { probe.write("x") }
                    if event == .read { probe.call { $0.close() } }
                    guard case .closed(let error) = event else { return }
                    #expect(error == nil)
                    closed += 1
                    openOne()
                }
                client.start(on: loop.connect(to: listener.address))
                references.append(WeakReference(object: client))
                references.append(WeakReference(object: client.stream))
            }
            for _ in 0..<100 { openOne() }
            loop.stop { closed == 2 * total }
            loop.run()
            settle(loop)
            #expect(references.count == 4 * total)
            #expect(references.count { $0.object != nil } == 0)
        }
    }
}
