import UVHTTP

/// What a node answers before it is the root: that it lives, and why it can't serve yet.
final class WaitingService: HTTPService {
    private let problem: () -> String

    init(problem: @escaping () -> String) { self.problem = problem }

    func isVital(_ request: HTTPRequest) -> Bool { request.path.equals("/livez") }

    func admit(_ request: HTTPRequest) -> HTTPAdmission { .answerNow }

    func respond(to request: HTTPRequest, _ responder: HTTPResponder) {
        if request.path.equals("/livez") {
            return responder.respond(
                .ok, contentType: "text/plain; charset=utf-8", body: "ok\n")
        }
        var body = ByteQueue()
        let status = HTTPStatus.serviceUnavailable
        ProblemDetails(
            title: status.reason.description, status: status.code, detail: problem()
        ).append(to: &body)
        responder.respond(
            status, contentType: ProblemDetails.mediaType.bytes,
            fieldLines: StaticString("Retry-After: 1\r\n").bytes, body: body.readable)
    }
}
