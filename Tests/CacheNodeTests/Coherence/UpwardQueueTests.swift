import Simulation
import Testing

@testable import CacheNode

private func write(_ number: Int, valueCount: Int = 0) -> UpwardWrite {
    UpwardWrite.make(
        origin: 1, sequence: UInt64(number), key: key(number),
        change: .put(value: Array(repeating: 1, count: valueCount), mediaType: [])
    )
}

extension UpwardQueue {
    /// All that may be sent now.
    fileprivate func sendAll(window: Int = 64) -> [Sending] {
        var sent: [Sending] = []
        while let sending = next(window: window) { sent.append(sending) }
        return sent
    }
}

@Suite struct UpwardQueueTests {
    @Test func numbersWritesFromOneWithoutGaps() {
        let queue = UpwardQueue(countMax: 10, bytesMax: 10_000)
        #expect(queue.append(write(1)) == 1)
        #expect(queue.append(write(2)) == 2)
        _ = queue.sendAll()
        queue.removeFirst()
        #expect(queue.append(write(3)) == 3)
        queue.removeFirst()
        _ = queue.sendAll()
        queue.removeFirst()
        #expect(queue.isEmpty)
        #expect(queue.append(write(4)) == 4)
        #expect(queue.next(window: 1)?.number == 4)
    }

    @Test(arguments: [1, 2, 64]) func sendsAWindowInOrder(window: Int) {
        let queue = UpwardQueue(countMax: 100, bytesMax: 100_000)
        for number in 1...100 { _ = queue.append(write(number)) }
        let sent = queue.sendAll(window: window)
        #expect(sent.map(\.number) == Array(1...UInt64(window)))
        #expect(sent.map(\.write.keyBytes) == (1...window).map { key($0) })
        #expect(queue.next(window: window) == nil)
        queue.removeFirst()
        #expect(queue.sendAll(window: window).map(\.number) == [UInt64(window) + 1])
    }

    @Test func onlyTheOldestOfThisTryIsCurrent() throws {
        let queue = UpwardQueue(countMax: 10, bytesMax: 10_000)
        for number in 1...3 { _ = queue.append(write(number)) }
        let sent = queue.sendAll()
        #expect(sent.map { queue.isCurrent($0) } == [true, false, false])
        queue.removeFirst()
        #expect(sent.map { queue.isCurrent($0) } == [false, true, false])
        _ = queue.onFailure()
        #expect(sent.allSatisfy { !queue.isCurrent($0) })
        let next = queue.next(window: 64)
        let probe = try #require(next)
        #expect(probe.number == 2)
        #expect(queue.isCurrent(probe))
        queue.restart()
        #expect(!queue.isCurrent(probe))
    }

    @Test func probesWithOneWriteAfterAFailureAndThenOpensTheWindow() {
        let queue = UpwardQueue(countMax: 100, bytesMax: 100_000)
        for number in 1...20 { _ = queue.append(write(number)) }
        #expect(queue.sendAll(window: 8).count == 8)
        _ = queue.onFailure()
        #expect(queue.sendAll(window: 8).map(\.number) == [1])
        _ = queue.onFailure()
        #expect(queue.sendAll(window: 8).map(\.number) == [1])
        queue.removeFirst()
        #expect(queue.sendAll(window: 8).map(\.number) == Array(2...9))
    }

    @Test func pausesDoubleUpToTheLimitAndBeginAnewAfterASuccess() {
        let queue = UpwardQueue(countMax: 10, bytesMax: 10_000)
        _ = queue.append(write(1))
        _ = queue.append(write(2))
        let pauses = (0..<100).map { _ in queue.onFailure() }
        #expect(Array(pauses.prefix(7)) == [50, 100, 200, 400, 800, 1600, 2000])
        #expect(pauses.dropFirst(6).allSatisfy { $0 == UpwardQueue.retryMillisecondsMax })
        _ = queue.sendAll()
        queue.removeFirst()
        #expect(queue.failureCount == 0)
        #expect(queue.onFailure() == UpwardQueue.retryMillisecondsMin)
    }

    @Test func restartSendsEverythingAgainWithoutAProbe() {
        let queue = UpwardQueue(countMax: 10, bytesMax: 10_000)
        for number in 1...4 { _ = queue.append(write(number)) }
        _ = queue.sendAll()
        queue.removeFirst()
        _ = queue.onFailure()
        queue.restart()
        #expect(queue.sendAll().map(\.number) == [2, 3, 4])
    }

