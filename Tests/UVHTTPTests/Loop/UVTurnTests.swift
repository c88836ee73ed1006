import Foundation
import Testing
import UVHTTP

/// Timers, scheduled bodies, turn ends and time.
@Suite struct UVTurnTests {
    @Test func firesTimersInOrderOfTheirTime() throws {
        try withUVLoop { loop in
            var fired: [Int] = []
            for milliseconds in [30, 10, 20, 0] {
                loop.startTimer(
                    afterMilliseconds: UInt64(milliseconds), repeatMilliseconds: 0
                ) { fired.append(milliseconds) }
            }
            loop.startTimer(afterMilliseconds: 40, repeatMilliseconds: 0) { loop.stop() }
            loop.run()
            #expect(fired == [0, 10, 20, 30])
        }
    }

    @Test func firesNoEarlierThanAskedFor() throws {
        try withUVLoop { loop in
            let start = ContinuousClock.now
            loop.startTimer(afterMilliseconds: 50, repeatMilliseconds: 0) { loop.stop() }
            loop.run()
            // libuv's clock has whole milliseconds.
            #expect(ContinuousClock.now - start > .milliseconds(48))
        }
    }

    @Test func repeatsUntilCancelledFromInside() throws {
        try withUVLoop { loop in
            var count = 0
            var timer: (any LoopTimer)?
            timer = loop.startTimer(afterMilliseconds: 1, repeatMilliseconds: 2) {
                count += 1
                guard count == 3 else { return }
                timer?.cancel()
                timer?.cancel()
                loop.startTimer(afterMilliseconds: 20, repeatMilliseconds: 0) { loop.stop() }
            }
            loop.run()
            #expect(count == 3)
        }
    }

    @Test func doesNotFireATimerThatAnotherOfTheSameTimeCancelled() throws {
        try withUVLoop { loop in
            var other: (any LoopTimer)?
            var fired = 0
            loop.startTimer(afterMilliseconds: 5, repeatMilliseconds: 0) {
                fired += 1
                other?.cancel()
            }
            other = loop.startTimer(afterMilliseconds: 5, repeatMilliseconds: 0) { fired += 1 }
            loop.startTimer(afterMilliseconds: 20, repeatMilliseconds: 0) { loop.stop() }
            loop.run()
            #expect(fired == 1)
        }
    }

    @Test func letsGoOfATimerThatHasFiredAndOfItsBody() throws {
        try withUVLoop { loop in
            var probe: Probe? = Probe()
            let weakProbe = WeakReference(object: probe)
            var weakTimer: WeakReference?
            do {
                let timer = loop.startTimer(afterMilliseconds: 1, repeatMilliseconds: 0) {
                    [probe] in _ = probe
                }
                weakTimer = WeakReference(object: timer)
            }
            probe = nil
            #expect(weakTimer?.object != nil)
            loop.startTimer(afterMilliseconds: 5, repeatMilliseconds: 0) { loop.stop() }
            loop.run()
            #expect(weakTimer?.object == nil)
            #expect(weakProbe.object == nil)
        }
    }

    @Test func aTimerOfNoTimeThatStartsItselfAnewLeavesRoomForOthers() throws {
        try withUVLoop { loop in
            var count = 0
            func again() {
                count += 1
                loop.startTimer(afterMilliseconds: 0, repeatMilliseconds: 0, again)
            }
            again()
            loop.startTimer(afterMilliseconds: 10, repeatMilliseconds: 0) { loop.stop() }
            loop.run()
            #expect(count > 1)
        }
    }

    @Test func runsScheduledBodiesInOrderAndWhatTheyScheduleATurnLater() throws {
        try withUVLoop { loop in
            var log: [String] = []
            let end = TurnEnd { _ in log.append("|") }
            loop.schedule {
                log.append("a")
                loop.atTurnEnd(end)
                loop.schedule { log.append("c") }
            }
            loop.schedule {
                log.append("b")
                loop.schedule {
                    log.append("d")
                    loop.atTurnEnd(end)
                    loop.stop()
                }
            }
            #expect(log.isEmpty)
            loop.run()
            #expect(log == ["a", "b", "|", "c", "d", "|"])
        }
    }

    @Test func tellsOfTheEndOncePerAskingAndWhoAsksMeanwhile() throws {
        try withUVLoop { loop in
            var log: [String] = []
            let second = TurnEnd { _ in log.append("second") }
            let first = TurnEnd { _ in
                log.append("first")
                loop.atTurnEnd(second)
                loop.schedule { log.append("next turn") }
            }
            loop.schedule {
                loop.atTurnEnd(first)
                loop.atTurnEnd(second)
            }
            loop.startTimer(afterMilliseconds: 20, repeatMilliseconds: 0) { loop.stop() }
            loop.run()
            #expect(log == ["first", "second", "second", "next turn"])
        }
    }

