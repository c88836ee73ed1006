import Simulation
import UVHTTP

@testable import CacheNode

/// A node of the model: a real keyspace, its cache and its loop.
final class ModelNode {
    static let bytesMax = 1 << 20

    let index: Int
    let host: SimHost
    /// How often it has been started.
    private(set) var incarnation = 0
    private(set) var isUp = false
    private(set) var cache: UnsafeMutablePointer<Cache>
    private(set) var metrics: UnsafeMutablePointer<Metrics>
    private(set) var keyspace: Keyspace
    /// The session with its parent, and one that is being opened.
    var session: ModelSession?
    var dialing: ModelSession?
    /// For each key: of the root's contents, the newest shown here.
    var shown: [Int: Int] = [:]
    /// For each key, the last write that was made here and is still to be read here.
    var lastOwn: [Int: ModelWrite] = [:]
    /// Readers that wait.
    var openReads = 0

    init(index: Int, host: SimHost, setup: ModelSetup) {
        self.index = index
        self.host = host
        (cache, metrics, keyspace) = Self.make(index, host, setup, 1)
        begin()
    }

    deinit { free() }

    var isRoot: Bool { index == 0 }

    private static func make(
        _ index: Int, _ host: SimHost, _ setup: ModelSetup, _ incarnation: Int
    ) -> (UnsafeMutablePointer<Cache>, UnsafeMutablePointer<Metrics>, Keyspace) {
        let bytesMax = index == 0 ? ModelNode.bytesMax << 3 : ModelNode.bytesMax
        guard
            let made = try? Cache(
                bytesMax: bytesMax, seed: (setup.seed, UInt64(index)), evictsValues: index != 0)
        else { preconditionFailure("no address space for a cache of the model") }
        let cache = UnsafeMutablePointer<Cache>.allocate(capacity: 1)
        cache.initialize(to: made)
        let metrics = UnsafeMutablePointer<Metrics>.allocate(capacity: 1)
        metrics.initialize(to: Metrics())
        let role: KeyspaceRole =
            index == 0 ? .root(epoch: UInt32(incarnation)) : .child("it has just begun")
        let keyspace = Keyspace(
            cache: cache, metrics: metrics, loop: host.loop, name: "NODE-\(index)",
            origin: UInt64(index * 1000 + incarnation),
            policy: index == 0 ? setup.policy : CoherencePolicy(), role: role,
            upward: UpwardQueue(countMax: setup.queueCountMax, bytesMax: 1 << 20))
        return (cache, metrics, keyspace)
    }

    private func begin() {
        incarnation += 1
        isUp = true
        keyspace.start()
    }

    func crash() {
        isUp = false
        keyspace.close()
        host.crash(.silent)
        shown.removeAll()
        lastOwn.removeAll()
        openReads = 0
    }

    /// Starts it anew, without anything it knew.
    func restart(_ setup: ModelSetup) {
        host.restart()
        free()
        (cache, metrics, keyspace) = Self.make(index, host, setup, incarnation + 1)
        begin()
    }

    private func free() {
        cache.deinitialize(count: 1)
        cache.deallocate()
        metrics.deinitialize(count: 1)
        metrics.deallocate()
    }

    // MARK: What is held

    func find(_ key: Int) -> EntryReference {
        ModelKey.bytes(key).withUnsafeBytes { cache.pointee.find($0) }
    }

    func content(of entry: EntryReference) -> ModelContent {
        if entry.isNone || cache.pointee.isAbsent(entry) { return .absent }
        return ModelContent(cache.pointee.value(of: entry))
    }
}

/// Keys are numbers.
enum ModelKey {
    private static let all: [[UInt8]] = (0..<16).map { Array("key \($0)".utf8) }

    static func bytes(_ key: Int) -> [UInt8] { all[key] }
}

/// What a key has.
enum ModelContent: Hashable {
    case absent
    /// The value of the write with this number.
    case value(Int)

    init(_ bytes: UnsafeRawBufferPointer) {
        var number = 0
        for byte in bytes.prefix(8) { number = number * 10 + Int(byte) - 48 }
        self = .value(number)
    }

    /// A value of at least 8 bytes that names its write.
    static func bytes(_ number: Int, byteCount: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0x2E, count: max(8, byteCount))
        var rest = number
        for index in (0..<8).reversed() {
            bytes[index] = 48 + UInt8(rest % 10)
            rest /= 10
        }
        return bytes
    }
}

/// A write by a client.
final class ModelWrite {
    enum Outcome: Equatable {
        case open
        case done
        case refused
        case unconfirmed
    }

    /// The node's origin and the number there.
    struct Name: Hashable {
        let origin: UInt64
        let sequence: UInt64
    }

    let number: Int
    let key: Int
    let isDeletion: Bool
    let condition: WriteCondition
    /// Where it was made, and in which incarnation of that node.
    let node: Int
    let incarnation: Int
    let name: Name
    var outcome = Outcome.open
    /// Calls of its completion.
    var completionCount = 0
    /// When the root committed it first; a later root may commit it again.
    var version: Version = .none

    init(
        number: Int, key: Int, isDeletion: Bool, condition: WriteCondition, at node: ModelNode
    ) {
        self.number = number
        self.key = key
        self.isDeletion = isDeletion
        self.condition = condition
        self.node = node.index
        incarnation = node.incarnation
        name = Name(
            origin: node.keyspace.origin,
            sequence: node.isRoot ? UInt64(number) : node.keyspace.upward.nextNumber)
    }

    var content: ModelContent { isDeletion ? .absent : .value(number) }
}