    /// A link that takes the place of a parent in plain HTTP says so of each write.
    @Test func whatWasSentIsMarkedAlsoWhenTheTryFailed() {
        let queue = UpwardQueue(countMax: 10, bytesMax: 10_000)
        for number in 1...3 { _ = queue.append(write(number)) }
        #expect(queue.sendAll(window: 2).allSatisfy { !$0.write.isAgain })
        _ = queue.onFailure()
        queue.restart()
        #expect(queue.sendAll().map(\.write.isAgain) == [true, true, false])
    }

    @Test func isBoundedInCount() {
        let queue = UpwardQueue(countMax: 2, bytesMax: 10_000)
        #expect(queue.hasRoom(byteCount: write(1).byteCount))
        _ = queue.append(write(1))
        _ = queue.append(write(2))
        #expect(!queue.hasRoom(byteCount: write(3).byteCount))
        _ = queue.sendAll()
        queue.removeFirst()
        #expect(queue.hasRoom(byteCount: write(3).byteCount))
    }

    @Test func isBoundedInBytesToTheByte() {
        let one = write(1, valueCount: 500)
        let queue = UpwardQueue(countMax: 100, bytesMax: 2 * one.byteCount)
        _ = queue.append(one)
        #expect(queue.hasRoom(byteCount: write(2, valueCount: 500).byteCount))
        #expect(!queue.hasRoom(byteCount: write(2, valueCount: 501).byteCount))
        _ = queue.append(write(2, valueCount: 500))
        #expect(queue.byteCount == 2 * one.byteCount)
        #expect(!queue.hasRoom(byteCount: 161))
        _ = queue.sendAll()
        queue.removeFirst()
        queue.removeFirst()
        #expect(queue.byteCount == 0)
    }

    @Test func countsEveryPartOfAWrite() {
        let put = UpwardWrite.make(
            origin: 1, sequence: 1, key: [1, 2, 3],
            change: .put(value: [1, 2], mediaType: Array(repeating: 65, count: 7)))
        #expect(put.byteCount == 3 + 2 + 7 + 160)
        let delete = UpwardWrite.make(origin: 1, sequence: 2, key: [1, 2, 3], change: .delete)
        #expect(delete.byteCount == 3 + 160)
    }

    /// A commit may come for any write: the others stay, in order.
    @Test func writesLeaveFromAnywhere() {
        let queue = UpwardQueue(countMax: 10, bytesMax: 10_000)
        for number in 1...5 { _ = queue.append(write(number)) }
        _ = queue.sendAll(window: 3)
        #expect(queue.number(origin: 1, sequence: 2) == 2)
        #expect(queue.remove(2)?.sequence == 2)
        #expect(queue.remove(2) == nil)
        #expect(queue.number(origin: 1, sequence: 2) == nil)
        #expect(queue.remove(1)?.sequence == 1)
        #expect(queue.count == 3)
        #expect(queue.sendAll().map(\.number) == [4, 5])
        queue.restart()
        #expect(queue.sendAll().map(\.number) == [3, 4, 5])
        for number in 3...5 { queue.remove(UInt64(number)) }
        #expect(queue.isEmpty)
        #expect(queue.byteCount == 0)
        #expect(queue.append(write(6)) == 6)
    }

    /// Round the ring of places many times, at several depths.
    @Test(arguments: [1, 3, 15, 16, 17, 1024, 3000]) func keepsOrderOverManyWrites(depth: Int) {
        let queue = UpwardQueue(countMax: depth, bytesMax: .max)
        var appended = 0
        var taken = 0
        var isRight = true
        while taken < 5000 {
            while queue.count < depth {
                appended += 1
                isRight = isRight && queue.append(write(appended)) == UInt64(appended)
            }
            for _ in 0...(taken % 7) where !queue.isEmpty {
                let sent = queue.next(window: 1)
                taken += 1
                isRight = isRight && sent?.number == UInt64(taken)
                isRight = isRight && sent?.write.keyBytes == key(taken)
                queue.removeFirst()
            }
        }
        #expect(isRight)
        #expect(queue.count == appended - taken)
        #expect(queue.byteCount == (appended - taken) * write(1).byteCount)
    }

