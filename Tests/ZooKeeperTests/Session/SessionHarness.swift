import Simulation
import Testing
import UVHTTP

@testable import ZooKeeper

/// A session without a loop: the test is the server and the clock.
struct SessionHarness: ~Copyable {
    var session: ZooKeeperSession
    var now: UInt64 = 1_000_000
    /// What the session did, in words.
    private(set) var story: [String] = []
    private(set) var sent: [UInt8] = []

    static let address = "10.0.0.1"

    init(servers: Int = 1, options: ZooKeeperOptions = ZooKeeperOptions()) {
        let endpoints = (0..<servers).map { Endpoint(host: "zk\($0)", port: 2181) }
        session = ZooKeeperSession(servers: endpoints, options: options, seed: 1)
    }

    /// A session whose handshake was answered; its timeout is 9000 ms.
    static func connected() -> SessionHarness {
        var harness = SessionHarness()
        harness.open()
        harness.receive(Self.handshake())
        harness.forget()
        return harness
    }

    mutating func forget() {
        story = []
        sent = []
    }

    /// Goes as far as an open connection.
    mutating func open() {
        session.start(now: now)
        act()
    }

    mutating func receive(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { session.onRead($0, now: now) }
        act()
    }

    mutating func submit(_ request: Request, id: Int) -> ZooKeeperError? {
        let error = session.submit(request, id: id, now: now)
        act()
        return error
    }

    mutating func close(after milliseconds: UInt64) {
        session.close(deadline: now + milliseconds, now: now)
        act()
    }

    mutating func lose(_ reason: DisconnectReason = .closedByServer) {
        session.onDisconnected(reason, now: now)
        act()
    }

    /// Lets time pass; timers fire when they are due.
    mutating func pass(_ milliseconds: UInt64) {
        let end = now + milliseconds
        while let deadline = session.deadline, deadline <= end {
            now = max(now, deadline)
            session.onTimer(now: now)
            act()
        }
        now = end
    }

    private mutating func act() {
        while session.hasActions || !session.output.isEmpty {
            sent += [UInt8](session.output.readable)
            session.didWriteOutput()
            for action in session.takeActions() { perform(action) }
        }
    }

    private mutating func perform(_ action: SessionAction) {
        switch action {
        case .resolve(let server, _):
            guard let address = SocketAddress(numericHost: Self.address, port: 2181) else { return }
            session.onResolved(server: server, .success([address]), now: now)
        case .connect:
            story.append("connect")
            session.onConnected(now: now)
        case .disconnect: story.append("disconnect")
        case .state(let state): story.append(Self.words(state))
        case .connectFailed(_, let reason): story.append("failed: \(reason)")
        case .event(let event): story.append("\(event.kind) \(event.path)")
        case .completed(let id, .success(let reply)): story.append("\(id): \(Self.words(reply))")
        case .completed(let id, .failure(let error)): story.append("\(id): \(error)")
        case .closed(let isConfirmed): story.append("closed \(isConfirmed)")
        }
    }

    private static func words(_ state: ZooKeeperState) -> String {
        switch state {
        case .connected(let connection):
            "connected \(connection.sessionID) \(connection.isNew ? "new" : "again")"
        case .disconnected(let reason): "disconnected: \(reason)"
        default: "\(state)"
        }
    }

    private static func words(_ reply: Reply) -> String {
        switch reply {
        case .data(let node): "data \(node.data)"
        default: "done"
        }
    }

    // MARK: What servers say

    static func frame(_ body: [UInt8]) -> [UInt8] { number(Int32(body.count)) + body }

    static func number(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { [UInt8]($0) }
    }

    static func string(_ text: String) -> [UInt8] { number(Int32(text.utf8.count)) + text.utf8 }

    static func handshake(timeout: Int32 = 9000, sessionID: Int64 = 77) -> [UInt8] {
        frame(
            number(Int32(0)) + number(timeout) + number(sessionID) + number(Int32(16))
                + [UInt8](repeating: 3, count: 16) + [0])
    }

    static func reply(_ xid: Int32, zxid: Int64 = 5, code: Int32 = 0, _ body: [UInt8] = [])
        -> [UInt8]
    {
        frame(number(xid) + number(zxid) + number(code) + body)
    }

    static func event(_ kind: Int32, _ path: String) -> [UInt8] {
        reply(-1, zxid: -1, number(kind) + number(Int32(3)) + string(path))
    }

    static let stat = [UInt8](repeating: 0, count: 68)
}
