import Testing
import UVHTTP

@testable import CacheNode

/// A route as text, with what it borrowed.
private func route(_ path: String) -> String {
    bytes(path).withUnsafeBytes { name(of: Router.route($0)) }
}

private func name(of route: Route) -> String {
    switch route {
    case .kv(let rest): "kv(\(rest.text))"
    case .store(let rest): "store(\(rest.text))"
    case .parentOf(let rest): "parentOf(\(rest.text))"
    default: "\(route)"
    }
}

private let fixed: [(path: String, route: String)] = [
    ("/store", "storeAll"), ("/keys", "keys"), ("/", "alive"), ("/livez", "livez"),
    ("/readyz", "readyz"), ("/version", "version"), ("/metrics", "metrics"), ("/nodes", "nodes"),
    ("/nodes/structure", "structure"), ("/clients/register", "registerClient"), ("/docs", "docs"),
    ("/openapi.json", "openAPI"), ("/synchronize", "synchronize"), ("/link", "link"),
    ("*", "server"),
]

@Suite struct RouterTests {
    @Test func findsEveryFixedRoute() {
        for (path, expected) in fixed { #expect(route(path) == expected) }
        #expect(route("") == "alive")
    }

    @Test(arguments: [
        ("/kv/", "kv()"), ("/kv/a", "kv(a)"), ("/kv/a/b", "kv(a/b)"), ("/kv//", "kv(/)"),
        ("/kv/%2F", "kv(%2F)"), ("/kv/../x", "kv(../x)"), ("/store/", "store()"),
        ("/store/a/b", "store(a/b)"), ("/store/kv/a", "store(kv/a)"),
        ("/nodes/parent/", "parentOf()"), ("/nodes/parent/NODE-4", "parentOf(NODE-4)"),
        ("/nodes/parent/a/b", "parentOf(a/b)"),
    ]) func keysAndNamesAreWhatFollows(path: String, expected: String) {
        #expect(route(path) == expected)
    }

    @Test(arguments: [
        "/kv", "/k", "/kv2/a", "/KV/a", "//kv/a", "kv/a", "/stores", "/Store/a", "/store2", "//",
        "/nodes/", "/nodes/parent", "/nodes/structures", "/clients", "/clients/", "/docs/",
        "/openapi", "/openapi.json/", "/livez/", "**", "/*", "x", "/%6Bv/a",
    ]) func aNearMissIsUnknown(path: String) {
        #expect(route(path) == "unknown")
    }

    @Test func aPrefixOrAnExtensionOfAFixedRouteIsAnother() {
        for (path, expected) in fixed where path.count > 1 {
            #expect(route(String(path.dropLast())) != expected)
            #expect(route(path + "x") != expected)
        }
    }

    @Test func everyRouteSaysWhatItAllows() {
        let keys = "Allow: GET, HEAD, PUT, DELETE, OPTIONS\r\n"
        expectAllowed("/kv/a", [.get, .head, .put, .delete, .options], keys)
        expectAllowed("/store/a", [.get, .head, .put, .delete, .options], keys)
        for path in ["/clients/register", "/synchronize"] {
            expectAllowed(path, [.post, .options], "Allow: POST, OPTIONS\r\n")
        }
        expectAllowed(
            "/nodes", [.get, .head, .post, .options], "Allow: GET, HEAD, POST, OPTIONS\r\n")
        let reading = ["/store", "/keys", "/", "/livez", "/metrics", "/nodes/structure", "/docs"]
        for path in reading + ["/nodes/parent/A", "/version", "/readyz", "/openapi.json", "*"] {
            expectAllowed(path, [.get, .head, .options], "Allow: GET, HEAD, OPTIONS\r\n")
        }
    }

    private func expectAllowed(_ path: String, _ allowed: [HTTPMethod], _ line: String) {
        let all: [HTTPMethod] = [
            .get, .head, .put, .post, .delete, .options, .patch, .trace, .connect, .other,
        ]
        bytes(path).withUnsafeBytes { path in
            let route = Router.route(path)
            #expect(all.filter { route.allows($0) } == all.filter { allowed.contains($0) })
            #expect(route.allowLine.description == line)
        }
    }
}
