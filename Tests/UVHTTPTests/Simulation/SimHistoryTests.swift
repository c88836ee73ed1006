import Foundation
import Simulation
import Testing
import UVHTTP

/// Whole histories: one seed replays them, and in all of them streams keep their promises.
@Suite struct SimHistoryTests {
    /// What everybody sends, long enough for any write or read from any place in its period of 251.
    private static let pattern = (0..<70_000).map { UInt8(truncatingIfNeeded: $0 % 251) }

    /// Sends a pattern, ends at random, and checks that what comes is the other's pattern.
    private final class Chatterer: StreamHandler {
        let stream: any ByteStream
        let world: SimWorld
        var sent = 0
        var received = 0
        var events: [String] = []
        var isBroken = false
        var hasEndedOutput = false

        init(_ world: SimWorld, _ stream: any ByteStream) {
            self.world = world
            self.stream = stream
            stream.start(self)
        }

        func act() {
            switch world.random.below(20) {
            case 0: stream.pauseReading()
            case 1...3: stream.resumeReading()
            case 4:
                stream.shutdown()
                hasEndedOutput = true
            case 5: stream.close()
            case 6: (stream as? SimStream)?.reset()
            default:
                let count = world.random.oneIn(8) ? 20_000 : world.random.within(1...300)
                guard !hasEndedOutput, stream.queuedBytes < 50_000 else { return }
                SimHistoryTests.pattern.withUnsafeBytes {
                    let start = sent % 251
                    stream.write(UnsafeRawBufferPointer(rebasing: $0[start..<(start + count)]))
                }
                sent += count
            }
        }

        func onConnected() { events.append("connected") }
        func onRead(_ bytes: UnsafeMutableRawBufferPointer) {
            if events.last == "closed" || events.contains("ended") { isBroken = true }
            let isExpected = SimHistoryTests.pattern.withUnsafeBytes { pattern in
                guard let base = pattern.baseAddress, let read = bytes.baseAddress else {
                    return false
                }
                return memcmp(base + received % 251, read, bytes.count) == 0
            }
            if !isExpected { isBroken = true }
            received += bytes.count
            if world.random.oneIn(4) { act() }
        }
        func onEndOfInput() { events.append("ended") }
        func onDrained() { if stream.queuedBytes != 0 { isBroken = true } }
        func onClosed(_ error: UVError?) {
            if events.contains("closed") { isBroken = true }
            events.append("closed")
        }
    }

    private struct Outcome: Equatable {
        var fingerprint: UInt64
        var received: [Int]
        var isBroken: Bool
    }

    private func play(seed: UInt64) throws -> Outcome {
        let world = SimWorld(seed: seed)
        defer { world.close() }
        world.network.bufferBytes = 64...8192
        let hosts = (0..<3).map { world.addHost("host-\($0)") }
        var all: [Chatterer] = []
        for host in hosts {
            _ = try host.loop.listen(on: host.address(port: 1), backlog: 2) {
                all.append(Chatterer(world, $0))
            }
        }
        for _ in 0..<4 {
            let host = world.random.pick(hosts)
            let target = world.random.pick(hosts).address(port: 1)
            host.loop.schedule { all.append(Chatterer(world, host.loop.connect(to: target))) }
        }
        for step in 0..<60 {
            world.after(milliseconds: UInt64(step)) {
                if !all.isEmpty { world.random.pick(all).act() }
                let (one, other) = (world.random.pick(hosts), world.random.pick(hosts))
                if world.random.oneIn(6) { world.network.cut(from: one, to: other) }
                if world.random.oneIn(6) { world.network.healAll() }
                if world.random.oneIn(40) { one.crash(world.random.pick([.resetting, .closing])) }
            }
        }
        world.run(forMilliseconds: 100)
        world.network.healAll()
        world.run(forMilliseconds: 2_000)
        let isBroken = all.contains { $0.isBroken || $0.received > 1_000_000 }
        return Outcome(
            fingerprint: world.fingerprint, received: all.map(\.received), isBroken: isBroken)
    }

    @Test func replaysExactlyFromItsSeed() throws {
        #expect(try play(seed: 7) == play(seed: 7))
        #expect(try play(seed: 7).fingerprint != play(seed: 8).fingerprint)
    }

    @Test func neverLosesDoublesOrReordersBytes() throws {
        var total = 0
        for seed in 0..<500 {
            let outcome = try play(seed: UInt64(seed))
            total += outcome.received.reduce(0, +)
            #expect(!outcome.isBroken, "seed \(seed)")
        }
        #expect(total > 1_000_000)
    }

    @Test func letsGoOfAWorldThatWasClosed() throws {
        var weak: [WeakReference] = []
        do {
            let world = SimWorld(seed: 1)
            let client = Probe()
            let server = Probe()
            let pair = try SimPair(world, client, server)
            world.run(forMilliseconds: 10)
            weak = [
                WeakReference(object: world), WeakReference(object: pair.client),
                WeakReference(object: pair.client.loop), WeakReference(object: client.simStream),
                WeakReference(object: client), WeakReference(object: server),
            ]
            world.close()
            client.stream = nil
            server.stream = nil
        }
        #expect(weak.map { $0.object == nil } == Array(repeating: true, count: 6))
    }
}
