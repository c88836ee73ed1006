import Simulation
import Testing
import UVHTTP

/// Streams that go over from one handler to another.
@Suite struct UVStreamHandoverTests {
    /// A handler that hands its stream over at its first read, leaving the bytes from `taken` on.
    private func first(
        taking taken: Int, next: Probe, onClosed: (() -> Void)? = nil
    ) -> Probe {
        Probe { probe, event in
            guard event == .read, let stream = probe.stream else { return }
            next.stream = stream
            let left = UnsafeRawBufferPointer(rebasing: probe.lastReadBytes[taken...])
            stream.handOver(to: next, unread: left, onClosed: onClosed)
        }
    }

    @Test func tellsTheNextWhatTheFirstHasLeftAndThenTheRest() throws {
        try withUVLoop { loop in
            var log: [String] = []
            let next = Probe { probe, event in
                if event == .read, probe.text == "e" { loop.stop() }
                if event == .read, probe.text == "tree, more" { probe.call { $0.close() } }
                if case .closed = event { log.append("closed") }
            }
            let server = first(taking: 7, next: next) {
                log.append("after")
                loop.stop()
            }
            let client = Probe { probe, event in
                guard event == .connected else { return }
                probe.write("hello, tree")
                loop.startTimer(afterMilliseconds: 20, repeatMilliseconds: 0) {
                    probe.write(", more")
                }
            }
            try loop.connect(client, server)
            loop.run()
            #expect(server.events == [.read])
            #expect(server.text == "hello, tree")
            #expect(next.text == "tree, more")
            #expect(next.events == [.read, .closed(nil)])
            #expect(log == ["closed", "after"])
            #expect(!next.wasCalledFromInside)
        }
    }

    @Test func handsOverMoreThanOneReadHoldsAndTheEndBehindIt() throws {
        try withUVLoop { loop in
            let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            let next = Probe { _, event in if event == .endOfInput { loop.stop() } }
            let server = Probe { probe, event in
                guard event == .endOfInput, let stream = probe.stream else { return }
                next.stream = stream
                probe.received.withUnsafeBytes {
                    stream.handOver(to: next, unread: $0, onClosed: nil)
                }
            }
            let client = Probe { probe, event in
                guard event == .connected else { return }
                probe.write(bytes)
                probe.call { $0.shutdown() }
            }
            try loop.connect(client, server)
            loop.run()
            #expect(next.received == bytes)
            #expect(next.events == [.read, .endOfInput])
        }
    }

    @Test func waitsWithWhatWasLeftWhileTheNextHasPaused() throws {
        try withUVLoop { loop in
            var isPaused = true
            let next = Probe { _, event in
                #expect(!isPaused)
                loop.stop()
            }
            let server = Probe { probe, event in
                guard event == .read, let stream = probe.stream else { return }
                next.stream = stream
                stream.handOver(to: next, unread: probe.lastReadBytes, onClosed: nil)
                stream.pauseReading()
                loop.startTimer(afterMilliseconds: 20, repeatMilliseconds: 0) {
                    isPaused = false
                    stream.resumeReading()
                    stream.pauseReading()
                    stream.resumeReading()
                }
            }
            let client = Probe { probe, event in if event == .connected { probe.write("x") } }
            try loop.connect(client, server)
            loop.run()
            #expect(next.text == "x")
        }
    }

    @Test func tellsTheNextOnlyOfTheEndWhenTheStreamIsClosedAtOnce() throws {
        try withUVLoop { loop in
            let next = Probe { _, event in if case .closed = event { loop.stop() } }
            let server = Probe { probe, event in
                guard event == .read, let stream = probe.stream else { return }
                stream.handOver(to: next, unread: probe.lastReadBytes, onClosed: nil)
                stream.close()
            }
            let client = Probe { probe, event in if event == .connected { probe.write("x") } }
            try loop.connect(client, server)
            loop.run()
            #expect(next.events == [.closed(nil)])
            #expect(server.events == [.read])
        }
    }

    @Test func goesOverFromHandlerToHandlerInOrder() throws {
        try withUVLoop { loop in
            let last = Probe { probe, _ in if probe.text == "cd" { loop.stop() } }
            let middle = first(taking: 1, next: last)
            let server = Probe { probe, event in
                guard event == .read, let stream = probe.stream else { return }
                middle.stream = stream
                let left = UnsafeRawBufferPointer(rebasing: probe.lastReadBytes[1...])
                stream.handOver(to: middle, unread: left, onClosed: nil)
            }
            let client = Probe { probe, event in if event == .connected { probe.write("abcd") } }
            try loop.connect(client, server)
            loop.run()
            #expect(middle.text == "bcd")
            #expect(last.text == "cd")
        }
    }

    @Test func keepsTheOrderWhenTheNextHandsOverWithMoreStillUnread() throws {
        try withUVLoop { loop in
            let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 / 251) }
            let last = Probe { _, event in if event == .endOfInput { loop.stop() } }
            let middle = first(taking: 1, next: last)
            let server = Probe { probe, event in
                guard event == .endOfInput, let stream = probe.stream else { return }
                middle.stream = stream
                probe.received.withUnsafeBytes {
                    stream.handOver(to: middle, unread: $0, onClosed: nil)
                }
            }
            let client = Probe { probe, event in
                guard event == .connected else { return }
                probe.write(bytes)
                probe.call { $0.shutdown() }
            }
            try loop.connect(client, server)
            loop.run()
            #expect(last.received == Array(bytes[1...]))
        }
    }

    /// The simulated stream keeps the same contract, however its reads are split.
    @Test func doesSoInSimulationToo() throws {
        for seed in 0..<100 {
            try withSimWorld(seed: UInt64(seed)) { world in
                world.network.splitting = world.random.pick([.whole, .random, .bytes])
                let taken = world.random.below(4)
                let isLong = world.network.splitting == .whole
                let bytes = (0..<(isLong ? 100_000 : 500)).map { UInt8(truncatingIfNeeded: $0) }
                var hasClosed = false
                var pauses = world.random.below(3)
                let next = Probe { [world] probe, event in
                    if event == .endOfInput { probe.call { $0.close() } }
                    guard event == .read, pauses > 0 else { return }
                    pauses -= 1
                    probe.call { $0.pauseReading() }
                    world.after(milliseconds: 5) { probe.call { $0.resumeReading() } }
                }
                let server = Probe { probe, event in
                    let isEnough = probe.received.count >= 4 || event == .endOfInput
                    guard isEnough, let stream = probe.stream, next.stream == nil else { return }
                    next.stream = stream
                    probe.received[taken...].withUnsafeBytes { left in
                        stream.handOver(to: next, unread: left) { hasClosed = true }
                    }
                }
                let client = Probe { probe, event in
                    guard event == .connected else { return }
                    probe.write(bytes)
                    probe.call { $0.shutdown() }
                }
                _ = try SimPair(world, client, server)
                #expect(world.run { hasClosed }, "seed \(seed)")
                #expect(next.received == Array(bytes[taken...]), "seed \(seed)")
                let ends = next.events.filter { $0 == .endOfInput }.count
                #expect(ends == 1 && next.events.last == .closed(nil), "seed \(seed)")
                #expect(server.events.allSatisfy { $0 == .read || $0 == .endOfInput })
            }
        }
    }
}
