import Simulation
import Testing
import UVHTTP

/// Cuts, crashes and standing processes.
@Suite struct SimFailureTests {
    /// A pair of probes with a connection that stands.
    private func withConnection(
        _ body: (SimWorld, SimPair, _ client: Probe, _ server: Probe) throws -> Void
    ) throws {
        try withSimWorld { world in
            let client = Probe()
            let server = Probe()
            let pair = try SimPair(world, client, server)
            #expect(world.run { client.events == [.connected] && server.stream != nil })
            try body(world, pair, client, server)
        }
    }

    @Test func holdsBackOneDirectionWhenThatIsCut() throws {
        try withConnection { world, pair, client, server in
            world.network.cut(from: pair.client, to: pair.server)
            client.write("held")
            server.write("passes")
            #expect(world.run(withinMilliseconds: 100) { client.text == "passes" })
            world.run(forMilliseconds: 60_000)
            #expect(server.text.isEmpty)
            world.network.heal(from: pair.client, to: pair.server)
            #expect(world.run(withinMilliseconds: 300) { server.text == "held" })
        }
    }

    @Test func givesUpABrokenConnectionInTheEnd() throws {
        try withConnection { world, pair, client, server in
            world.network.cut(pair.client, pair.server)
            client.write("lost")
            world.run(forMilliseconds: 899_000)
            #expect(!client.isClosed)
            #expect(world.run(withinMilliseconds: 2_000) { client.isClosed })
            #expect(client.events.last == .closed(.timedOut))
            world.network.healAll()
            world.run(forMilliseconds: 10_000)
            #expect(server.events.isEmpty)
        }
    }

    @Test func losesAResetInACutAndTellsTheNextThatWrites() throws {
        try withConnection { world, pair, client, server in
            world.network.cut(from: pair.client, to: pair.server)
            client.write("never arrives")
            world.run(forMilliseconds: 100)
            client.simStream?.reset()
            world.run(forMilliseconds: 100)
            world.network.healAll()
            world.run(forMilliseconds: 60_000)
            #expect(server.events.isEmpty)
            server.write("are you there?")
            #expect(world.run { server.isClosed })
            #expect(server.events == [.closed(.connectionReset)])
        }
    }

    @Test(arguments: [SimCrash.resetting, .closing])
    func tellsThePeersOfAProcessThatDies(crash: SimCrash) throws {
        try withConnection { world, pair, client, server in
            pair.server.crash(crash)
            let last: Probe.Event =
                crash == .closing ? .endOfInput : .closed(.connectionReset)
            #expect(world.run { client.events.last == last })
            #expect(server.events.isEmpty)
            let next = Probe()
            pair.connect(next)
            #expect(world.run { next.isClosed })
            #expect(next.events == [.closed(.connectionRefused)])
        }
    }

    @Test func saysNothingOfAMachineWithoutPowerUntilItIsBack() throws {
        try withConnection { world, pair, client, server in
            pair.server.crash(.silent)
            client.write("anybody?")
            world.run(forMilliseconds: 60_000)
            #expect(client.events == [.connected])
            let restarted = pair.server.restart()
            #expect(world.run { client.isClosed })
            #expect(client.events.last == .closed(.connectionReset))
            #expect(server.events.isEmpty)
            let second = Probe()
            _ = try restarted.listen(on: pair.server.address(port: 80), backlog: 1) {
                second.start(on: $0)
            }
            let next = Probe { probe, event in if event == .connected { probe.write("again") } }
            pair.connect(next)
            #expect(world.run { second.text == "again" })
        }
    }

    @Test func callsNothingOfADeadProcess() {
        withSimWorld { world in
            let host = world.addHost("host")
            var calls = 0
            let timer = host.loop.startTimer(afterMilliseconds: 5, repeatMilliseconds: 5) {
                calls += 1
            }
            let end = TurnEnd { _ in calls += 1 }
            host.loop.onSignal(15) { calls += 1 }
            host.loop.resolve(host: "host", port: 1) { _ in calls += 1 }
            host.loop.schedule {
                host.loop.atTurnEnd(end)
                host.crash(.silent)
                host.loop.atTurnEnd(end)
                host.loop.schedule { calls += 100 }
                calls = 0
            }
            host.loop.schedule { calls += 1 }
            world.run(forMilliseconds: 100)
            host.loop.raise(15)
            host.loop.startTimer(afterMilliseconds: 1, repeatMilliseconds: 0) { calls += 1 }
            world.run(forMilliseconds: 100)
            #expect(calls == 0)
            timer.cancel()
            #expect(!host.isUp)
            #expect(host.restart() === host.loop && host.isUp)
        }
    }

    @Test func letsGoOfWhatADeadProcessHeldWhenTheWorldEnds() throws {
        var probe: Probe? = Probe()
        let weak = WeakReference(object: probe)
        try withSimWorld { world in
            let other = Probe()
            let pair = try SimPair(world) { other.start(on: $0) }
            pair.connect(try #require(probe))
            pair.client.loop.startTimer(afterMilliseconds: 1, repeatMilliseconds: 1) {
                [probe] in _ = probe
            }
            #expect(world.run { other.stream != nil })
            pair.client.crash(.resetting)
            world.run(forMilliseconds: 200_000)
            #expect(probe?.events == [.connected])
            probe?.reaction = { probe, _ in probe.stream = nil }
            probe = nil
            #expect(weak.object != nil)
        }
        #expect(weak.object == nil)
    }

    @Test func standsStillWhileFrozenAndCatchesUp() throws {
        try withConnection { world, pair, client, server in
            var ticks = 0
            pair.server.loop.startTimer(afterMilliseconds: 10, repeatMilliseconds: 10) {
                ticks += 1
            }
            pair.server.loop.freeze()
            client.write("waits in the kernel")
            world.run(forMilliseconds: 1000)
            #expect(ticks == 0)
            #expect(server.text.isEmpty)
            pair.server.loop.thaw()
            #expect(world.run(withinMilliseconds: 5) { server.text == "waits in the kernel" })
            #expect(ticks == 1)
        }
    }
}
