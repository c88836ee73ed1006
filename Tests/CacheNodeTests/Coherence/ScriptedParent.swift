@testable import CacheNode

/// A parent of an earlier system that answers when the test says so.
final class ScriptedParent: PlainParent {
    struct Fetch {
        let key: [UInt8]
        let completion: (FetchOutcome) -> Void
    }

    var awayReason: String?
    private unowned let keyspace: Keyspace
    private(set) var fetches: [Fetch] = []
    private(set) var fetchCount = 0

    init(_ keyspace: Keyspace) { self.keyspace = keyspace }

    func fetch(_ key: [UInt8], completion: @escaping (FetchOutcome) -> Void) {
        fetchCount += 1
        fetches.append(Fetch(key: key, completion: completion))
    }

    func onQueued() {}

    /// Answers the oldest fetch with a value, or with absence.
    func answer(_ value: [UInt8]?, mediaType: String = "text/plain") {
        let fetch = fetches.removeFirst()
        guard let value else { return fetch.completion(.absent) }
        let mediaType = bytes(mediaType)
        value.withUnsafeBytes { value in
            mediaType.withUnsafeBytes { fetch.completion(.value(bytes: value, mediaType: $0)) }
        }
    }

    func answerUnavailable() { fetches.removeFirst().completion(.unavailable("away")) }

    /// Takes the oldest write, or refuses it for good.
    func acceptOldest() {
        guard let sending = oldest() else { return }
        keyspace.upward.removeFirst()
        keyspace.onAccepted(sending.write, number: sending.number)
    }

    func refuseOldest() {
        guard let sending = oldest() else { return }
        keyspace.upward.removeFirst()
        keyspace.onRefused(sending.write, number: sending.number, status: 507, detail: "full")
    }

    private func oldest() -> UpwardQueue.Sending? {
        keyspace.upward.restart()
        return keyspace.upward.next(window: 1)
    }
}

extension KeyspaceHarness {
    func attachPlainParent() -> ScriptedParent {
        let parent = ScriptedParent(keyspace)
        keyspace.onPlainParent(parent, reason: "")
        return parent
    }
}
