import Foundation
import Testing
import UVHTTP

/// Requires of each test that its loops never stand still for 20 ms.
///
/// What a loop does by itself it does every time. A host that takes the processor from a virtual
/// machine does so now and then, and no clock inside tells: a test in which a loop stood still is
/// done again, at most twice, and the least counts.
struct NeverStandsStill: SuiteTrait, TestTrait, TestScoping {
    static let limitMilliseconds = 20.0
    private static let attempts = 3
    /// The gaps of the test that runs.
    @TaskLocal static var gaps: Gaps?

    var isRecursive: Bool { true }

    func provideScope(
        for test: Test, testCase: Test.Case?,
        performing function: @Sendable () async throws -> Void
    ) async throws {
        var least = Double.infinity
        for _ in 0..<Self.attempts where least >= Self.limitMilliseconds {
            let gaps = Gaps()
            try await Self.$gaps.withValue(gaps) { try await function() }
            least = min(least, gaps.largestMilliseconds)
        }
        if getenv("CANOPY_SHOW_GAPS") != nil { print("largest gap \(least) ms in \(test.name)") }
        #expect(
            least < Self.limitMilliseconds, "the loop stood still for \(least) ms, or longer",
            sourceLocation: test.sourceLocation)
    }

    /// One thread makes and notes them: that of the test.
    final class Gaps: @unchecked Sendable {
        private(set) var largestMilliseconds = 0.0

        func note(_ milliseconds: Double) {
            largestMilliseconds = max(largestMilliseconds, milliseconds)
        }
    }
}

extension Trait where Self == NeverStandsStill {
    static var neverStandsStill: Self { Self() }
}

/// The largest time between two firings of a timer of 2 ms, which is at most that more than the
/// longest turn. Time in which this thread was ready to run and another had the processor is not
/// the loop's: `schedstat` says how much that was.
final class GapMeter {
    private let loop: UVLoop
    private let statistics: Int32
    private var timer: (any LoopTimer)?
    private var last: (now: Double, waited: Double)?
    private(set) var largestMilliseconds = 0.0
    private(set) var ticks = 0

    init(on loop: UVLoop) {
        self.loop = loop
        statistics = open("/proc/thread-self/schedstat", O_RDONLY)
        precondition(statistics >= 0, "Linux tells how long a thread waited for a processor")
    }

    deinit { close(statistics) }

    func start() {
        last = nil
        timer = loop.startTimer(afterMilliseconds: 1, repeatMilliseconds: 2) { [unowned self] in
            tick()
        }
    }

    func stop() {
        timer?.cancel()
        timer = nil
    }

    private func tick() {
        ticks += 1
        let current = (now: Self.milliseconds(), waited: waitedMilliseconds())
        if let last {
            let gap = current.now - last.now - (current.waited - last.waited)
            largestMilliseconds = max(largestMilliseconds, gap)
        }
        last = current
    }

    static func milliseconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) * 1000 + Double(time.tv_nsec) / 1e6
    }

    private func waitedMilliseconds() -> Double {
        var buffer = [UInt8](repeating: 0, count: 128)
        let count = pread(statistics, &buffer, buffer.count, 0)
        let fields = String(decoding: buffer[..<max(0, count)], as: UTF8.self)
            .split(separator: " ")
        return fields.count > 1 ? (Double(fields[1]) ?? 0) / 1e6 : 0
    }
}

/// A loop that stands still is found out, whatever keeps it.
@Suite(.serialized, .enabled(if: !isUnderSanitizer)) struct GapMeterTests {
    @Test func aCallbackThatSleepsIsMeasured() throws {
        #expect(try largestGap { usleep(30_000) } > 29)
    }

    @Test func aCallbackThatComputesIsMeasured() throws {
        let gap = try largestGap {
            let end = Self.processorMilliseconds() + 30
            while Self.processorMilliseconds() < end {}
        }
        #expect(gap > 29)
    }

    /// Of a loop in which `callback` is called once.
    private func largestGap(in callback: @escaping () -> Void) throws -> Double {
        let loop = try UVLoop()
        let meter = GapMeter(on: loop)
        var timers = [loop.startTimer(afterMilliseconds: 20, repeatMilliseconds: 0, callback)]
        timers.append(
            loop.startTimer(afterMilliseconds: 100, repeatMilliseconds: 0) { loop.stop() })
        meter.start()
        loop.run()
        meter.stop()
        for timer in timers { timer.cancel() }
        loop.close()
        return meter.largestMilliseconds
    }

    private static func processorMilliseconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1000 + Double(time.tv_nsec) / 1e6
    }
}
