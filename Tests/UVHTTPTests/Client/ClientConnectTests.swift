import Simulation
import Testing
import UVHTTP

/// Finding a peer and connecting to it.
@Suite struct ClientConnectTests {
    @Test func triesTheAddressesInTurn() throws {
        try withClient { harness in
            harness.world.network.names["both"] = .addresses(["::1", "127.0.0.1"])
            let loopback = try #require(SocketAddress(numericHost: "127.0.0.1", port: 7))
            _ = try harness.clientHost.loop.listen(on: loopback, backlog: 4) {
                _ = RawServerEnd($0) { end, request in end.answer("4") }
            }
            let record = harness.send("/", to: Endpoint(host: "both", port: 7))
            #expect(harness.finish([record]))
            #expect(record.body == "4")
            #expect(record.milliseconds < 50)
        }
    }

    @Test func goesOnToTheNextAddressWhenOneIsSilent() throws {
        try withClient(limits { $0.connectMilliseconds = 1_000 }) { harness in
            let silent = harness.world.addHost("silent")
            silent.crash(.silent)
            harness.world.network.names["both"] = .addresses([
                silent.addresses[0], harness.serverHost.addresses[0],
            ])
            let record = harness.send("/x", to: Endpoint(host: "both", port: 80))
            #expect(harness.finish([record]))
            #expect(record.body == "/x")
            #expect((1_000...1_200).contains(record.milliseconds))
        }
    }

    @Test func tellsWhyThereIsNoConnection() throws {
        try withClient(limits { $0.connectMilliseconds = 700 }) { harness in
            let refused = harness.send("/", to: Endpoint(host: "server", port: 81))
            let unknown = harness.send("/", to: Endpoint(host: "nobody", port: 80))
            let silent = harness.world.addHost("silent")
            silent.crash(.silent)
            let lost = harness.send("/", to: silent.endpoint(port: 80))
            let nowhere = harness.send("/", to: Endpoint(host: "192.0.2.9", port: 80))
            #expect(harness.finish([refused, unknown, lost, nowhere]))
            #expect(refused.error == .unreachable(.connectionRefused))
            #expect(unknown.error == .unresolved(.nameNotFound))
            #expect(lost.error == .unreachable(.timedOut))
            #expect((700...800).contains(lost.milliseconds))
            #expect(nowhere.error == .unreachable(.hostUnreachable))
        }
    }

    @Test func failsAllThatWaitWhenThereIsNoConnection() throws {
        try withClient { harness in
            harness.stopListening()
            var again: [CallRecord] = []
            let records = (0..<10).map { index in
                harness.send("/\(index)") { _ in again.append(harness.send("/again/\(index)")) }
            }
            #expect(harness.finish(records))
            #expect(harness.world.run { again.count == 10 && again.allSatisfy(\.isDone) })
            #expect((records + again).allSatisfy { $0.error == .unreachable(.connectionRefused) })
            #expect((records + again).allSatisfy { $0.results.count == 1 })
            try harness.listen()
            let record = harness.send("/up")
            #expect(harness.finish([record]))
            #expect(record.body == "/up")
        }
    }

    @Test func timesOutWhileTheNameIsLookedUp() throws {
        try withClient { harness in
            harness.world.network.lookUpMicroseconds = 30_000_000...30_000_000
            let record = harness.send("/x", timeout: 1_000)
            #expect(harness.finish([record]))
            #expect(record.error == .timedOut)
            #expect((1_000...1_100).contains(record.milliseconds))
            let patient = harness.send("/y", timeout: 60_000)
            #expect(harness.finish([patient]))
            #expect(patient.body == "/y")
            #expect(record.results.count == 1)
        }
    }

    @Test func refusesWhatWouldWaitBeyondTheQueue() throws {
        try withClient(limits { $0.clientQueueMax = 5 }) { harness in
            harness.onRequest = { _, _ in }
            let records = (0..<8).map { harness.send("/\($0)", timeout: 300) }
            harness.world.run(forMilliseconds: 1)
            #expect(harness.world.run { records.suffix(3).allSatisfy(\.isDone) })
            #expect(records.suffix(3).allSatisfy { $0.error == .overloaded })
            #expect(harness.finish(records))
            #expect(records.prefix(5).allSatisfy { $0.error == .timedOut })
        }
    }

    @Test func neverMakesMoreConnectionsThanItMay() throws {
        for seed in 0..<30 {
            try withClient(seed: UInt64(seed), limits { $0.clientConnectionsMax = 3 }) { harness in
                var open = 0
                harness.onRequest = { end, request in
                    open = max(open, harness.ends.filter { !$0.isClosed }.count)
                    harness.world.after(milliseconds: 3) {
                        end.answer(
                            request.target, 200,
                            harness.world.random.oneIn(3) ? "Connection: close\r\n" : "")
                    }
                }
                let records = (0..<40).map { harness.send("/\($0)") }
                #expect(harness.finish(records))
                let lost = records.filter { $0.body == nil }
                #expect(lost.allSatisfy { $0.error == .disconnected })
                #expect(open <= 4)  // One may be closing.
                let streams = harness.clientHost.loop.openStreams
                #expect(streams.count <= 3)
            }
        }
    }
}
