import Foundation
import Testing
import UVHTTP
import ZooKeeper

extension RealServerTests {
    /// A list of servers of which the first is of no use: the client ends at the real one.
    @Suite struct Hostile {
        @Test func aServerThatHangsCostsOneConnectTimeout() throws {
            let real = try RealLoop()
            defer { real.end() }
            let server = try real.sharedServer()
            let hung = try FakeServer(on: real.loop) { _ in }
            for _ in 0..<8 {
                let recorder = try real.client("\(hung.address),\(server.address)")
                let begin = RealLoop.clockMilliseconds()
                try recorder.connect(in: real)
                // Each attempt may take 4000 ms ÷ (3 × 2 servers): the last one succeeded.
                let attempts = Double(recorder.failures.count + 1)
                let taken = RealLoop.clockMilliseconds() - begin
                #expect(taken < attempts * 666 + 600)
                #expect(recorder.failures.allSatisfy { $0 == .connectTimeout(milliseconds: 666) })
            }
            #expect(hung.connectionCount > 0)
        }

        @Test func aServerThatStandsStillCostsOneConnectTimeout() throws {
            let real = try RealLoop()
            defer { real.end() }
            let server = try real.sharedServer()
            let hung = try real.server()
            hung.pause()
            var failures = 0
            for _ in 0..<6 {
                let recorder = try real.client("\(hung.address),\(server.address)")
                let connection = try recorder.connect(in: real)
                #expect(connection.address.port == server.port)
                failures += recorder.failures.count
            }
            #expect(failures > 0)
        }

        @Test func aNameThatCanNotBeResolvedIsSkipped() throws {
            let real = try RealLoop()
            defer { real.end() }
            let server = try real.sharedServer()
            var failures: [DisconnectReason] = []
            for _ in 0..<6 {
                let recorder = try real.client("nonexistent.invalid:2181,\(server.address)")
                try recorder.connect(in: real)
                failures += recorder.failures
            }
            #expect(!failures.isEmpty)
            for failure in failures {
                guard case .unresolved = failure else {
                    Issue.record("\(failure)")
                    continue
                }
            }
        }

        @Test func aNameThatComesBackIsFound() throws {
            let real = try RealLoop()
            defer { real.end() }
            let recorder = try real.client("nonexistent.invalid:2181")
            recorder.client.start()
            try real.wait(for: "two attempts") { recorder.failures.count >= 2 }
            #expect(recorder.states.isEmpty)
        }

        private static let garbage: [(String, [UInt8])] = [
            ("HTTP", Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8)),
            ("2 GiB", [0x80, 0, 0, 0] + [UInt8](repeating: 0, count: 40)),
            ("2 GiB - 1", [0x7F, 0xFF, 0xFF, 0xFF] + [UInt8](repeating: 0, count: 40)),
            ("empty", [0, 0, 0, 0]),
            ("short", [0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0x10, 0]),
            ("no session", [0, 0, 0, 20] + [UInt8](repeating: 0, count: 20)),
            (
                "long password",
                [0, 0, 0, 24, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 0, 0, 0, 0]
                    + [0, 0, 0]
            ),
        ]

        @Test(arguments: garbage) func garbageEndsTheConnection(
            _ name: String, _ bytes: [UInt8]
        ) throws {
            let real = try RealLoop()
            defer { real.end() }
            let fake = try FakeServer(on: real.loop) { $0.write(bytes) }
            let recorder = try real.client(fake.address)
            recorder.client.start()
            try real.wait(for: "two attempts") { recorder.failures.count >= 2 }
            for failure in recorder.failures {
                guard case .malformed = failure else {
                    Issue.record("\(name): \(failure)")
                    continue
                }
            }
            #expect(recorder.states.isEmpty)
        }

        @Test func afterAHandshakeGarbageEndsTheConnectionToo() throws {
            let real = try RealLoop()
            defer { real.end() }
            let server = try real.sharedServer()
            let handshake: [UInt8] =
                [0, 0, 0, 37, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 16]
                + [UInt8](repeating: 1, count: 17)
            for garbage in [
                [0xFF, 0xFF, 0xFF, 0xFF], [0x7F, 0xFF, 0xFF, 0xFF], [0, 0, 0, 3, 1, 2, 3],
                [0, 0, 0, 16] + [UInt8](repeating: 0, count: 16),
            ] as [[UInt8]] {
                let fake = try FakeServer(on: real.loop) { $0.write(handshake + garbage) }
                let recorder = try real.client("\(fake.address),\(server.address)")
                recorder.client.start()
                try real.wait(for: "the real server") {
                    recorder.connections.last?.address.port == server.port
                }
                for state in recorder.states {
                    if case .disconnected(let reason) = state {
                        guard case .malformed = reason else {
                            Issue.record("\(reason)")
                            continue
                        }
                    }
                }
            }
        }

        @Test func aTruncatedFrameIsNoFrame() throws {
            let real = try RealLoop()
            defer { real.end() }
            let server = try real.sharedServer()
            let fake = try FakeServer(on: real.loop) {
                $0.write([0, 0, 0, 37, 0, 0])
                $0.shutdown()
            }
            var failures: [DisconnectReason] = []
            for _ in 0..<6 {
                let recorder = try real.client("\(fake.address),\(server.address)")
                try recorder.connect(in: real)
                failures += recorder.failures
            }
            #expect(failures.contains(.closedByServer))
            #expect(failures.allSatisfy { $0 == .closedByServer })
        }
    }
}

/// A listener that does with each connection what a test says, once it has read something.
final class FakeServer {
    private let listener: any StreamListener
    private(set) var connectionCount = 0

    init(on loop: UVLoop, _ body: @escaping (FakeConnection) -> Void) throws {
        let any = try #require(SocketAddress(numericHost: "127.0.0.1", port: 0))
        var count: () -> Void = {}
        listener = try loop.listen(on: any, backlog: 64) { stream in
            count()
            stream.start(FakeConnection(stream, body))
        }
        count = { [unowned self] in connectionCount += 1 }
    }

    deinit { listener.close() }

    var address: String { listener.address.description }
}

final class FakeConnection: StreamHandler {
    private let stream: any ByteStream
    private var body: ((FakeConnection) -> Void)?

    init(_ stream: any ByteStream, _ body: @escaping (FakeConnection) -> Void) {
        self.stream = stream
        self.body = body
    }

    func write(_ bytes: [UInt8]) { bytes.withUnsafeBytes { stream.write($0) } }
    func shutdown() { stream.shutdown() }
    func onConnected() {}
    func onRead(_ bytes: UnsafeMutableRawBufferPointer) {
        body?(self)
        body = nil
    }
    func onEndOfInput() { stream.close() }
    func onDrained() {}
    func onClosed(_ error: UVError?) {}
}
