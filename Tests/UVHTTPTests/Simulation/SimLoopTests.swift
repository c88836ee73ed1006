import Simulation
import Testing
import UVHTTP

/// Turns, timers, names and signals of a simulated loop.
@Suite struct SimLoopTests {
    private func withLoop(_ body: (SimWorld, SimLoop) throws -> Void) rethrows {
        try withSimWorld { world in try body(world, world.addHost("host").loop) }
    }

    @Test func firesTimersInOrderOfTheirTimeAndStart() {
        withLoop { _, loop in
            var fired: [Int] = []
            for (index, milliseconds) in [30, 10, 20, 0, 10, 1].enumerated() {
                loop.startTimer(
                    afterMilliseconds: UInt64(milliseconds), repeatMilliseconds: 0
                ) { fired.append(index) }
            }
            loop.run()
            #expect(fired == [3, 5, 1, 4, 2, 0])
        }
    }

    @Test func firesAtItsTimeAndNeverAgainOnceCancelled() {
        withLoop { world, loop in
            let start = loop.nowMilliseconds
            var times: [UInt64] = []
            var timer: (any LoopTimer)?
            timer = loop.startTimer(afterMilliseconds: 100, repeatMilliseconds: 50) {
                times.append(loop.nowMilliseconds - start)
                if times.count == 3 {
                    timer?.cancel()
                    timer?.cancel()
                }
            }
            loop.startTimer(afterMilliseconds: .max, repeatMilliseconds: 0) { times.append(0) }
            world.run(forMilliseconds: 10_000)
            #expect(times == [100, 150, 200])
        }
    }

    @Test func forgetsManyCancelledTimers() {
        withLoop { world, loop in
            var fired = 0
            var weak: [WeakReference] = []
            for index in 0..<2000 {
                let timer = loop.startTimer(afterMilliseconds: 5000, repeatMilliseconds: 0) {
                    fired += 1
                }
                weak.append(WeakReference(object: timer))
                if index % 10 != 0 { timer.cancel() }
            }
            #expect(weak.filter { $0.object != nil }.count < 800)
            world.run(forMilliseconds: 6000)
            #expect(fired == 200)
        }
    }

    @Test func runsScheduledBodiesInTheNextTurnAndTellsOfItsEnd() {
        withLoop { world, loop in
            var log: [String] = []
            let end = TurnEnd { _ in log.append("end") }
            loop.schedule {
                log.append("first")
                loop.atTurnEnd(end)
                loop.schedule { log.append("third") }
            }
            loop.schedule { log.append("second") }
            #expect(log.isEmpty)
            loop.run()
            #expect(log == ["first", "second", "end", "third"])
            #expect(loop.turnCount == 2)
        }
    }

    @Test func tellsOfTheEndWhoAsksMeanwhileAndOutsideOfATurn() {
        withLoop { _, loop in
            var log: [Int] = []
            let second = TurnEnd { _ in log.append(loop.turnCount * 10 + 2) }
            let first = TurnEnd { _ in
                log.append(loop.turnCount * 10 + 1)
                loop.atTurnEnd(second)
            }
            loop.atTurnEnd(first)
            #expect(log.isEmpty)
            loop.run()
            #expect(log == [11, 12])
            loop.atTurnEnd(second)
            loop.run()
            #expect(log == [11, 12, 22])
        }
    }

    @Test func runsUntilStopped() {
        withLoop { _, loop in
            var count = 0
            loop.startTimer(afterMilliseconds: 1, repeatMilliseconds: 1) {
                count += 1
                if count % 5 == 0 { loop.stop() }
            }
            loop.run()
            #expect(count == 5)
            loop.run()
            #expect(count == 10)
        }
    }

    @Test func resolvesNamesFromTheTable() {
        withSimWorld { world in
            let loop = world.addHost("NODE-1").loop
            world.network.names["both"] = .addresses(["::1", "127.0.0.1"])
            world.network.names["broken"] = .failure(.timedOut)
            world.network.lookUpMicroseconds = 5_000...5_000
            var found: [String: Result<[String], UVError>] = [:]
            for name in ["both", "broken", "unknown", "NODE-1", "localhost", "10.9.8.7"] {
                loop.resolve(host: name, port: 7) { found[name] = $0.map { $0.map(\.description) } }
            }
            #expect(found.isEmpty)
            world.run(forMilliseconds: 4)
            #expect(found.keys.sorted() == ["10.9.8.7"])
            #expect(world.run { found.count == 6 })
            #expect(found["both"] == .success(["[::1]:7", "127.0.0.1:7"]))
            #expect(found["broken"] == .failure(.timedOut))
            #expect(found["unknown"] == .failure(.nameNotFound))
            #expect(found["NODE-1"] == .success([world.network.hosts[0].addresses[0] + ":7"]))
            #expect(found["localhost"] == .success(["127.0.0.1:7"]))
        }
    }

    @Test func hearsSignals() {
        withLoop { _, loop in
            var heard: [Int32] = []
            loop.onSignal(15) { heard.append(15) }
            loop.onSignal(1) { heard.append(1) }
            loop.raise(1)
            loop.raise(2)
            loop.raise(15)
            #expect(heard.isEmpty)
            loop.run()
            #expect(heard.sorted() == [1, 15])
        }
    }

    @Test func tellsTheTimeOfDay() {
        withSimWorld { world in
            let right = world.addHost("right")
            let fast = world.addHost("fast")
            fast.clockSkewSeconds = 7
            world.run(forMilliseconds: 2_500)
            #expect(right.loop.unixSeconds == world.unixSecondsAtStart + 2)
            #expect(fast.loop.unixSeconds == world.unixSecondsAtStart + 9)
        }
    }
}
