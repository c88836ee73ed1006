/// The service of a server, called through a pointer to this: a reference that can't change while
/// it is borrowed needs no counting, which one in a class's stored property would get at each call.
///
/// Whoever puts another service in its place sees to it that the earlier one isn't being called.
struct ServiceSlot: ~Copyable {
    private let service: any HTTPService

    init(_ service: any HTTPService) { self.service = service }

    @inline(__always)
    borrowing func isVital(_ request: HTTPRequest) -> Bool { service.isVital(request) }

    @inline(__always)
    borrowing func admit(_ request: HTTPRequest) -> HTTPAdmission { service.admit(request) }

    @inline(__always)
    borrowing func isReady(for request: HTTPRequest) -> Bool { service.isReady(for: request) }

    @inline(__always)
    borrowing func respond(toPlainGets gets: HTTPPlainGets) -> Int {
        service.respond(toPlainGets: gets)
    }

    @inline(__always)
    borrowing func respond(to request: HTTPRequest, _ responder: HTTPResponder) {
        service.respond(to: request, responder)
    }
}
