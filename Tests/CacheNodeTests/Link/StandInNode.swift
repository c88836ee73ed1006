import Simulation
import Testing
import UVHTTP

@testable import CacheNode

/// A node of whatever make: answers as the test says, and remembers what it was asked.
final class StandInNode {
    private let service: StandInService
    private let server: HTTPServer

    init(on host: SimHost, _ answer: @escaping (String) -> StandInService.Answer) throws {
        service = StandInService(answer)
        server = HTTPServer(loop: host.loop, limits: HTTPLimits(), service: service)
        try server.listen(on: host.address(port: SimTree.port))
    }

    /// `PUT /kv/a?wait_propagate=0`, in the order in which they came.
    var requests: [String] { service.requests }
}

final class StandInService: HTTPService {
    typealias Answer = (status: Int, body: String)

    private(set) var requests: [String] = []
    private let answer: (String) -> Answer

    init(_ answer: @escaping (String) -> Answer) { self.answer = answer }

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