    @Test func letsGoOfWhoWasTold() throws {
        try withUVLoop { loop in
            var end: TurnEnd? = TurnEnd { _ in }
            let reference = WeakReference(object: end)
            loop.schedule {
                if let end { loop.atTurnEnd(end) }
                end = nil
                #expect(reference.object != nil)
            }
            loop.startTimer(afterMilliseconds: 5, repeatMilliseconds: 0) { loop.stop() }
            loop.run()
            #expect(reference.object == nil)
        }
    }

    @Test func tellsOfTheEndOfTheLastTurnToo() throws {
        try withUVLoop { loop in
            var log: [String] = []
            let end = TurnEnd { _ in log.append("end") }
            // A close callback comes behind all else in a turn.
            let client = Probe { _, event in
                guard case .closed = event else { return }
                log.append("closed")
                loop.atTurnEnd(end)
                loop.stop()
            }
            let server = Probe { probe, _ in probe.call { $0.close() } }
            client.reaction = { [reaction = client.reaction] probe, event in
                if event == .connected { probe.call { $0.close() } }
                reaction(probe, event)
            }
            try loop.connect(client, server)
            loop.run()
            #expect(log == ["closed", "end"])
        }
    }

    @Test func doesNotWaitWhileSomethingIsScheduled() throws {
        try withUVLoop { loop in
            let start = ContinuousClock.now
            loop.startTimer(afterMilliseconds: 1, repeatMilliseconds: 0) {
                loop.schedule { loop.schedule { loop.stop() } }
            }
            loop.run()
            #expect(ContinuousClock.now - start < .seconds(5))
        }
    }

    @Test func waitsWhenNothingIsScheduledAnyMore() throws {
        try withUVLoop { loop in
            let before = threadMilliseconds()
            loop.schedule {}
            loop.startTimer(afterMilliseconds: 100, repeatMilliseconds: 0) { loop.stop() }
            loop.run()
            #expect(threadMilliseconds() - before < 50)
        }
    }

    @Test func aBodyThatSchedulesItselfForeverLeavesRoomForReads() throws {
        try withUVLoop { loop in
            let server = Probe { probe, event in if event == .read { probe.write(probe.received) } }
            let client = Probe { probe, event in
                if event == .connected { probe.write("hello") }
                if event == .read { loop.stop() }
            }
            func again() { loop.schedule(again) }
            again()
            try loop.connect(client, server)
            loop.run()
            #expect(client.text == "hello")
        }
    }

    @Test func endsTheTurnAfterItsReads() throws {
        try withUVLoop { loop in
            var log: [String] = []
            let end = TurnEnd { _ in
                log.append("end")
                loop.startTimer(afterMilliseconds: 1, repeatMilliseconds: 0) { loop.stop() }
            }
            let server = Probe { _, event in
                guard event == .read else { return }
                loop.atTurnEnd(end)
                log.append("read")
            }
            let client = Probe { probe, event in if event == .connected { probe.write("x") } }
            try loop.connect(client, server)
            loop.run()
            #expect(log == ["read", "end"])
        }
    }

    @Test func endsTheTurnAfterTimersBeforeItWaits() throws {
        try withUVLoop { loop in
            var gatheredAt: UInt64?
            var flushedAt: UInt64?
            let end = TurnEnd { _ in flushedAt = loop.nowMilliseconds }
            loop.startTimer(afterMilliseconds: 5, repeatMilliseconds: 0) {
                gatheredAt = loop.nowMilliseconds
                loop.atTurnEnd(end)
            }
            loop.startTimer(afterMilliseconds: 100, repeatMilliseconds: 0) { loop.stop() }
            loop.run()
            #expect(gatheredAt != nil)
            #expect(flushedAt == gatheredAt)
        }
    }

    @Test func endsTheRunWhenNothingIsLeftThatCouldHappen() throws {
        let loop = try UVLoop()
        defer { loop.close() }
        var log: [String] = []
        loop.run()
        #expect(log.isEmpty)
        loop.schedule { log.append("body") }
        loop.startTimer(afterMilliseconds: 2, repeatMilliseconds: 0) { log.append("timer") }
        loop.run()
        #expect(log.contains("body") && log.contains("timer"))
    }

    @Test func runsAgainAfterAStop() throws {
        try withUVLoop { loop in
            for round in 0..<3 {
                var hasRun = false
                loop.schedule {
                    hasRun = true
                    loop.stop()
                }
                loop.run()
                #expect(hasRun, "round \(round)")
            }
        }
    }

    @Test func knowsTheTime() throws {
        try withUVLoop { loop in
            let before = loop.nowMilliseconds
            loop.startTimer(afterMilliseconds: 30, repeatMilliseconds: 0) { loop.stop() }
            loop.run()
            #expect((25..<10_000).contains(loop.nowMilliseconds - before))
            var seconds = timespec()
            clock_gettime(CLOCK_REALTIME, &seconds)
            #expect(abs(loop.unixSeconds - seconds.tv_sec) <= 1)
        }
    }
}
