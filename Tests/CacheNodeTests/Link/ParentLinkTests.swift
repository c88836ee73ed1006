import Glibc
import Simulation
import Testing
import UVHTTP

@testable import CacheNode

/// A link on a host of its own, and what it tells.
private final class LinkHarness: UpstreamDelegate {
    let world: SimWorld
    let parentHost: SimHost
    let link: ParentLink
    private(set) var accepted: [UInt64] = []
    private(set) var refused: [UInt64] = []
    private let metrics: UnsafeMutablePointer<Metrics>
    private let descriptor = open("/dev/null", O_WRONLY)

    init(seed: UInt64 = 1) {
        world = SimWorld(seed: seed)
        parentHost = world.addHost("NODE-1")
        metrics = .allocate(capacity: 1)
        metrics.initialize(to: Metrics())
        link = ParentLink(
            loop: world.addHost("NODE-2").loop, limits: HTTPLimits(), metrics: metrics,
            log: Log(level: .error, format: .text, node: "NODE-2", descriptor: descriptor),
            queueCountMax: 1000, queueBytesMax: 1 << 20,
            root: parentHost.endpoint(port: SimTree.port), seed: seed)
        link.delegate = self
    }

    deinit {
        world.close()
        close(descriptor)
        metrics.deinitialize(count: 1)
        metrics.deallocate()
    }

    func attach() {
        link.attach(
            to: Parent(
                name: "NODE-1", endpoint: parentHost.endpoint(port: SimTree.port), api: .canopy))
    }

    func forward(_ key: String) -> UInt64 {
        link.forward(UpwardWrite(key: bytes(key), change: .put(value: [1], mediaType: [])))
    }

    func onAccepted(_ sequence: UInt64, key: [UInt8]) { accepted.append(sequence) }
    func onRefused(_ sequence: UInt64, key: [UInt8]) { refused.append(sequence) }
}

@Suite struct ParentLinkTests {
    @Test func writesWaitForAParentAndGoInOrder() throws {
        let test = LinkHarness()
        for number in 1...200 { #expect(test.forward("k\(number)") == UInt64(number)) }
        #expect(test.link.awayReason?.contains("has not joined the tree yet") == true)
        let parent = try StandInNode(on: test.parentHost) { _ in (200, "") }
        test.attach()
        var isEmpty = false
        test.link.whenEmpty { isEmpty = true }
        #expect(test.world.run(withinMilliseconds: 10_000) { isEmpty })
        #expect(parent.requests == (1...200).map { "PUT /kv/k\($0)?wait_propagate=0" })
        #expect(test.accepted == Array(1...200))
        #expect(test.link.awayReason == nil)
    }

    @Test func whoeverWaitsIsToldInOrderWhenTheParentFails() {
        let test = LinkHarness()
        test.attach()
        var told: [UInt64] = []
        for number in 1...50 {
            let sequence = test.forward("k\(number)")
            test.link.whenForwarded(sequence) { outcome in
                if case .unconfirmed = outcome { told.append(sequence) }
            }
        }
        test.world.run(forMilliseconds: 10_000)
        #expect(told == Array(1...50))
        #expect(test.link.queuedCount == 50)
    }

    /// Were it still taken for away, no awaited write would ever be tried again.
    @Test func aParentThatRefusesIsNotAway() throws {
        let test = LinkHarness()
        test.attach()
        _ = test.forward("k")
        #expect(test.world.run(withinMilliseconds: 10_000) { test.link.awayReason != nil })
        _ = try StandInNode(on: test.parentHost) { _ in (400, "no") }
        #expect(test.world.run(withinMilliseconds: 10_000) { test.link.queuedCount == 0 })
        #expect(test.refused == [1])
        #expect(test.link.awayReason == nil)
    }

    /// The write behind the one that finds no room may be the DELETE that makes it.
    @Test func aParentWithoutRoomDoesNotBlockWhatIsBehind() throws {
        let test = LinkHarness()
        _ = try StandInNode(on: test.parentHost) {
            $0.contains("large") ? (507, "full") : (200, "")
        }
        test.attach()
        for key in ["a", "large", "b"] { _ = test.forward(key) }
        #expect(test.world.run(withinMilliseconds: 10_000) { test.link.queuedCount == 0 })
        #expect(test.accepted == [1, 3])
        #expect(test.refused == [2])
    }

    @Test func aBusyParentIsAskedAgainUnlessSomebodyWaits() throws {
        let test = LinkHarness()
        var busyAnswers = 2
        let parent = try StandInNode(on: test.parentHost) { _ in
            busyAnswers -= 1
            return busyAnswers >= 0 ? (503, "busy") : (200, "")
        }
        test.attach()
        var outcomes: [ForwardOutcome] = []
        test.link.whenForwarded(test.forward("awaited")) { outcomes.append($0) }
        #expect(test.world.run(withinMilliseconds: 10_000) { test.link.queuedCount == 0 })
        let refusal = ForwardOutcome.refused(status: 503, detail: "the parent answered 503: busy")
        #expect(outcomes == [refusal])
        _ = test.forward("background")
        #expect(test.world.run(withinMilliseconds: 10_000) { test.link.queuedCount == 0 })
        #expect(test.accepted == [2])
        #expect(parent.requests.count == 3)
    }

    @Test func pausesVaryByAQuarterAndReplay() {
        var one = Jitter(seed: 7)
        var other = Jitter(seed: 7)
        let pauses = (0..<1000).map { _ in one.vary(100) }
        #expect(pauses == (0..<1000).map { _ in other.vary(100) })
        #expect(pauses.min() == 75)
        #expect(pauses.max() == 125)
        #expect(one.vary(0) == 0)
    }
}
