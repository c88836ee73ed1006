/// Reads what a ZooKeeper client sends; nothing of it is shared with the client's own coder, so
/// that both can't be wrong in the same way.
struct SimZooKeeperReader {
    private let bytes: ArraySlice<UInt8>
    private var position: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    mutating func int() throws(SimZooKeeperCode) -> Int32 {
        Int32(truncatingIfNeeded: try number(4))
    }

    mutating func long() throws(SimZooKeeperCode) -> Int64 {
        Int64(bitPattern: try number(8))
    }

    mutating func bool() throws(SimZooKeeperCode) -> Bool { try number(1) != 0 }

    mutating func buffer() throws(SimZooKeeperCode) -> [UInt8] {
        let length = max(0, Int(try int()))
        guard position + length <= bytes.endIndex else { throw .malformed }
        defer { position += length }
        return Array(bytes[position..<position + length])
    }

    mutating func string() throws(SimZooKeeperCode) -> String {
        String(decoding: try buffer(), as: UTF8.self)
    }

    mutating func strings() throws(SimZooKeeperCode) -> [String] {
        var result: [String] = []
        for _ in 0..<max(0, try int()) { result.append(try string()) }
        return result
    }

    mutating func rules() throws(SimZooKeeperCode) -> [SimZooKeeperRule] {
        var result: [SimZooKeeperRule] = []
        for _ in 0..<max(0, try int()) {
            result.append(
                SimZooKeeperRule(permissions: try int(), scheme: try string(), id: try string()))
        }
        return result
    }

    private mutating func number(_ count: Int) throws(SimZooKeeperCode) -> UInt64 {
        guard position + count <= bytes.endIndex else { throw .malformed }
        var value: UInt64 = 0
        for index in position..<position + count { value = value << 8 | UInt64(bytes[index]) }
        position += count
        return value
    }
}

/// Writes what a ZooKeeper server sends, as one frame.
struct SimZooKeeperFrame {
    private var body: [UInt8] = []

    init() {}

    /// A reply: which, how far the server is, and 0 or an error's code.
    init(xid: Int32, zxid: Int64, code: Int32 = 0) {
        int(xid)
        long(zxid)
        int(code)
    }

    mutating func int(_ value: Int32) { number(UInt64(UInt32(bitPattern: value)), 4) }
    mutating func long(_ value: Int64) { number(UInt64(bitPattern: value), 8) }
    mutating func bool(_ value: Bool) { body.append(value ? 1 : 0) }

    mutating func buffer(_ value: [UInt8]) {
        int(Int32(value.count))
        body += value
    }

    mutating func string(_ value: String) { buffer(Array(value.utf8)) }

    mutating func strings(_ values: [String]) {
        int(Int32(values.count))
        for value in values { string(value) }
    }

    mutating func rules(_ rules: [SimZooKeeperRule]) {
        int(Int32(rules.count))
        for rule in rules {
            int(rule.permissions)
            string(rule.scheme)
            string(rule.id)
        }
    }

    mutating func stat(_ node: SimZooKeeperNode) {
        for value in [node.czxid, node.mzxid, node.ctime, node.mtime] { long(value) }
        for value in [node.version, node.cversion, node.aversion] { int(value) }
        long(node.owner)
        int(Int32(node.data.count))
        int(Int32(node.children.count))
        long(node.pzxid)
    }

    /// The length and the bytes.
    var bytes: [UInt8] {
        let count = body.count
        return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: count >> $0) } + body
    }

    private mutating func number(_ value: UInt64, _ count: Int) {
        for index in (0..<count).reversed() {
            body.append(UInt8(truncatingIfNeeded: value >> (8 * UInt64(index))))
        }
    }
}
