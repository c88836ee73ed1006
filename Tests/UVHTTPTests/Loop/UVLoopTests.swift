import Foundation
import Testing
import UVHTTP

/// Look-ups, signals, and the life of the loop itself.
@Suite struct UVLoopTests {
    @Test func resolvesALocalName() throws {
        try withUVLoop(seconds: 60) { loop in
            var result: Result<[SocketAddress], UVError>?
            loop.resolve(host: "localhost", port: 5004) {
                result = $0
                loop.stop()
            }
            loop.run()
            let addresses = try #require(result).get()
            #expect(!addresses.isEmpty)
            #expect(addresses.allSatisfy { ["127.0.0.1", "::1"].contains($0.host) })
            #expect(addresses.allSatisfy { $0.port == 5004 })
            #expect(Set(addresses).count == addresses.count)
        }
    }

    @Test func tellsThatANameDoesNotExist() throws {
        try withUVLoop(seconds: 60) { loop in
            var result: Result<[SocketAddress], UVError>?
            loop.resolve(host: "nonexistent.invalid", port: 1) {
                result = $0
                loop.stop()
            }
            loop.run()
            guard case .failure(let error) = try #require(result) else {
                Issue.record("nonexistent.invalid has an address")
                return
            }
            // EAI_AGAIN where no name server can be reached.
            #expect(["EAI_NONAME", "EAI_NODATA", "EAI_AGAIN"].contains(error.name))
        }
    }

    @Test(arguments: ["10.0.1.67", "::1"])
    func answersANumericHostAtOnceButNotFromInside(_ host: String) throws {
        try withUVLoop { loop in
            var result: Result<[SocketAddress], UVError>?
            loop.resolve(host: host, port: 7) {
                result = $0
                loop.stop()
            }
            #expect(result == nil)
            loop.run()
            let expected = try #require(SocketAddress(numericHost: host, port: 7))
            #expect(result == .success([expected]))
        }
    }

    @Test(arguments: ["", "a\0b", String(repeating: "x", count: 5000)])
    func refusesAnUnusableNameInALaterTurn(_ host: String) throws {
        try withUVLoop { loop in
            var result: Result<[SocketAddress], UVError>?
            loop.resolve(host: host, port: 7) {
                result = $0
                loop.stop()
            }
            #expect(result == nil)
            loop.run()
            #expect(throws: UVError.self) { try #require(result).get() }
        }
    }

    @Test func endsLookUpsWhenItCloses() throws {
        let loop = try UVLoop()
        var answers = 0
        for number in 0..<20 {
            loop.resolve(host: "name-\(number).invalid", port: 1) { _ in answers += 1 }
        }
        loop.close()
        #expect(answers == 20)
    }

    @Test func runsABodyForASignal() throws {
        try withUVLoop { loop in
            var count = 0
            loop.onSignal(SIGUSR1) {
                count += 1
                if count == 2 { loop.stop() } else { kill(getpid(), SIGUSR1) }
            }
            loop.schedule { kill(getpid(), SIGUSR1) }
            loop.run()
            #expect(count == 2)
        }
    }

    @Test func aSignalDoesNotKeepTheLoopRunning() throws {
        let loop = try UVLoop()
        loop.onSignal(SIGUSR2) {}
        loop.run()
        loop.close()
    }

    @Test func closesWhateverIsOpen() throws {
        var weakLoop: WeakReference?
        let client = Probe()
        let idle = Probe()
        var hasFired = false
        do {
            let loop = try UVLoop()
            weakLoop = WeakReference(object: loop)
            let listener = try loop.listenOnLoopback { stream in
                // Held by nobody, never started.
                stream.pauseReading()
                loop.stop()
            }
            loop.startTimer(afterMilliseconds: 60_000, repeatMilliseconds: 1) { hasFired = true }
            client.start(on: loop.connect(to: listener.address))
            client.write([UInt8](repeating: 0, count: 16 * 1024 * 1024))
            loop.run()
            idle.start(on: loop.connect(to: listener.address))
            loop.schedule { hasFired = true }
            client.reaction = { _, event in
                guard case .closed = event else { return }
                // What starts now is never heard of again.
                loop.schedule { hasFired = true }
                loop.startTimer(afterMilliseconds: 0, repeatMilliseconds: 0) { hasFired = true }
                loop.connect(to: listener.address).start(Probe { _, _ in hasFired = true })
                loop.stop()
                #expect(throws: UVError.canceled) {
                    try loop.listen(on: listener.address, backlog: 1) { _ in }
                }
            }
            loop.close()
            loop.close()
            loop.run()
            listener.close()
            client.reaction = { _, _ in }
        }
        #expect(client.isClosed)
        #expect(idle.events == [.closed(nil)])
        #expect(!hasFired)
        client.stream = nil
        idle.stream = nil
        #expect(weakLoop?.object == nil)
    }

    @Test func closesByItselfWhenNothingIsOpenAndNobodyHoldsIt() throws {
        var weakLoop: WeakReference?
        do {
            let loop = try UVLoop()
            weakLoop = WeakReference(object: loop)
            loop.schedule {}
            loop.run()
            #expect(weakLoop?.object != nil)
        }
        #expect(weakLoop?.object == nil)
    }

    /// In a process of its own, as it counts descriptors.
    @Test func hundredsOfLoopsLeaveNoDescriptorBehind() async {
        await #expect(processExitsWith: .success) {
            func descriptorCount() throws -> Int {
                try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
            }
            func useALoop() throws {
                try withUVLoop { loop in
                    let server = Probe { probe, event in
                        if event == .read { probe.write(probe.received) }
                    }
                    let client = Probe { probe, event in
                        if event == .connected { probe.write("x") }
                        if event == .read { loop.stop() }
                    }
                    loop.onSignal(SIGUSR1) {}
                    try loop.connect(client, server)
                    loop.run()
                    precondition(client.text == "x")
                }
            }
            try useALoop()
            let before = try descriptorCount()
            for _ in 0..<300 { try useALoop() }
            let after = try descriptorCount()
            // Not equal: the test runner's own threads open a few in their time.
            precondition(after - before < 20, "\(before) descriptors became \(after)")
        }
    }
}
