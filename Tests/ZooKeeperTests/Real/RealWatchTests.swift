import Foundation
import Testing
import UVHTTP
import ZooKeeper

extension RealServerTests {
    @Suite struct ManyWatches {
        /// More than one `setWatches2` can carry.
        private static let nodeCount = 20_000

        @Test func twentyThousandWatchesMoveToAnotherServer() throws {
            let real = try RealLoop()
            defer { real.end() }
            let ensemble = try real.ensemble()
            let writer = try real.client(ensemble.addresses, timeoutMilliseconds: 20_000)
            try writer.connect(in: real)
            try create(writer.client, real)
            let watcher = try real.client(ensemble.addresses, timeoutMilliseconds: 20_000)
            try watcher.connect(in: real)
            try watch(watcher.client, real)
            let server = try ensemble.server(of: watcher)
            server.end()
            try real.waitForWrite(writer.client)
            try changeEvery(200, writer.client, real)
            try real.wait(for: "the session") {
                watcher.isConnected && watcher.connections.count == 2
            }
            try real.wait(for: "the changes") { watcher.events.count >= Self.nodeCount / 200 }
            #expect(watcher.events.allSatisfy { $0.kind == .dataChanged })
            #expect(watcher.events.count == Self.nodeCount / 200)
            let changed = stride(from: 0, to: Self.nodeCount, by: 200).map(Self.path)
            let isAsChanged = Set(watcher.events.map(\.path)) == Set(changed)
            #expect(isAsChanged)
            let next = try ensemble.server(of: watcher)
            let summary = try #require(next.answer(to: "wchs"))
            #expect(summary.contains("Total watches:\(Self.nodeCount - watcher.events.count)"))
        }

        private static func path(_ index: Int) -> String {
            "/many/node-with-a-name-of-some-length-\(index)"
        }

        private func create(_ zk: ZooKeeperClient, _ real: RealLoop) throws {
            _ = try real.value { zk.create("/many", completion: $0) }
            try real.inBatches(of: 100, upTo: Self.nodeCount) { first, end, isDone in
                let operations = (first..<end).map {
                    MultiOperation.create(path: Self.path($0), data: [])
                }
                zk.multi(operations) { isDone($0.failure) }
            }
        }

        private func watch(_ zk: ZooKeeperClient, _ real: RealLoop) throws {
            try real.inBatches(of: 100, upTo: Self.nodeCount) { first, end, isDone in
                for index in first..<end {
                    zk.get(Self.path(index), watch: true) {
                        if index == end - 1 { isDone($0.failure) }
                    }
                }
            }
        }

        private func changeEvery(
            _ step: Int, _ zk: ZooKeeperClient, _ real: RealLoop
        ) throws {
            try real.inBatches(of: step, upTo: Self.nodeCount) { first, _, isDone in
                zk.set(Self.path(first), data: [1]) { isDone($0.failure) }
            }
        }
    }
}

extension RealLoop {
    /// Makes a batch of requests after the other; each ends with a call of `isDone`.
    func inBatches(
        of size: Int, upTo end: Int,
        _ body:
            @escaping (
                _ first: Int, _ end: Int, _ isDone: @escaping (ZooKeeperError?) -> Void
            ) -> Void
    ) throws {
        var next = 0
        var failure: ZooKeeperError?
        func go() {
            guard next < end, failure == nil else { return }
            body(next, min(next + size, end)) { error in
                failure = error
                next += size
                go()
            }
        }
        go()
        try wait(for: "all batches", seconds: 60) { next >= end || failure != nil }
        try #require(failure == nil)
    }
}
