import UVHTTP

/// Where a path leads. The byte slices are borrowed from the request.
enum Route {
    /// `/kv/<key>`: raw bytes. The key is still percent-encoded.
    case kv(UnsafeRawBufferPointer)
    /// `/store/<key>`: JSON. The key is still percent-encoded.
    case store(UnsafeRawBufferPointer)
    /// `/store`: everything this node holds.
    case storeAll
    case keys
    case alive
    case registerClient
    /// `/nodes/parent/<NAME>`
    case parentOf(UnsafeRawBufferPointer)
    case structure
    case nodes
    case synchronize
    /// `/link`: where a child's link begins.
    case link
    case livez
    case readyz
    case version
    case metrics
    case docs
    case openAPI
    /// `OPTIONS *`
    case server
    case unknown

    /// The value of the `Allow` field (RFC 9110 §10.2.1), as a whole line.
    var allowLine: StaticString {
        switch self {
        case .kv, .store: "Allow: GET, HEAD, PUT, DELETE, OPTIONS\r\n"
        case .registerClient, .synchronize: "Allow: POST, OPTIONS\r\n"
        case .link: "Allow: GET, OPTIONS\r\n"
        case .nodes: "Allow: GET, HEAD, POST, OPTIONS\r\n"
        default: "Allow: GET, HEAD, OPTIONS\r\n"
        }
    }

    /// Whether a request of this method is answered here.
    func allows(_ method: HTTPMethod) -> Bool {
        switch (self, method) {
        case (_, .options): true
        case (.registerClient, _), (.synchronize, _): method == .post
        case (.link, _): method == .get
        case (_, .get), (_, .head): true
        case (.nodes, .post), (.kv, .put), (.kv, .delete), (.store, .put), (.store, .delete): true
        default: false
        }
    }
}

/// Bytes of a path to a route. Keys come first: they are what a node is asked for.
enum Router {
    @inline(__always)
    static func route(_ path: UnsafeRawBufferPointer) -> Route {
        guard path.count >= 7, let base = path.baseAddress else { return otherRoute(path) }
        let beginning = base.loadUnaligned(as: UInt32.self)
        if beginning == keyPrefix { return .kv(path.dropping(4)) }
        if beginning == storePrefix,
            base.loadUnaligned(fromByteOffset: 3, as: UInt32.self) == storePrefixEnd
        {
            return .store(path.dropping(7))
        }
        return otherRoute(path)
    }

    /// `/kv/`, `/sto` and `ore/` as little-endian words.
    private static var keyPrefix: UInt32 { 0x2F76_6B2F }
    private static var storePrefix: UInt32 { 0x6F74_732F }
    private static var storePrefixEnd: UInt32 { 0x2F65_726F }

    private static func otherRoute(_ path: UnsafeRawBufferPointer) -> Route {
        if path.starts(with: "/kv/") { return .kv(path.dropping(4)) }
        if path.starts(with: "/nodes/parent/") { return .parentOf(path.dropping(14)) }
        for (text, route) in fixedRoutes where path.equals(text) { return route }
        return path.isEmpty ? .alive : .unknown
    }

    private static var fixedRoutes: [(StaticString, Route)] {
        [
            ("/", .alive), ("/store", .storeAll), ("/keys", .keys), ("/livez", .livez),
            ("/readyz", .readyz), ("/version", .version), ("/metrics", .metrics),
            ("/nodes", .nodes), ("/nodes/structure", .structure),
            ("/clients/register", .registerClient), ("/synchronize", .synchronize),
            ("/link", .link), ("/docs", .docs), ("/openapi.json", .openAPI), ("*", .server),
        ]
    }
}
