import UVHTTP

/// `POST /synchronize`: the changes of mode `sync` go out now.
extension NodeService {
    func synchronize(_ responder: HTTPResponder) {
        if case .child(let child) = role { return relay(to: child.membership, responder) }
        guard keyspace.policy.mode == .sync else {
            return respondError(
                .conflict,
                "there is nothing to push: the tree runs in mode \(keyspace.policy.mode.rawValue),"
                    + " and only in mode sync do changes wait (--coherence sync)",
                .own, responder)
        }
        keyspace.synchronize()
        responder.respondWithoutBody(.noContent, fieldLines: "")
    }

    /// A child passes the root's answer on as it is.
    private func relay(to membership: Membership, _ responder: HTTPResponder) {
        let place = responder.later()
        membership.relay("/synchronize", method: .post) { [self] result in
            place.respond { responder in
                switch result {
                case .success(let response) where response.status == 204:
                    responder.respondWithoutBody(.noContent, fieldLines: "")
                case .success(let response):
                    Self.respondRelayed(response, responder)
                case .failure(let error):
                    respondError(.serviceUnavailable, error.sentence, .own, responder)
                }
            }
        }
    }

    private static func respondRelayed(
        _ response: HTTPClientResponse, _ responder: HTTPResponder
    ) {
        let mediaType = response.field("content-type") ?? []
        mediaType.withUnsafeBytes { mediaType in
            response.body.withUnsafeBytes { body in
                responder.respond(
                    HTTPStatus(response.status), contentType: mediaType, fieldLines: .empty,
                    body: body)
            }
        }
    }
}
