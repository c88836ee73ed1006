import UVHTTP

extension NodeService {
    /// Large values wait until there is room for them, which takes several turns of the loop.
    func isReady(for request: HTTPRequest) -> Bool {
        guard request.method == .put, !Self.isConditional(request) else { return true }
        switch Router.route(request.path) {
        case .kv(let encoded), .store(let encoded):
            guard case .key(let key) = decode(encoded) else { return true }
            return keyspace.isReady(toWrite: key, valueCount: request.body.count)
        default: return true
        }
    }

    /// Whether the root decides first, or the write is refused.
    private static func isConditional(_ request: HTTPRequest) -> Bool {
        request.hasConditions
            && ["if-match", "if-none-match", "content-range"].contains {
                request.fields.first($0) != nil
            }
    }
}
