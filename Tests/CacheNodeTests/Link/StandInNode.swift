import Simulation
import Testing
import UVHTTP

@testable import CacheNode

/// A node of whatever make: answers as the test says, and remembers what it was asked.
final class StandInNode: HTTPService {
    typealias Answer = (status: Int, body: String)

    /// `PUT /kv/a?wait_propagate=0`, in the order in which they came.
    private(set) var requests: [String] = []
    private let answer: (String) -> Answer
    private var server: HTTPServer?

    init(on host: SimHost, _ answer: @escaping (String) -> Answer) throws {
        self.answer = answer
        let server = HTTPServer(loop: host.loop, limits: HTTPLimits(), service: self)
        try server.listen(on: host.address(port: SimTree.port))
        self.server = server
    }

    func admit(_ request: HTTPRequest) -> HTTPAdmission { .readBody }

    func respond(to request: HTTPRequest, _ responder: HTTPResponder) {
        let query = request.query.isEmpty ? "" : "?\(request.query.text)"
        let line = "\(request.method.name) \(request.path.text)\(query)"
        requests.append(line)
        let answer = answer(line)
        responder.respond(
            HTTPStatus(answer.status), contentType: bytes("application/json"),
            body: bytes(answer.body))
    }
}

extension HTTPResponder {
    fileprivate func respond(_ status: HTTPStatus, contentType: [UInt8], body: [UInt8]) {
        contentType.withUnsafeBytes { contentType in
            body.withUnsafeBytes {
                respond(status, contentType: contentType, fieldLines: .empty, body: $0)
            }
        }
    }
}
