import Glibc
import Simulation
import Testing
import UVHTTP

@testable import CacheNode

/// A parent in plain HTTP on a host of its own, and what is told of it.
private final class PlainHarness: PlainParentDelegate {
    let world: SimWorld
    let parentHost: SimHost
    let parent: HTTPParent
    let queue = UpwardQueue(countMax: 1000, bytesMax: 1 << 20)
    private(set) var accepted: [UInt64] = []
    private(set) var refused: [UInt64] = []
    private(set) var statuses: [Int] = []
    private(set) var unconfirmedCount = 0
    private let metrics: UnsafeMutablePointer<Metrics>
    private let descriptor = open("/dev/null", O_WRONLY)

    init(api: NodeAPI = .canopy, seed: UInt64 = 1) {
        world = SimWorld(seed: seed)
        parentHost = world.addHost("NODE-1")
        metrics = .allocate(capacity: 1)
        metrics.initialize(to: Metrics())
        let ancestor = Ancestor(
            name: "NODE-1", endpoint: parentHost.endpoint(port: SimTree.port), api: api)
        parent = HTTPParent(
            ancestor, queue: queue, loop: world.addHost("NODE-2").loop, limits: HTTPLimits(),
            metrics: metrics,
            log: Log(level: .error, format: .text, node: "NODE-2", descriptor: descriptor),
            seed: seed)
        parent.delegate = self
    }

    deinit {
        world.close()
        close(descriptor)
        metrics.deinitialize(count: 1)
        metrics.deallocate()
    }

    func forward(_ key: String) {
        queue.append(
            UpwardWrite.make(
                origin: 1, sequence: queue.nextNumber, key: bytes(key),
                change: .put(value: [1], mediaType: [])))
        parent.onQueued()
    }

    func onPlainParent(_ parent: (any PlainParent)?, reason: String) {}
    func onAccepted(_ write: UpwardWrite, number: UInt64) { accepted.append(number) }
    func onRefused(_ write: UpwardWrite, number: UInt64, status: Int, detail: String) {
        refused.append(number)
        statuses.append(status)
    }
    func onUnconfirmed(_ reason: String) { unconfirmedCount += 1 }

    func runUntilEmpty() -> Bool { world.run(withinMilliseconds: 10_000) { queue.isEmpty } }
}

@Suite struct HTTPParentTests {
    @Test func writesGoInOrder() throws {
        let test = PlainHarness()
        let node = try StandInNode(on: test.parentHost) { _ in (200, "") }
        for number in 1...200 { test.forward("k\(number)") }
        #expect(test.runUntilEmpty())
        #expect(node.requests == (1...200).map { "PUT /kv/k\($0)?wait_propagate=0" })
        #expect(test.accepted == Array(1...200))
        #expect(test.parent.awayReason == nil)
    }

    /// The earlier systems' servers take requests in any order: one at a time.
    @Test func anEarlierSystemGetsOneWriteAtATime() throws {
        let test = PlainHarness(api: .store)
        var statuses = [503, 200, 200]
        let node = try StandInNode(on: test.parentHost) { _ in (statuses.removeFirst(), "") }
        for key in ["a", "b"] { test.forward(key) }
        #expect(test.runUntilEmpty())
        #expect(node.requests == ["PUT /store/a", "PUT /store/a", "PUT /store/b"])
    }

    @Test func whoeverWaitsIsToldWhenTheParentFails() {
        let test = PlainHarness()
        for number in 1...50 { test.forward("k\(number)") }
        test.world.run(forMilliseconds: 10_000)
        #expect(test.unconfirmedCount > 2)
        #expect(test.queue.count == 50)
        #expect(test.parent.awayReason?.contains("connection refused") == true)
    }

    /// Were it still taken for away, no awaited write would ever be tried again.
    @Test func aParentThatRefusesIsNotAway() throws {
        let test = PlainHarness()
        test.forward("k")
        #expect(test.world.run(withinMilliseconds: 10_000) { test.parent.awayReason != nil })
        let node = try StandInNode(on: test.parentHost) { _ in (400, "no") }
        #expect(test.runUntilEmpty())
        #expect(node.requests == ["PUT /kv/k?wait_propagate=0"])
        #expect(test.refused == [1])
        #expect(test.statuses == [400])
        #expect(test.parent.awayReason == nil)
    }

    /// The write behind the one that finds no room may be the DELETE that makes it.
    @Test func aParentWithoutRoomDoesNotBlockWhatIsBehind() throws {
        let test = PlainHarness()
        let node = try StandInNode(on: test.parentHost) {
            $0.contains("large") ? (507, "full") : (200, "")
        }
        for key in ["a", "large", "b"] { test.forward(key) }
        #expect(test.runUntilEmpty())
        #expect(node.requests.count >= 3)
        #expect(test.accepted == [1, 3])
        #expect(test.refused == [2])
    }

    @Test(arguments: [true, false]) func whoAskedAReplacedParentIsAnsweredByTheNext(
        isReplaced: Bool
    ) {
        let test = PlainHarness()
        var answers = 0
        test.parent.fetch(bytes("k")) { _ in answers += 1 }
        test.parent.close(isReplaced: isReplaced)
        test.world.run(forMilliseconds: 10_000)
        #expect(answers == (isReplaced ? 0 : 1))
    }

    @Test func aClosedParentTakesNothing() throws {
        let test = PlainHarness()
        let node = try StandInNode(on: test.parentHost) { _ in (200, "") }
        test.parent.close(isReplaced: true)
        test.forward("k")
        test.world.run(forMilliseconds: 10_000)
        #expect(node.requests.isEmpty)
        #expect(test.queue.count == 1)
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
