import UVHTTP

extension Route {
    /// What a request for this route needs where tokens are given out: by default a valid token.
    func need(of request: HTTPRequest) -> AccessNeed {
        let method = request.method
        // What Allow lists is no secret, and browsers ask for it without credentials.
        if method == .options { return .open }
        guard allows(method) else { return .anyToken }
        switch self {
        case .livez, .docs, .openAPI: return .open
        case .readyz: return Self.asksForDetails(request) ? .anyToken : .open
        case .kv, .store:
            return .scopes(method == .get || method == .head ? .read : .write)
        case .storeAll, .keys: return .scopes(.read)
        case .synchronize: return .scopes(.admin)
        case .nodes: return method == .post ? .scopes(.cluster) : .anyToken
        case .registerClient, .parentOf, .link: return .scopes(.cluster)
        case .alive, .structure, .version, .metrics, .server, .unknown: return .anyToken
        }
    }

    /// Probes carry no credentials as a rule, and get no names and addresses.
    private static func asksForDetails(_ request: HTTPRequest) -> Bool {
        HTTPQuery(request.query).value(of: "verbose") != nil
    }

    /// How errors look here.
    var errorStyle: NodeService.ErrorStyle {
        switch self {
        case .kv: .kv
        case .store, .storeAll, .registerClient, .parentOf: .store
        default: .own
        }
    }
}

/// Who may ask what (RFC 6750, RFC 9110 §11).
extension NodeService {
    /// Whether the request may be answered, where tokens are given out; if not, it has been. By
    /// itself, so that where none are the hot path has a branch more and nothing else.
    @inline(never)
    func permits(
        _ request: HTTPRequest, _ route: Route, _ responder: HTTPResponder
    ) -> Bool {
        let need = route.need(of: request)
        let verdict = access.verdict(on: request.fields, needing: need)
        if verdict == .granted { return true }
        metrics.pointee.requestsDenied &+= 1
        let isForNodes = need == .scopes(.cluster)
        let (status, detail) = Self.refusal(verdict, isForNodes, access.takesNodes)
        respondError(
            status, detail, route.errorStyle, responder,
            fieldLines: Self.challenge(verdict, need))
        return false
    }

    /// Whether the request may be answered, for whom the answer isn't made yet.
    func isAllowed(_ request: HTTPRequest, _ route: Route) -> Bool {
        access.verdict(on: request.fields, needing: route.need(of: request)) == .granted
    }

    /// Whether who sends these fields may read keys.
    func mayRead(_ fields: HTTPFields) -> Bool {
        access.verdict(on: fields, needing: .scopes(.read)) == .granted
    }

    /// Whether the request shows a valid token, or none is needed.
    func isTrusted(_ request: HTTPRequest) -> Bool {
        !isGuarded || access.verdict(on: request.fields, needing: .anyToken) == .granted
    }

    private static func refusal(
        _ verdict: AccessVerdict, _ isForNodes: Bool, _ takesNodes: Bool
    ) -> (HTTPStatus, String) {
        if isForNodes, !takesNodes {
            return (
                verdict == .insufficient ? .forbidden : .unauthorized,
                "this node takes no other nodes: it was started without --cluster-token-file"
            )
        }
        let file = isForNodes ? "--cluster-token-file" : "--token-file"
        switch verdict {
        case .repeated: return (.badRequest, "there must be one Authorization field")
        case .insufficient:
            return (
                .forbidden,
                isForNodes
                    ? "the token is not one of this cluster's nodes (\(file))"
                    : "the token does not allow this"
            )
        case .invalid: return (.unauthorized, "the token is not valid here (\(file))")
        case .missing, .granted:
            return (.unauthorized, "a token is needed: Authorization: Bearer TOKEN (\(file))")
        }
    }

    /// The challenge with which a refusal comes (RFC 6750 §3).
    private static func challenge(_ verdict: AccessVerdict, _ need: AccessNeed) -> StaticString {
        switch verdict {
        case .missing, .granted: "WWW-Authenticate: Bearer realm=\"canopy\"\r\n"
        case .invalid:
            "WWW-Authenticate: Bearer realm=\"canopy\", error=\"invalid_token\"\r\n"
        case .repeated:
            "WWW-Authenticate: Bearer realm=\"canopy\", error=\"invalid_request\"\r\n"
        case .insufficient: insufficientScope(need)
        }
    }

    private static func insufficientScope(_ need: AccessNeed) -> StaticString {
        switch need {
        case .scopes(.read):
            """
            WWW-Authenticate: Bearer realm="canopy", error="insufficient_scope", scope="read"\r\n
            """
        case .scopes(.write):
            """
            WWW-Authenticate: Bearer realm="canopy", error="insufficient_scope", scope="write"\r\n
            """
        case .scopes(.admin):
            """
            WWW-Authenticate: Bearer realm="canopy", error="insufficient_scope", scope="admin"\r\n
            """
        default:
            """
            WWW-Authenticate: Bearer realm="canopy", error="insufficient_scope", scope="cluster"\r\n
            """
        }
    }
}
