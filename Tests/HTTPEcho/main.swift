import Glibc
import UVHTTP

/// Answers every request with what it was understood to be: method, path, query and body, each but
/// the last on a line of its own, and the body as it is. A method without a name gets `501`.
final class EchoService: HTTPService {
    func admit(_ request: HTTPRequest) -> HTTPAdmission { .readBody }

    func respond(to request: HTTPRequest, _ responder: HTTPResponder) {
        guard request.method != .other else {
            return responder.respond(.notImplemented, contentType: "", body: "")
        }
        var body = ByteQueue()
        body.append(request.method.name)
        for part in [request.path, request.query, request.body] {
            body.append("\n" as StaticString)
            body.append(part)
        }
        responder.respond(
            .ok, contentType: StaticString("application/octet-stream").bytes, fieldLines: .empty,
            body: body.readable)
    }
}

/// Listens on a port of the loopback's that it prints, until it is ended.
func run() -> Int32 {
    guard let address = SocketAddress(numericHost: "127.0.0.1", port: 0) else { return 1 }
    do {
        let loop = try UVLoop()
        let server = HTTPServer(loop: loop, limits: HTTPLimits(), service: EchoService())
        print(try server.listen(on: address).port)
        fflush(nil)
        loop.onSignal(SIGTERM) {
            server.stop { loop.stop() }
            server.closeConnections()
        }
        loop.run()
        return 0
    } catch {
        print(error)
        return 1
    }
}

exit(run())
