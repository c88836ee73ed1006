import UVHTTP

/// What people and their tools ask of a node: is it well, what is it, what does it count, how is it
/// used.
extension NodeService {
    func onOperation(_ route: Route, _ request: HTTPRequest, _ responder: HTTPResponder) {
        switch route {
        case .alive: showAlive(responder)
        case .livez: responder.respond(.ok, contentType: "text/plain; charset=utf-8", body: "ok\n")
        case .readyz: showReadiness(request, responder)
        case .version: showVersion(responder)
        case .metrics: showMetrics(responder)
        case .docs:
            responder.respond(
                .ok, contentType: "text/html; charset=utf-8", fieldLines: DocsPage.policyLine,
                body: DocsPage.html)
        case .openAPI:
            responder.respond(.ok, contentType: "application/json", body: OpenAPIDocument.json)
        default:
            responder.respondWithoutBody(.noContent, fieldLines: route.allowLine)
        }
    }

    /// `GET /`, as the earlier JSON system answers it.
    private func showAlive(_ responder: HTTPResponder) {
        var output = ByteQueue()
        var json = JSONWriter()
        json.beginObject(&output)
        json.member("status", "alive", &output)
        json.member("node", settings.name, &output)
        json.member("address", settings.advertise.host, &output)
        json.endObject(&output)
        Self.respondJSON(.ok, output.readable, responder)
    }

    private func showVersion(_ responder: HTTPResponder) {
        var output = ByteQueue()
        var json = JSONWriter()
        json.beginObject(&output)
        json.member("name", "canopy", &output)
        json.member("version", Canopy.version, &output)
        json.member("node", settings.name, &output)
        json.member("root", keyspace.isRoot, &output)
        json.endObject(&output)
        Self.respondJSON(.ok, output.readable, responder)
    }

    private func showMetrics(_ responder: HTTPResponder) {
        refreshGauges()
        var output = ByteQueue()
        metrics.pointee.render(into: &output)
        responder.respond(
            .ok, contentType: Metrics.contentType.bytes, fieldLines: .empty, body: output.readable)
    }
}
