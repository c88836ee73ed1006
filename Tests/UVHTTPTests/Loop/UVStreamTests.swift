import Foundation
import Testing
import UVHTTP

/// Bytes through real loopback connections.
@Suite struct UVStreamTests {
    @Test func echoes() throws {
        try withUVLoop { loop in
            let server = Probe { probe, event in
                if event == .read { probe.write(Array(probe.lastReadBytes)) }
            }
            let client = Probe { probe, event in
                if event == .connected {
                    probe.write("hello, ")
                    probe.write("")
                    probe.write("tree")
                }
                if probe.text == "hello, tree" { loop.stop() }
            }
            let listener = try loop.connect(client, server)
            loop.run()
            #expect(client.text == "hello, tree")
            #expect(client.events == [.connected, .read])
            #expect(server.events == [.read])
            #expect(client.stream?.peer == listener.address)
            #expect(server.stream?.peer?.host == "127.0.0.1")
            #expect(client.stream?.queuedBytes == 0)
            #expect(!client.wasCalledFromInside && !server.wasCalledFromInside)
        }
    }

    @Test func echoesOverIPv6() throws {
        try withUVLoop { loop in
            let address = try #require(SocketAddress(numericHost: "::1", port: 0))
            let server = Probe { _, event in if event == .read { loop.stop() } }
            let listener: any StreamListener
            do {
                listener = try loop.listen(on: address, backlog: 4) { server.start(on: $0) }
            } catch let error as UVError
                where ["EADDRNOTAVAIL", "EAFNOSUPPORT"].contains(error.name)
            {
                return  // A machine without IPv6.
            }
            let client = Probe { probe, event in if event == .connected { probe.write("six") } }
            client.start(on: loop.connect(to: listener.address))
            loop.run()
            #expect(server.text == "six")
            #expect(server.stream?.peer?.host == "::1")
        }
    }

    /// A block that repeats in a length that no buffer has, so that a lost, doubled or moved piece
    /// shows.
    private static let block: [UInt8] = (0..<65_521).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    private static let blocks = block + block + block

    /// True when `bytes` are what stands at `position` of the repeated block.
    private static func isExpected(_ bytes: UnsafeRawBufferPointer, at position: Int) -> Bool {
        blocks.withUnsafeBytes {
            let offset = position % block.count
            guard let base = $0.baseAddress, let read = bytes.baseAddress,
                bytes.count <= $0.count - offset
            else { return false }
            return memcmp(base + offset, read, bytes.count) == 0
        }
    }

    @Test func carriesThirtyTwoMiBThroughBackpressureBothWays() throws {
        try withUVLoop(seconds: 60) { loop in
            let blocks = 32 * 1024 * 1024 / Self.block.count + 1
            let total = blocks * Self.block.count
            var sent = 0
            var echoedAt = 0
            var isExact = true
            var queuedMax = 0

            func sendMore(_ probe: Probe) {
                while sent < blocks, (probe.stream?.queuedBytes ?? 0) < 262_144 {
                    probe.write(Self.block)
                    sent += 1
                }
                queuedMax = max(queuedMax, probe.stream?.queuedBytes ?? 0)
                if sent == blocks { probe.call { $0.shutdown() } }
            }
            let server = Probe { probe, event in
                switch event {
                case .read:
                    probe.call { $0.write(probe.lastReadBytes) }
                    if (probe.stream?.queuedBytes ?? 0) > 0 { probe.call { $0.pauseReading() } }
                case .drained: probe.call { $0.resumeReading() }
                case .endOfInput: probe.call { $0.shutdown() }
                default: break
                }
            }
            let client = Probe { probe, event in
                switch event {
                case .connected, .drained: sendMore(probe)
                case .read:
                    let bytes = probe.lastReadBytes
                    isExact = isExact && Self.isExpected(bytes, at: echoedAt)
                    echoedAt += bytes.count
                case .endOfInput: loop.stop()
                case .closed: loop.stop()
                }
            }
            server.keepsReceived = false
            client.keepsReceived = false
            try loop.connect(client, server)
            loop.run()
            #expect(isExact)
            #expect(echoedAt == total)
            #expect(queuedMax < 262_144 + Self.block.count)
            #expect(!client.wasCalledFromInside && !server.wasCalledFromInside)
        }
    }

