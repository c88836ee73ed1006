import UVHTTP

@testable import CacheNode

/// What happens, in words.
extension CoherenceModel {
    func trace(_ text: @autoclosure () -> String) {
        if isTraced { print("\(world.nowMicroseconds) \(text())") }
    }

    /// A node with its entries.
    func describe(_ node: ModelNode) -> String {
        let keyspace = node.keyspace
        var text = "   \(node.index): position \(keyspace.position)"
        text += " session \(keyspace.freshness.current) of \(node.session?.parent.index ?? -1)"
        text += " writes \(keyspace.upward.count) fills \(keyspace.fills.count)"
        for key in 0..<setup.keyCount { text += " " + describe(node.find(key), at: node) }
        return text
    }

    private func describe(_ entry: EntryReference, at node: ModelNode) -> String {
        guard !entry.isNone else { return "-" }
        let state = node.cache.pointee.state(of: entry)
        let content = state.isTag ? "tag" : "\(node.content(of: entry))"
        let bits = String(state.children, radix: 2)
        return "[\(content)@\(node.cache.pointee.version(of: entry)) s\(state.session) c\(bits)"
            + (state.isUncommitted ? " uncommitted" : "") + (state.hasFill ? " fill" : "") + "]"
    }
}

/// Frames in words.
enum ModelTrace {
    static func text(_ message: UpMessage) -> String {
        switch message {
        case .hello(let origin, let shown, _): "HELLO \(origin) \(shown)"
        case .get(let get):
            "GET \(get.id) \(text(get.key)) root \(get.asksRoot) floor \(get.floor)"
                + " known \(get.known)"
        case .put(let put):
            "PUT \(put.origin).\(put.sequence) \(text(put.key))"
                + " \(put.isDeletion ? "absent" : text(put.value)) \(put.condition)"
        case .evict(let key): "EVICT \(text(key))"
        case .renew(let token): "RENEW \(token)"
        }
    }

    static func text(_ message: DownMessage) -> String {
        switch message {
        case .welcome(let welcome):
            "WELCOME \(welcome.policy.mode) \(welcome.position) age \(welcome.ageMilliseconds)"
        case .reply(let reply):
            "REPLY \(reply.id) \(text(reply.outcome)) \(reply.version)"
                + " followed \(reply.isFollowed) age \(reply.ageMilliseconds)"
        case .accept(let count): "ACCEPT \(count)"
        case .commit(let commit):
            "COMMIT \(commit.origin).\(commit.sequence) \(commit.version) \(text(commit.outcome))"
        case .push(let push): "PUSH \(push.version) \(text(push.key)) \(text(push.content))"
        case .invalidate(let key): "INVALIDATE \(text(key))"
        case .reset(let epoch): "RESET \(epoch)"
        case .fresh(let token, let age, let position): "FRESH \(token) age \(age) \(position)"
        case .flush(let position): "FLUSH \(position)"
        }
    }

    private static func text(_ outcome: ReplyMessage.Outcome) -> String {
        switch outcome {
        case .content(let content): text(content)
        case .notModified: "not modified"
        case .unavailable(let sentence): "unavailable: \(text(sentence))"
        }
    }

    private static func text(_ outcome: CommitMessage.Outcome) -> String {
        switch outcome {
        case .committed: "committed"
        case .superseded(let content): "superseded by \(text(content))"
        case .refused(let status, _): "refused \(status)"
        }
    }

    private static func text(_ content: KeyContent) -> String {
        switch content {
        case .absent: "absent"
        case .value(let value, _): text(value)
        }
    }

    private static func text(_ bytes: UnsafeRawBufferPointer) -> String {
        String(decoding: bytes.prefix(12), as: UTF8.self)
    }
}
