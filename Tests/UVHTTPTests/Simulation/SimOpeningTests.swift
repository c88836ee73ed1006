import Simulation
import Testing
import UVHTTP

/// Connections that come to stand, or don't.
@Suite struct SimOpeningTests {
    private func connect(
        _ world: SimWorld, from host: SimHost, to address: SocketAddress
    ) -> Probe {
        let probe = Probe()
        host.loop.schedule { probe.start(on: host.loop.connect(to: address)) }
        return probe
    }

    @Test func refusesWhereNobodyListens() throws {
        try withSimWorld { world in
            let pair = try SimPair(world) { _ in }
            let wrong = connect(world, from: pair.client, to: pair.server.address(port: 81))
            #expect(world.run { wrong.isClosed })
            #expect(wrong.events == [.closed(.connectionRefused)])
            pair.listener.close()
            let late = connect(world, from: pair.client, to: pair.server.address(port: 80))
            #expect(world.run { late.isClosed })
            #expect(late.events == [.closed(.connectionRefused)])
            let nowhere = try #require(SocketAddress(numericHost: "192.0.2.1", port: 80))
            let lost = connect(world, from: pair.client, to: nowhere)
            #expect(world.run { lost.isClosed })
            #expect(lost.events == [.closed(.hostUnreachable)])
        }
    }

    @Test func listensLikeAKernel() throws {
        try withSimWorld { world in
            let pair = try SimPair(world) { _ in }
            let loop = pair.server.loop
            #expect(throws: UVError.addressInUse) {
                try loop.listen(on: pair.server.address(port: 80), backlog: 1) { _ in }
            }
            #expect(throws: UVError.addressNotAvailable) {
                try loop.listen(on: pair.client.address(port: 80), backlog: 1) { _ in }
            }
            let any = try #require(SocketAddress(numericHost: "0.0.0.0", port: 0))
            let server = Probe()
            let listener = try loop.listen(on: any, backlog: 1) { server.start(on: $0) }
            #expect(listener.address.port != 0)
            let address = pair.server.address(port: listener.address.port)
            let client = connect(world, from: pair.client, to: address)
            #expect(world.run { client.events == [.connected] && server.stream != nil })
            let own = try #require(SocketAddress(numericHost: "127.0.0.1", port: address.port))
            let loopback = connect(world, from: pair.server, to: own)
            #expect(world.run { loopback.events == [.connected] })
        }
    }

    @Test(arguments: [true, false])
    func timesOutWhenCut(toTheServer: Bool) throws {
        try withSimWorld { world in
            let pair = try SimPair(world) { _ in }
            if toTheServer {
                world.network.cut(from: pair.client, to: pair.server)
            } else {
                world.network.cut(from: pair.server, to: pair.client)
            }
            let probe = connect(world, from: pair.client, to: pair.server.address(port: 80))
            world.run(forMilliseconds: 126_000)
            #expect(probe.events.isEmpty)
            #expect(world.run(withinMilliseconds: 2_000) { probe.isClosed })
            #expect(probe.events == [.closed(.timedOut)])
        }
    }

    @Test func connectsWhenTheCutHealsInTime() throws {
        try withSimWorld { world in
            let pair = try SimPair(world) { _ in }
            world.network.isolate(pair.server)
            let probe = connect(world, from: pair.client, to: pair.server.address(port: 80))
            world.after(milliseconds: 5_000) { world.network.healAll() }
            #expect(world.run { probe.events == [.connected] })
            #expect(world.nowMilliseconds >= 5_000)
            world.run(forMilliseconds: 200_000)
            #expect(probe.events == [.connected])
        }
    }

    @Test func leavesConnectionsWaitingWhilePaused() throws {
        try withSimWorld { world in
            var accepted = 0
            let pair = try SimPair(world, backlog: 2) { _ in accepted += 1 }
            pair.listener.pause()
            let probes = (0..<4).map { _ in
                connect(world, from: pair.client, to: pair.server.address(port: 80))
            }
            world.run(forMilliseconds: 500)
            #expect(accepted == 0)
            pair.listener.resume()
            #expect(world.run { accepted == 4 })
            #expect(probes.allSatisfy { $0.events == [.connected] })
        }
    }

    @Test func resetsTheConnectionsThatWaitWhenTheListenerCloses() throws {
        try withSimWorld { world in
            let pair = try SimPair(world) { _ in }
            pair.listener.pause()
            let probe = connect(world, from: pair.client, to: pair.server.address(port: 80))
            #expect(world.run { probe.events == [.connected] })
            world.run(forMilliseconds: 10)
            pair.listener.close()
            #expect(world.run { probe.isClosed })
            #expect(probe.events.last == .closed(.connectionReset))
            world.run(forMilliseconds: 10)
            #expect(pair.server.loop.openStreams.isEmpty)
        }
    }

    @Test func forgetsAConnectionGivenUpInBetween() throws {
        for seed in 0..<50 {
            try withSimWorld(seed: UInt64(seed)) { world in
                let server = Probe()
                let pair = try SimPair(world) { server.start(on: $0) }
                let probe = connect(world, from: pair.client, to: pair.server.address(port: 80))
                world.after(microseconds: UInt64(seed) * 40) { probe.call { $0.close() } }
                world.run(forMilliseconds: 100)
                #expect(probe.closedOnceAndLast)
                if server.stream != nil, probe.isClosed {
                    #expect(server.isClosed || server.events == [.endOfInput])
                    server.call { $0.close() }
                    world.run(forMilliseconds: 10)
                }
                #expect(pair.server.loop.openStreams.isEmpty || probe.stream == nil)
            }
        }
    }
}
