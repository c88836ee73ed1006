// modules: UVHTTP ZooKeeper

import UVHTTP

@testable import ZooKeeper

/// What a ZooKeeper server may send, to a session that does everything a client does.
///
/// The input is a script: a byte says what happens, and the bytes behind it how. The invariants:
/// nothing traps, every request is completed exactly once, and nothing is held without bound.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzZooKeeper(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    var script = Script(UnsafeRawBufferPointer(start: data, count: count))
    var run = Run()
    while let command = script.byte() { run.perform(command, &script) }
    run.end()
    return 0
}

/// The input, read from its beginning.
private struct Script {
    private var rest: UnsafeRawBufferPointer
    init(_ bytes: UnsafeRawBufferPointer) { rest = bytes }

    mutating func byte() -> UInt8? {
        guard let first = rest.first else { return nil }
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst())
        return first
    }

    /// As many bytes as are asked for, or all that are left.
    mutating func bytes(_ count: Int) -> UnsafeRawBufferPointer {
        let taken = UnsafeRawBufferPointer(rebasing: rest.prefix(count))
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
        return taken
    }
}

private struct Run: ~Copyable {
    private var session: ZooKeeperSession
    private var now: UInt64 = 1000
    private var lastID = 0
    private var waiting: Set<Int> = []
    private var closedCount = 0

    init() {
        var options = ZooKeeperOptions()
        options.authentications = [.digest(user: "u", password: "p")]
        options.pendingRequestsMax = 50
        options.replyBytesMax = 4096
        let servers = [Endpoint(host: "a", port: 1), Endpoint(host: "b", port: 2)]
        session = ZooKeeperSession(servers: servers, options: options, seed: 1)
        session.start(now: now)
        act()
    }

    mutating func perform(_ command: UInt8, _ script: inout Script) {
        switch command & 15 {
        case 0: read(handshake)
        case 1:
            // What comes is as it is.
            read([UInt8](script.bytes(Int(script.byte() ?? 0))))
        case 2:
            // A frame of a right length.
            let body = script.bytes(Int(script.byte() ?? 0))
            read(number(Int32(body.count)) + body)
        case 3:
            // The reply that is awaited next.
            let xid = session.pending.first?.xid ?? 0
            let body = script.bytes(Int(script.byte() ?? 0))
            read(
                number(Int32(body.count + 16)) + number(xid) + number(Int64(7)) + number(Int32(0))
                    + body)
        case 4:
            // An event.
            let kind = Int32(script.byte() ?? 0)
            let path = script.bytes(Int(script.byte() ?? 0) & 31)
            let body = number(kind) + number(Int32(3)) + number(Int32(path.count)) + path
            read(
                number(Int32(body.count + 16)) + number(Int32(-1)) + number(Int64(-1))
                    + number(Int32(0)) + body)
        case 5: pass(UInt64(script.byte() ?? 0) * 10)
        case 6:
            session.onDisconnected(.closedByServer, now: now)
            act()
        case 7: close(UInt64(script.byte() ?? 0))
        case 8:
            // Pings, authentications and watches are answered.
            let xid = [-2, -4, -8][Int(script.byte() ?? 0) % 3] as Int32
            let code = Int32(script.byte() ?? 0) & 1 * -115
            read(number(Int32(16)) + number(xid) + number(Int64(3)) + number(code))
        case 9:
            lastID += 1
            waiting.insert(lastID)
            session.authenticate(.digest(user: "v", password: "q"), id: lastID, now: now)
            act()
        default: submit(script.byte() ?? 0)
        }
    }

    /// The end of everything: what waits is completed.
    mutating func end() {
        close(0)
        pass(300_000)
        precondition(waiting.isEmpty, "a request was not completed")
        precondition(closedCount == 1, "closed \(closedCount) times")
        precondition(session.deadline == nil && session.pending.count == 0)
    }

    private mutating func close(_ milliseconds: UInt64) {
        session.close(deadline: now + milliseconds, now: now)
        act()
    }

    private mutating func submit(_ choice: UInt8) {
        lastID += 1
        let path = "/\(choice & 3)"
        let watch = choice & 4 != 0
        let requests: [Request] = [
            .create(path: path, data: [1], mode: .ephemeral, acl: ACL.anyone),
            .delete(path: path, version: nil), .exists(path: path, watch: watch),
            .get(path: path, watch: watch), .set(path: path, data: [], version: 1),
            .children(path: path, watch: watch), .getACL(path: path),
            .setACL(path: path, acl: ACL.creator, version: nil), .sync(path: path),
            .multi([.check(path: path, version: 1), .delete(path: path)]),
            .addWatch(path: path, mode: watch ? .persistent : .persistentRecursive),
            .removeWatches(path: path, kind: watch ? .any : .data),
        ]
        let request = requests[Int(choice >> 3) % requests.count]
        if session.submit(request, id: lastID, now: now) == nil { waiting.insert(lastID) }
        act()
    }

    private mutating func read(_ bytes: [UInt8]) {
        // Memory of exactly this size: what is read behind it is found out.
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        defer { memory.deallocate() }
        memory.copyBytes(from: bytes)
        session.onRead(UnsafeRawBufferPointer(memory), now: now)
        act()
    }

    private mutating func pass(_ milliseconds: UInt64) {
        let end = now + milliseconds
        var timers = 0
        while let deadline = session.deadline, deadline <= end {
            now = max(now, deadline)
            session.onTimer(now: now)
            act()
            timers += 1
            precondition(timers < 100_000, "a timer that never rests")
        }
        now = end
    }

    private mutating func act() {
        while session.hasActions || !session.output.isEmpty {
            session.didWriteOutput()
            for action in session.takeActions() { perform(action) }
        }
    }

    private mutating func perform(_ action: SessionAction) {
        switch action {
        case .resolve(let server, let endpoint):
            let address = SocketAddress(numericHost: "10.0.0.1", port: endpoint.port)
            session.onResolved(
                server: server, address.map { .success([$0]) } ?? .failure(.nameNotFound), now: now)
        case .connect: session.onConnected(now: now)
        case .completed(let id, _):
            precondition(waiting.remove(id) != nil, "a request was completed twice")
        case .closed: closedCount += 1
        case .disconnect, .state, .connectFailed, .event: break
        }
    }

    private var handshake: [UInt8] {
        number(Int32(37)) + number(Int32(0)) + number(Int32(4000)) + number(Int64(9))
            + number(Int32(16)) + [UInt8](repeating: 5, count: 16) + [0]
    }

    private func number(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { [UInt8]($0) }
    }
}
