import UVHTTP

/// What a node answers to a request: finds the route, and hands over to the routes of that API.
final class NodeService: HTTPService {
    /// The media type that a value has when its writer named none.
    static let defaultMediaType: StaticString = "application/octet-stream"
    /// Bytes of a Content-Type that are kept with a value.
    static let mediaTypeBytesMax = 255

    let keyspace: Keyspace
    let cache: UnsafeMutablePointer<Cache>
    let metrics: UnsafeMutablePointer<Metrics>
    let settings: Settings
    let loop: any EventLoop
    let role: NodeRole
    let links: LinkServer
    let access: Access
    /// Some requests need a token.
    let isGuarded: Bool
    /// Brings the gauges up to date before they are shown.
    let refreshGauges: () -> Void
    /// Writes the fields of answers to reads.
    let readFields: UnsafeMutablePointer<ReadFields>
    /// Where keys are decoded: as long as a target may be.
    private let scratch: UnsafeMutableRawPointer
    /// Those of the plain GETs that are being answered.
    let candidates: UnsafeMutablePointer<Candidate>

    init(
        keyspace: Keyspace, metrics: UnsafeMutablePointer<Metrics>, settings: Settings,
        loop: any EventLoop, role: NodeRole, links: LinkServer, access: Access, limits: HTTPLimits,
        refreshGauges: @escaping () -> Void
    ) {
        self.keyspace = keyspace
        cache = keyspace.cache
        self.metrics = metrics
        self.settings = settings
        self.loop = loop
        self.role = role
        self.links = links
        self.access = access
        isGuarded = access.guardsNodes
        self.refreshGauges = refreshGauges
        readFields = .allocate(capacity: 1)
        readFields.initialize(to: ReadFields(nodeName: settings.name))
        scratch = .allocate(byteCount: limits.headBytesMax, alignment: 8)
        candidates = .allocate(capacity: HTTPPlainGets.countMax)
    }

    deinit {
        readFields.deinitialize(count: 1)
        readFields.deallocate()
        scratch.deallocate()
        candidates.deallocate()
    }

    /// Nodes that register or link, and who asks how this one is.
    func isVital(_ request: HTTPRequest) -> Bool {
        switch Router.route(request.path) {
        case .link, .registerClient, .parentOf, .livez, .readyz, .metrics: true
        case .nodes: request.method == .post
        default: false
        }
    }

    func admit(_ request: HTTPRequest) -> HTTPAdmission {
        let route = Router.route(request.path)
        if case .unknown = route { return .answerNow }
        guard !isGuarded || isAllowed(request, route) else { return .answerNow }
        guard request.method != .options, route.allows(request.method) else { return .answerNow }
        return .readBody
    }

    func respond(to request: HTTPRequest, _ responder: HTTPResponder) {
        // What most requests with a body are, by the shortest way; all is looked at that is below.
        if request.method == .put, !isGuarded, case .kv(let encoded) = Router.route(request.path),
            case .key(let key) = RequestKey.decode(encoded, scratch: scratch)
        {
            return putKV(key, request, responder)
        }
        respondToAny(request, responder)
    }

    private func respondToAny(_ request: HTTPRequest, _ responder: HTTPResponder) {
        let route = Router.route(request.path)
        if isGuarded, !permits(request, route, responder) { return }
        if request.method == .other || request.method == .connect {
            return respondError(
                .notImplemented, "this node knows no such method", .own, responder)
        }
        if case .unknown = route { return notFound(responder) }
        guard route.allows(request.method) else {
            return methodNotAllowed(request.method, route, responder)
        }
        if request.method == .options {
            return responder.respondWithoutBody(.noContent, fieldLines: route.allowLine)
        }
        dispatch(route, request, responder)
    }

    private func dispatch(_ route: Route, _ request: HTTPRequest, _ responder: HTTPResponder) {
        switch route {
        case .kv(let encoded):
            withKey(encoded, .kv, responder) { onKV($0, request, responder) }
        case .store(let encoded):
            withKey(encoded, .store, responder) { onStore($0, request, responder) }
        case .storeAll: listValues(responder)
        case .keys: listKeys(responder)
        case .registerClient: registerClient(request, responder)
        case .parentOf(let name):
            withKey(name, .store, responder) { parentOf($0, responder) }
        case .structure: showStructure(responder)
        case .nodes:
            if request.method == .post {
                registerNode(request, responder)
            } else {
                showNodes(responder)
            }
        case .synchronize: synchronize(responder)
        case .link: beginLink(request, responder)
        default: onOperation(route, request, responder)
        }
    }

    /// The key lies in the request or in this service's memory, until the next call.
    func decode(_ encoded: UnsafeRawBufferPointer) -> RequestKey.Outcome {
        RequestKey.decode(encoded, scratch: scratch)
    }

    private func withKey(
        _ encoded: UnsafeRawBufferPointer, _ style: ErrorStyle, _ responder: HTTPResponder,
        _ body: (UnsafeRawBufferPointer) -> Void
    ) {
        switch decode(encoded) {
        case .key(let key): body(key)
        case .refused(let reason):
            respondError(.badRequest, reason.description, style, responder)
        }
    }

    // MARK: Errors

    /// How an error's body looks: each of the earlier APIs keeps its form, our own endpoints follow
    /// RFC 9457.
    enum ErrorStyle {
        case kv
        case store
        case own
    }

    func respondError(
        _ status: HTTPStatus, _ detail: String, _ style: ErrorStyle, _ responder: HTTPResponder,
        fieldLines: StaticString = "", note: ReadNote? = nil, version: Version = .none
    ) {
        var lines = ByteQueue()
        lines.append(fieldLines)
        readFields.pointee.appendTag(version, to: &lines)
        if let note { readFields.pointee.append(note, to: &lines) }
        var body = ByteQueue()
        let mediaType: StaticString
        switch style {
        case .kv:
            mediaType = "text/plain; charset=utf-8"
            body.append(detail)
        case .store:
            mediaType = "application/json"
            StoreAnswer.appendDetail(detail, to: &body)
        case .own:
            mediaType = ProblemDetails.mediaType
            ProblemDetails(
                title: status.reason.description, status: status.code, detail: detail
            ).append(to: &body)
        }
        responder.respond(
            status, contentType: mediaType.bytes, fieldLines: lines.readable, body: body.readable)
    }

    private func notFound(_ responder: HTTPResponder) {
        respondError(
            .notFound, "nothing is served at this path; GET /docs shows what is", .own, responder)
    }

    private func methodNotAllowed(
        _ method: HTTPMethod, _ route: Route, _ responder: HTTPResponder
    ) {
        respondError(
            .methodNotAllowed, "\(method.name) is not allowed here; see the field Allow", .own,
            responder, fieldLines: route.allowLine)
    }
}
