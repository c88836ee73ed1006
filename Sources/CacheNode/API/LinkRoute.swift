import UVHTTP

/// `GET /link`: a child asks for the ordered link (`docs/link.md`).
extension NodeService {
    func openLink(_ request: HTTPRequest, _ responder: HTTPResponder) {
        guard request.method == .get, request.asksUpgrade(to: LinkFrames.protocolName) else {
            return respondError(
                HTTPStatus(426), "this is where child nodes attach, by an upgrade", .own, responder,
                fieldLines: "Upgrade: canopy-link/1\r\nConnection: upgrade\r\n")
        }
        responder.upgrade(to: LinkFrames.protocolName) { [links] in links.accept($0) }
    }
}