    @Test func countsTheQueuedBytesExactly() throws {
        try withUVLoop(seconds: 60) { loop in
            let big = [UInt8](repeating: 7, count: 16 * 1024 * 1024)
            var counts: [Int] = []
            let server = Probe()
            server.keepsReceived = false
            var receivedBytes = 0
            var isNeverTooMany = true
            let client = Probe()
            client.reaction = { probe, event in
                guard let stream = probe.stream else { return }
                if event == .connected {
                    probe.write(big)
                    counts.append(stream.queuedBytes)
                    probe.write([UInt8](repeating: 8, count: 1000))
                    counts.append(stream.queuedBytes)
                    probe.write([9])
                    counts.append(stream.queuedBytes)
                }
                if event == .drained { counts.append(stream.queuedBytes) }
            }
            server.reaction = { probe, event in
                guard event == .read else { return }
                receivedBytes += probe.lastReadBytes.count
                let queued = client.stream?.queuedBytes ?? 0
                if receivedBytes + queued > big.count + 1001 { isNeverTooMany = false }
                if receivedBytes == big.count + 1001 { loop.stop() }
            }
            try loop.connect(client, server)
            loop.run()
            let first = try #require(counts.first)
            #expect(first > 0 && first < big.count)
            #expect(counts == [first, first + 1000, first + 1001, 0])
            #expect(isNeverTooMany)
            #expect(client.events == [.connected, .drained])
        }
    }

    @Test func writesBeforeItIsConnectedInOrder() throws {
        try withUVLoop { loop in
            let server = Probe { probe, _ in if probe.text == "one two three" { loop.stop() } }
            let client = Probe { probe, event in if event == .connected { probe.write("three") } }
            let listener = try loop.listenOnLoopback { server.start(on: $0) }
            client.stream = loop.connect(to: listener.address)
            client.write("one ")
            #expect(client.stream?.queuedBytes == 4)
            client.call { $0.start(client) }
            client.write("two ")
            loop.run()
            #expect(server.text == "one two three")
        }
    }

    @Test func staysWritableAfterTheEndOfInput() throws {
        try withUVLoop { loop in
            let server = Probe { probe, event in
                guard event == .endOfInput else { return }
                probe.write("answer to ")
                probe.write(probe.received)
                probe.call { $0.shutdown() }
                probe.write("never sent")
            }
            let client = Probe { probe, event in
                if event == .connected {
                    probe.write("question")
                    probe.call { $0.shutdown() }
                    probe.call { $0.shutdown() }
                    probe.write("never sent")
                }
                if event == .endOfInput { loop.stop() }
            }
            try loop.connect(client, server)
            loop.run()
            #expect(client.text == "answer to question")
            #expect(client.events == [.connected, .read, .endOfInput])
            #expect(server.events == [.read, .endOfInput])
        }
    }

    @Test func endsOutputOnlyAfterWhatIsQueued() throws {
        try withUVLoop { loop in
            let big = [UInt8](repeating: 7, count: 8 * 1024 * 1024)
            var receivedBytes = 0
            let server = Probe { probe, event in
                if event == .read { receivedBytes += probe.lastReadBytes.count }
                if event == .endOfInput { loop.stop() }
            }
            server.keepsReceived = false
            let listener = try loop.listenOnLoopback { server.start(on: $0) }
            let client = Probe()
            client.stream = loop.connect(to: listener.address)
            client.write(big)
            client.call { $0.shutdown() }
            client.call { $0.start(client) }
            loop.run()
            #expect(receivedBytes == big.count)
            #expect(server.events == [.read, .endOfInput])
        }
    }