    /// A receiver that takes writes in order and fails at random: it has every write in the end,
    /// and of two writes the later one last.
    @Test(arguments: 0..<50) func losesAndReordersNothing(seed: UInt64) {
        var random = SimRandom(seed: seed)
        let queue = UpwardQueue(countMax: 40, bytesMax: .max)
        var received: [UInt64] = []
        var accepted: [UInt64] = []
        var appended: UInt64 = 0
        let window = Int.random(in: 1...16, using: &random)
        while accepted.count < 200 {
            while appended < 200, queue.count < 40, Bool.random(using: &random) {
                appended = queue.append(write(Int(appended) + 1))
            }
            let sent = queue.sendAll(window: window)
            for sending in sent {
                switch Int.random(in: 0..<8, using: &random) {
                case 0:
                    if queue.isCurrent(sending) { _ = queue.onFailure() }
                case 1:
                    received.append(sending.number)
                    if queue.isCurrent(sending) { _ = queue.onFailure() }
                default:
                    received.append(sending.number)
                    guard queue.isCurrent(sending) else { continue }
                    accepted.append(sending.number)
                    queue.removeFirst()
                }
            }
            // All that may be sent was sent and not answered: a timeout would be next.
            if sent.isEmpty, !queue.isEmpty { _ = queue.onFailure() }
        }
        #expect(accepted == Array(1...200))
        let last = (1...200).map { number in received.lastIndex(of: UInt64(number)) ?? -1 }
        #expect(last.allSatisfy { $0 >= 0 })
        #expect(zip(last, last.dropFirst()).allSatisfy { $0 < $1 })
    }

    @Test func takesAWriteByItsOriginAndSequence() throws {
        let queue = UpwardQueue(countMax: 10, bytesMax: 10_000)
        for number in 1...3 { _ = queue.append(write(number)) }
        let taken = queue.take(origin: 1, sequence: 2)
        let (number, second) = try #require(taken)
        #expect(number == 2)
        #expect(second.keyBytes == key(2))
        #expect(queue.take(origin: 1, sequence: 2) == nil, "it has left")
        #expect(queue.take(origin: 2, sequence: 1) == nil, "another node's")
        #expect(queue.count == 2)
    }

    @Test func aWriteIsSentBeforeItIsQueuedOnlyIfAllBeforeItWere() {
        let queue = UpwardQueue(countMax: 10, bytesMax: 10_000)
        #expect(queue.isAllSent)
        #expect(queue.append(write(1), isSent: true) == 1)
        #expect(queue.isAllSent)
        #expect(queue.sendAll().isEmpty, "it was sent")
        _ = queue.append(write(2))
        _ = queue.append(write(3))
        #expect(!queue.isAllSent)
        #expect(queue.sendAll().map(\.number) == [2, 3])
        #expect(queue.isAllSent)
        _ = queue.append(write(4), isSent: true)
        _ = queue.onFailure()
        #expect(queue.sendAll().map(\.number) == [1])
        #expect(!queue.isAllSent, "a probe is alone")
        queue.restart()
        #expect(queue.sendAll().map(\.number) == [1, 2, 3, 4])
    }

    @Test func aWriteThatSomebodyHasIsNotMadeAnew() {
        let queue = UpwardQueue(countMax: 10, bytesMax: 10_000)
        let held = write(1)
        queue.keepSpare(held)
        #expect(held.keyBytes == key(1))
        #expect(queue.takeSpare() == nil)
        queue.keepSpare(write(2, valueCount: 1000))
        #expect(queue.takeSpare() == nil, "a large one is not kept")
    }

    @Test func aWriteMadeOfASpareHasNothingOfIt() {
        let spare = write(1, valueCount: 64)
        spare.isAgain = true
        spare.isOverlay = true
        spare.routes = WriteRoutes(ChildID(number: 7))
        for valueCount in [0, 10, 5000] {
            let value = [UInt8](repeating: 2, count: valueCount)
            let made = key(2).withUnsafeBytes { key in
                value.withUnsafeBytes { value in
                    UpwardWrite.make(
                        origin: 3, sequence: 4, key: key, keyHash: 5,
                        .value(value, mediaType: .empty), reusing: spare)
                }
            }
            #expect(made.origin == 3 && made.sequence == 4 && made.keyHash == 5)
            #expect(!made.isAgain && !made.isOverlay && made.routes.first == nil)
            #expect(made.keyBytes == key(2))
            #expect((made === spare) == (valueCount < 100), "\(valueCount) bytes")
            made.withBorrowed { _, content in
                guard case .value(let bytes, _) = content else { return #expect(Bool(false)) }
                #expect(bytes.elementsEqual(value))
            }
        }
    }
}
