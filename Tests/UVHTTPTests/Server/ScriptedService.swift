import UVHTTP

/// A service that does what the path of a request says, and keeps what it was asked.
///
/// `/now/x` answers `x`, `/echo` the request's body, `/big/n` n bytes, all at once; `/later/x`
/// waits for `answer("x")`; `/stream/n` sends n pieces; whatever else a test needs it sets in
/// `routes`.
final class ScriptedService: HTTPService {
    struct Seen: Equatable {
        var method: String
        var path: String
        var body: String
    }

    private(set) var seen: [Seen] = []
    /// The paths of the requests whose bodies were asked about.
    private(set) var admissions: [String] = []
    /// The path of the requests that are vital.
    var vitalPath: String?
    var admission: (String) -> HTTPAdmission = { _ in .readBody }
    /// Whether there is room for a large request; asked in every turn in which it waits.
    var readiness: (HTTPRequest) -> Bool = { _ in true }
    /// Told of every request before it is answered.
    var onRequest: (HTTPRequest) -> Void = { _ in }
    var routes: [String: (HTTPRequest, HTTPResponder) -> Void] = [:]
    /// Answers owed, by the last part of their paths.
    private(set) var owed: [String: DeferredResponse] = [:]
    /// Pieces made by streams.
    private(set) var pieceCount = 0
    /// Objects that the closures of streams hold; gone when those are.
    private(set) var streamTokens: [WeakReference] = []

    func isVital(_ request: HTTPRequest) -> Bool { request.path.text == vitalPath }

    func admit(_ request: HTTPRequest) -> HTTPAdmission {
        admissions.append(request.path.text)
        return admission(request.path.text)
    }

    func isReady(for request: HTTPRequest) -> Bool { readiness(request) }

    func respond(to request: HTTPRequest, _ responder: HTTPResponder) {
        let path = request.path.text
        onRequest(request)
        seen.append(
            Seen(method: "\(request.method.name)", path: path, body: request.body.text))
        let parts = path.split(separator: "/", maxSplits: 1)
        let last = parts.count > 1 ? String(parts[1]) : ""
        switch parts.first {
        case _ where routes[path] != nil: routes[path]?(request, responder)
        case "now": responder.respond(.ok, contentType: "text/plain", body: Array(last.utf8))
        case "echo":
            responder.respond(.ok, contentType: "text/plain", body: Array(request.body))
        case "big":
            responder.respond(.ok, contentType: "text/plain", body: Self.big(Int(last) ?? 0))
        case "later": owed[last] = responder.later()
        case "stream": stream(Int(last) ?? 0, responder)
        default: responder.respond(.notFound, contentType: "text/plain", body: "nothing here")
        }
    }

    /// Answers the request `/later/<name>`, with its name if nothing else.
    func answer(_ name: String, _ body: String? = nil) {
        owed.removeValue(forKey: name)?.respond {
            $0.respond(.ok, contentType: "text/plain", body: Array((body ?? name).utf8))
        }
    }

    func take(_ name: String) -> DeferredResponse? { owed.removeValue(forKey: name) }

    /// Answers with `count` pieces, each its number and a space.
    func stream(_ count: Int, _ responder: HTTPResponder, piece: String? = nil) {
        let token = Token()
        streamTokens.append(WeakReference(object: token))
        var index = 0
        responder.stream(contentType: "text/plain") { [self, token] output in
            _ = token
            pieceCount += 1
            output.append(piece ?? "\(index) ")
            index += 1
            return index < count
        }
    }

    static func big(_ count: Int) -> [UInt8] { Array(letters.prefix(count)) }

    private static let letters = (0..<1_000_000).map { UInt8(ascii: "a") + UInt8($0 % 26) }

    private final class Token {}
}