    @Test func readsNothingWhilePaused() throws {
        try withUVLoop { loop in
            var readsWhilePaused = -1
            let server = Probe()
            let client = Probe { probe, event in if event == .connected { probe.write("abc") } }
            let listener = try loop.listenOnLoopback { stream in
                stream.pauseReading()
                server.start(on: stream)
                stream.pauseReading()
                loop.startTimer(afterMilliseconds: 40, repeatMilliseconds: 0) {
                    readsWhilePaused = server.received.count
                    stream.resumeReading()
                    stream.resumeReading()
                }
            }
            server.reaction = { probe, event in
                guard event == .read else { return }
                // Pausing and resuming inside the read callback changes nothing.
                probe.call { $0.pauseReading() }
                probe.call { $0.resumeReading() }
                if probe.text == "abc" { client.write("def") }
                if probe.text == "abcdef" { loop.stop() }
            }
            client.start(on: loop.connect(to: listener.address))
            loop.run()
            #expect(readsWhilePaused == 0)
            #expect(server.text == "abcdef")
        }
    }

    @Test func pausingIsSafeInAnyState() throws {
        try withUVLoop { loop in
            let server = Probe()
            let client = Probe { probe, event in
                if event == .connected { probe.call { $0.close() } }
                guard case .closed = event else { return }
                probe.call { $0.pauseReading() }
                probe.call { $0.resumeReading() }
                loop.stop()
            }
            let listener = try loop.listenOnLoopback { server.start(on: $0) }
            let stream = loop.connect(to: listener.address)
            stream.resumeReading()
            stream.pauseReading()
            stream.resumeReading()
            client.start(on: stream)
            loop.run()
            stream.resumeReading()
            stream.pauseReading()
            #expect(client.events == [.connected, .closed(nil)])
        }
    }

    @Test func tellsALateHandlerThatItIsConnected() throws {
        try withUVLoop { loop in
            let server = Probe { probe, event in if event == .read { loop.stop() } }
            let client = Probe { probe, event in if event == .connected { probe.write("late") } }
            let listener = try loop.listenOnLoopback { server.start(on: $0) }
            let stream = loop.connect(to: listener.address)
            loop.startTimer(afterMilliseconds: 30, repeatMilliseconds: 0) {
                client.start(on: stream)
                #expect(client.events.isEmpty)
            }
            loop.run()
            #expect(server.text == "late")
            #expect(client.events == [.connected])
            #expect(!client.wasCalledFromInside)
        }
    }

    @Test func readsWhatCameBeforeAnAcceptedStreamIsStarted() throws {
        try withUVLoop { loop in
            let server = Probe { probe, event in if event == .endOfInput { loop.stop() } }
            let listener = try loop.listenOnLoopback { stream in
                loop.startTimer(afterMilliseconds: 20, repeatMilliseconds: 0) {
                    server.start(on: stream)
                }
            }
            let client = try PlainSocket(connectedTo: listener.address.port)
            client.send("early")
            client.close()
            loop.run()
            #expect(server.text == "early")
            #expect(server.events == [.read, .endOfInput])
        }
    }

    /// What comes late in a long turn must not be dated as if it had come at its beginning.
    @Test func theClockGoesOnWithinATurn() throws {
        try withUVLoop { loop in
            var clients: [Probe] = []
            var servers: [Probe] = []
            var dates: [UInt64] = []
            let count = 64
            let listener = try loop.listenOnLoopback { stream in
                let server = Probe { _, event in
                    guard event == .read else { return }
                    dates.append(loop.nowMilliseconds)
                    let end = threadMilliseconds() + 2
                    while threadMilliseconds() < end {}
                    if dates.count == count { loop.stop() }
                }
                servers.append(server)
                server.start(on: stream)
            }
            for _ in 0..<count {
                let client = Probe()
                clients.append(client)
                client.start(on: loop.connect(to: listener.address))
            }
            // All of them are read in the turn that follows this one.
            loop.startTimer(afterMilliseconds: 30, repeatMilliseconds: 0) {
                for client in clients { client.write("late") }
            }
            loop.run()
            #expect(dates.count == count)
            let first = try #require(dates.first)
            let last = try #require(dates.last)
            #expect(last - first >= 32, "\(last - first) ms of some 100")
        }
    }
}
