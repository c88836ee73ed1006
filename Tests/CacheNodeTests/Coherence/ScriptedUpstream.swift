import Simulation
import UVHTTP

@testable import CacheNode

/// A parent that answers when the test says so.
final class ScriptedUpstream: Upstream {
    struct Fetch {
        let key: [UInt8]
        let completion: (FetchOutcome) -> Void
    }

    var awayReason: String?
    var countMax = Int.max
    weak var delegate: (any UpstreamDelegate)?
    private(set) var fetches: [Fetch] = []
    /// Handed over and neither accepted nor refused.
    private(set) var pending: [(sequence: UInt64, write: UpwardWrite)] = []
    private(set) var fetchCount = 0
    private var lastSequence: UInt64
    private var completions: [UInt64: (ForwardOutcome) -> Void] = [:]

    /// The first write's number is one more than `lastSequence`.
    init(lastSequence: UInt64 = 0) { self.lastSequence = lastSequence }

    func fetch(_ key: [UInt8], completion: @escaping (FetchOutcome) -> Void) {
        fetchCount += 1
        fetches.append(Fetch(key: key, completion: completion))
    }

    func hasRoom(for write: UpwardWrite) -> Bool { pending.count < countMax }

    func forward(_ write: UpwardWrite) -> UInt64 {
        lastSequence += 1
        pending.append((lastSequence, write))
        return lastSequence
    }

    func whenForwarded(_ sequence: UInt64, completion: @escaping (ForwardOutcome) -> Void) {
        completions[sequence] = completion
    }

    /// Answers the fetch at `index` with a value, or with absence.
    func answer(at index: Int = 0, _ value: [UInt8]?, mediaType: String = "text/plain") {
        let fetch = fetches.remove(at: index)
        guard let value else { return fetch.completion(.absent) }
        let mediaType = bytes(mediaType)
        value.withUnsafeBytes { value in
            mediaType.withUnsafeBytes { fetch.completion(.value(bytes: value, mediaType: $0)) }
        }
    }

    func answerUnavailable(_ index: Int = 0) {
        fetches.remove(at: index).completion(.unavailable("away"))
    }

    func acceptOldest() {
        let (sequence, write) = pending.removeFirst()
        delegate?.onAccepted(sequence, key: write.key)
        completions.removeValue(forKey: sequence)?(.accepted)
    }

    func refuseOldest() {
        let (sequence, write) = pending.removeFirst()
        delegate?.onRefused(sequence, key: write.key)
        completions.removeValue(forKey: sequence)?(.refused(status: 507, detail: "full"))
    }
}

/// What a reader got, with its own copy of the bytes.
enum ReadCopy: Equatable {
    case value(String)
    case absent
    case unavailable
}

/// A keyspace below a scripted parent, or a root's.
final class KeyspaceHarness {
    let store: TestCache
    let world: SimWorld
    let upstream: ScriptedUpstream?
    let keyspace: Keyspace
    let metrics: UnsafeMutablePointer<Metrics>

    init(bytesMax: Int = 1 << 20, isRoot: Bool = false, lastSequence: UInt64 = 0) throws {
        store = try TestCache(bytesMax: bytesMax)
        world = SimWorld(seed: 1)
        metrics = .allocate(capacity: 1)
        metrics.initialize(to: Metrics())
        upstream = isRoot ? nil : ScriptedUpstream(lastSequence: lastSequence)
        keyspace = Keyspace(
            cache: store.cache, metrics: metrics, loop: world.addHost("node").loop,
            upstream: upstream)
        upstream?.delegate = keyspace
    }

    deinit {
        world.close()
        metrics.deinitialize(count: 1)
        metrics.deallocate()
    }

    var parent: ScriptedUpstream {
        guard let upstream else { preconditionFailure("a root has no parent") }
        return upstream
    }

    @discardableResult
    func put(
        _ key: String, _ value: [UInt8], mediaType: String = "text/plain",
        awaitsParent: Bool = false
    ) -> WriteOutcome {
        bytes(key).withUnsafeBytes { key in
            value.withUnsafeBytes { value in
                bytes(mediaType).withUnsafeBytes {
                    keyspace.put(key, value: value, mediaType: $0, awaitsParent: awaitsParent)
                }
            }
        }
    }

    @discardableResult
    func put(_ key: String, _ value: String) -> WriteOutcome { put(key, bytes(value)) }

    @discardableResult
    func delete(_ key: String, awaitsParent: Bool = false) -> WriteOutcome {
        bytes(key).withUnsafeBytes { keyspace.delete($0, awaitsParent: awaitsParent) }
    }

    /// Reads as the routes do: what is held, else what the parent says.
    func read(_ key: String, _ completion: @escaping (ReadCopy) -> Void) {
        let entry = store.read(bytes(key))
        if !entry.isNone { return completion(copy(entry)) }
        bytes(key).withUnsafeBytes { key in
            keyspace.fetch(key) { [self] outcome in
                switch outcome {
                case .held(let entry): completion(copy(entry))
                case .passing(let bytes, _):
                    completion(.value(String(decoding: bytes, as: UTF8.self)))
                case .absent: completion(.absent)
                case .unavailable: completion(.unavailable)
                }
            }
        }
    }

    /// What this node answers without asking; nil when it must ask.
    func held(_ key: String) -> ReadCopy? {
        let entry = store.find(bytes(key))
        return entry.isNone ? nil : copy(entry)
    }

    private func copy(_ entry: EntryReference) -> ReadCopy {
        if store.cache.pointee.isAbsent(entry) { return .absent }
        return .value(String(decoding: store.cache.pointee.value(of: entry), as: UTF8.self))
    }
}

extension WriteOutcome {
    var isDone: Bool { if case .done = self { true } else { false } }
    var isFull: Bool { if case .refused(.full) = self { true } else { false } }
    var isQueueFull: Bool { if case .refused(.queueFull) = self { true } else { false } }
    var isTooManyMediaTypes: Bool {
        if case .refused(.tooManyMediaTypes) = self { true } else { false }
    }
    var isParentAway: Bool { if case .refused(.parentAway) = self { true } else { false } }
    var sequence: UInt64? { if case .awaiting(let sequence) = self { sequence } else { nil } }
}
