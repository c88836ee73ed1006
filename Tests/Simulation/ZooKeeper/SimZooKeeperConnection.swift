import UVHTTP

/// The first record of a client.
struct SimZooKeeperHandshake {
    var lastZxid: Int64
    var timeoutMilliseconds: Int32
    var sessionID: Int64
    var password: [UInt8]

    init(_ reader: inout SimZooKeeperReader) throws(SimZooKeeperCode) {
        guard try reader.int() == 0 else { throw .malformed }
        lastZxid = try reader.long()
        timeoutMilliseconds = try reader.int()
        sessionID = try reader.long()
        password = try reader.buffer()
    }
}

/// A client's connection, as its server sees it.
final class SimZooKeeperConnection: StreamHandler {
    /// After how many bytes the connection is broken off; nil for never.
    struct Limits {
        var read: Int?
        var written: Int?
    }

    /// A server refuses longer frames (`jute.maxbuffer`).
    private static let frameBytesMax = 0xFFFFF

    let server: Int
    let zooKeeper: SimZooKeeper
    private(set) var sessionID: Int64 = 0
    private(set) var identities: [SimZooKeeperRule] = []
    private let stream: any ByteStream
    private var limits: Limits
    private var input: [UInt8] = []
    private var isClosed = false

    init(_ stream: any ByteStream, server: Int, of zooKeeper: SimZooKeeper, limits: Limits) {
        self.stream = stream
        self.server = server
        self.zooKeeper = zooKeeper
        self.limits = limits
    }

    func start() { stream.start(self) }

    var caller: SimZooKeeperCaller {
        SimZooKeeperCaller(sessionID: sessionID, identities: identities)
    }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        zooKeeper.didClose(self)
        stream.close()
    }

    // MARK: Sending

    func send(_ frame: SimZooKeeperFrame) {
        guard !isClosed else { return }
        var bytes = frame.bytes
        let isCut = limits.written.map { $0 <= bytes.count } ?? false
        if let limit = limits.written {
            bytes = Array(bytes.prefix(limit))
            limits.written = limit - bytes.count
        }
        bytes.withUnsafeBytes { stream.write($0) }
        if isCut { close() }
    }

    func accept(_ sessionID: Int64, _ password: [UInt8], _ timeoutMilliseconds: UInt64) {
        self.sessionID = sessionID
        var frame = SimZooKeeperFrame()
        frame.int(0)
        frame.int(Int32(timeoutMilliseconds))
        frame.long(sessionID)
        frame.buffer(password)
        frame.bool(false)
        send(frame)
    }

    /// There is no such session (any more).
    func refuse() {
        var frame = SimZooKeeperFrame()
        frame.int(0)
        frame.int(0)
        frame.long(0)
        frame.buffer([UInt8](repeating: 0, count: 16))
        frame.bool(false)
        send(frame)
        close()
    }

    func tell(_ event: SimZooKeeperEvent, _ path: String) {
        var frame = SimZooKeeperFrame(xid: -1, zxid: -1)
        frame.int(event.rawValue)
        frame.int(3)
        frame.string(path)
        send(frame)
    }

    func authenticate(_ scheme: String, _ credentials: [UInt8]) -> Bool {
        guard scheme == "digest", let colon = credentials.firstIndex(of: UInt8(ascii: ":")) else {
            return false
        }
        // Whoever has another password is another; which digest it is does not matter here.
        let digest = credentials.reduce(5381 as UInt64) { $0 &* 33 ^ UInt64($1) }
        let user = String(decoding: credentials[..<colon], as: UTF8.self)
        identities.append(
            SimZooKeeperRule(
                permissions: 31, scheme: scheme, id: "\(user):\(String(digest, radix: 16))"))
        return true
    }

    // MARK: StreamHandler

    func onConnected() {}

    func onRead(_ bytes: UnsafeMutableRawBufferPointer) {
        guard !isClosed else { return }
        var isCut = false
        if let limit = limits.read {
            isCut = limit <= bytes.count
            input += bytes.prefix(limit)
            limits.read = limit - min(limit, bytes.count)
        } else {
            input += bytes
        }
        readFrames()
        if isCut { close() }
    }

    func onEndOfInput() { close() }
    func onDrained() {}

    func onClosed(_ error: UVError?) {
        guard !isClosed else { return }
        isClosed = true
        zooKeeper.didClose(self)
    }

    private func readFrames() {
        var start = 0
        while !isClosed, input.count - start >= 4 {
            let length = input[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
            guard length <= Self.frameBytesMax else { return close() }
            guard input.count - start >= 4 + length else { break }
            var reader = SimZooKeeperReader(input[start + 4..<start + 4 + length])
            start += 4 + length
            guard zooKeeper.isServing(server) else { return close() }
            if sessionID == 0 {
                guard let handshake = try? SimZooKeeperHandshake(&reader) else { return close() }
                zooKeeper.connect(self, handshake)
            } else {
                zooKeeper.touch(sessionID)
                zooKeeper.execute(&reader, for: self)
            }
        }
        input.removeFirst(min(start, input.count))
    }
}
