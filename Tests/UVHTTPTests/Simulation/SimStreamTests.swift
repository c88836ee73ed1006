import Simulation
import Testing
import UVHTTP

/// Simulated connections keep the contract of `ByteStream`, as those of the kernel do.
@Suite struct SimStreamTests {
    @Test(arguments: [SimSplitting.whole, .random, .bytes])
    func echoesInOrder(splitting: SimSplitting) throws {
        try withSimWorld { world in
            world.network.splitting = splitting
            let server = Probe { probe, event in
                if event == .read { probe.write(Array(probe.lastReadBytes)) }
            }
            let client = Probe { probe, event in
                if event == .connected {
                    for word in ["hello", ", ", "tree"] { probe.write(word) }
                }
            }
            let pair = try SimPair(world, client, server)
            #expect(world.run { client.text == "hello, tree" })
            #expect(client.events.first == .connected)
            #expect(!server.events.contains(.connected))
            #expect(client.simStream?.peer == pair.listener.address)
            #expect(server.simStream?.peer?.host == pair.client.addresses[0])
            #expect(!client.wasCalledFromInside && !server.wasCalledFromInside)
        }
    }

    @Test func readsByteByByteWhenAskedTo() throws {
        try withSimWorld { world in
            world.network.splitting = .bytes
            var sizes: Set<Int> = []
            let server = Probe { probe, event in
                if event == .read { sizes.insert(probe.lastReadBytes.count) }
            }
            let client = Probe { probe, event in if event == .connected { probe.write("words") } }
            _ = try SimPair(world, client, server)
            #expect(world.run { server.text == "words" })
            #expect(sizes == [1])
        }
    }

    @Test func queuesWhatTheNetworkDoesNotTakeAndSaysWhenItIsGone() throws {
        try withSimWorld { world in
            world.network.bufferBytes = 1000...1000
            var hasPaused = false
            let server = Probe { probe, event in
                if !hasPaused { probe.call { $0.pauseReading() } }
                hasPaused = true
            }
            let bytes = (0..<50_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            let client = Probe { probe, event in if event == .connected { probe.write(bytes) } }
            _ = try SimPair(world, client, server)
            world.run(forMilliseconds: 1000)
            #expect(client.simStream.map { $0.queuedBytes >= 48_000 } == true)
            #expect(!client.events.contains(.drained))
            server.call { $0.resumeReading() }
            #expect(world.run { server.received == bytes })
            #expect(world.run { client.events.contains(.drained) })
            #expect(client.simStream?.queuedBytes == 0)
            #expect(client.events.filter { $0 == .drained }.count == 1)
        }
    }

    @Test func poisonsTheBytesAfterTheCall() throws {
        try withSimWorld { world in
            var kept = UnsafeRawBufferPointer(start: nil, count: 0)
            let server = Probe { probe, event in
                if event == .read { kept = probe.lastReadBytes }
            }
            let client = Probe { probe, event in if event == .connected { probe.write("secret") } }
            _ = try SimPair(world, client, server)
            #expect(world.run { server.text == "secret" })
            #expect(Array(kept) == Array(repeating: 0xDD, count: kept.count))
        }
    }

    @Test func endsOneDirectionAndGoesOnInTheOther() throws {
        try withSimWorld { world in
            world.network.bufferBytes = 512...512
            let server = Probe { probe, event in
                guard event == .endOfInput else { return }
                probe.write(String(repeating: "x", count: 5000))
                probe.call { $0.shutdown() }
                probe.write("never")
            }
            let client = Probe { probe, event in
                if event == .connected {
                    probe.write("request")
                    probe.call { $0.shutdown() }
                    probe.write("never")
                }
                if event == .endOfInput { probe.call { $0.close() } }
            }
            _ = try SimPair(world, client, server)
            #expect(world.run { client.isClosed })
            #expect(server.text == "request")
            #expect(client.received.count == 5000)
            #expect(client.events.last == .closed(nil))
            #expect(!server.isClosed)
            server.call { $0.close() }
            server.call { $0.close() }
            #expect(world.run { server.isClosed })
            #expect(server.closedOnceAndLast)
        }
    }

    @Test func sendsWhatWasWrittenBeforeConnecting() throws {
        try withSimWorld { world in
            let server = Probe()
            let pair = try SimPair(world) { server.start(on: $0) }
            let stream = pair.client.loop.connect(to: pair.listener.address)
            let client = Probe()
            client.stream = stream
            client.write("early")
            client.call { $0.shutdown() }
            client.start(on: stream)
            #expect(world.run { server.events.last == .endOfInput })
            #expect(server.text == "early")
            #expect(client.events == [.connected, .drained])
        }
    }

    @Test func resetsAPeerThatWritesToAClosedStream() throws {
        try withSimWorld { world in
            let server = Probe { probe, event in if event == .read { probe.call { $0.close() } } }
            let client = Probe { probe, event in
                if event == .connected { probe.write("a") }
                if event == .endOfInput { probe.write("b") }
            }
            _ = try SimPair(world, client, server)
            #expect(world.run { server.isClosed })
            world.run(forMilliseconds: 10)
            client.write("c")
            #expect(world.run { client.isClosed })
            #expect(client.events == [.connected, .endOfInput, .closed(.connectionReset)])
            #expect(!client.wasCalledFromInside)
        }
    }

    @Test func resetsWhenSomethingLiesUnread() throws {
        try withSimWorld { world in
            let server = Probe { probe, event in
                if event == .read { probe.call { $0.pauseReading() } }
            }
            let client = Probe { probe, event in
                if event == .connected { probe.write("a") }
            }
            _ = try SimPair(world, client, server)
            #expect(world.run { server.text == "a" })
            client.write("unread")
            world.run(forMilliseconds: 10)
            server.call { $0.close() }
            #expect(world.run { client.isClosed })
            #expect(client.events.last == .closed(.connectionReset))
            #expect(server.events.last == .closed(nil))
        }
    }

    @Test func doesNotNoticeAResetWhilePaused() throws {
        try withSimWorld { world in
            let server = Probe()
            let client = Probe { probe, event in
                if event == .connected { probe.call { $0.pauseReading() } }
            }
            _ = try SimPair(world, client, server)
            #expect(world.run { server.stream != nil && client.events == [.connected] })
            server.simStream?.reset()
            world.run(forMilliseconds: 100)
            #expect(client.events == [.connected])
            client.call { $0.resumeReading() }
            #expect(world.run { client.isClosed })
            #expect(server.events == [.closed(nil)])
        }
    }

    @Test func tellsAHandlerThatComesTooLate() throws {
        try withSimWorld { world in
            let late = Probe()
            let pair = try SimPair(world) { _ in }
            let stream = pair.client.loop.connect(to: pair.listener.address)
            stream.close()
            world.run(forMilliseconds: 100)
            late.start(on: stream)
            #expect(late.events.isEmpty)
            #expect(world.run { late.events == [.closed(nil)] })
        }
    }
}
