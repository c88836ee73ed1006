import UVHTTP

/// Something that is well or not, in a sentence for the person who operates the node.
struct HealthCheck {
    enum Mark: String {
        case well = "[+]"
        case failed = "[-]"
        /// It can't fail.
        case note = "[ ]"
    }

    let mark: Mark
    let name: StaticString
    let text: String

    init(_ mark: Mark, _ name: StaticString, _ text: String) {
        self.mark = mark
        self.name = name
        self.text = text
    }
}

/// `GET /readyz`: should this node get requests?
extension NodeService {
    /// Bytes of a check's sentence; what is longer is cut.
    private static let checkBytesMax = 1024

    /// Ready: the root always is, a child while it is attached. With `?verbose` it says what that
    /// hangs on, a line for each.
    func showReadiness(_ request: HTTPRequest, _ responder: HTTPResponder) {
        let problem = role.problem
        guard HTTPQuery(request.query).value(of: "verbose") != nil else {
            if let problem {
                return respondError(
                    .serviceUnavailable, isTrusted(request) ? problem : "this node is not ready",
                    .own, responder)
            }
            return responder.respond(
                .ok, contentType: "text/plain; charset=utf-8", body: "ready\n")
        }
        var output = ByteQueue()
        for check in role.checks(now: loop.nowMilliseconds) {
            output.append(check.mark.rawValue)
            output.append(check.name)
            output.append(" " as StaticString)
            _ = EscapedText.append(
                check.text, to: &output, countMax: output.count + Self.checkBytesMax)
            output.append("\n" as StaticString)
        }
        output.append(problem == nil ? "ready\n" : "not ready\n" as StaticString)
        responder.respond(
            problem == nil ? .ok : .serviceUnavailable,
            contentType: StaticString("text/plain; charset=utf-8").bytes, fieldLines: .empty,
            body: output.readable)
    }
}

extension NodeRole {
    /// Why the node should get no requests; nil when it should. A sentence.
    var problem: String? {
        guard case .child(let child) = self, child.attacher.attached == nil else { return nil }
        return child.attacher.problem ?? child.membership.problem
            ?? "this node has not joined the tree yet: \(child.membership.rootPlace) has not answered"
    }

    func checks(now: UInt64) -> [HealthCheck] {
        switch self {
        case .root(let keeper):
            let live = keeper.tree.members.count {
                keeper.state(of: $0, nowMilliseconds: now) == .live
            }
            return [
                HealthCheck(
                    .well, "root",
                    "of a tree of depth \(keeper.tree.depth): \(keeper.tree.count) nodes, \(live) live"
                )
            ] + [keeper.registryHealth?()].compactMap { $0 }
        case .child(let child): return child.checks(now: now)
        }
    }
}

extension ChildRole {
    fileprivate func checks(now: UInt64) -> [HealthCheck] {
        var checks: [HealthCheck] = []
        if let problem = membership.problem {
            checks.append(HealthCheck(.failed, "registered", problem))
        } else if let place = membership.place {
            checks.append(
                HealthCheck(
                    .well, "registered",
                    "in slot \(place.slot) of a tree of depth \(place.depth), at"
                        + " \(membership.rootPlace)"))
        }
        if let attached = attacher.attached {
            let seconds = (now - min(now, attached.sinceMilliseconds)) / 1000
            let way = attached.way == .link ? "by link" : "in plain HTTP"
            checks.append(
                HealthCheck(
                    .well, "attached", "to \(attached.ancestor.place) \(way), for \(seconds) s"))
        } else {
            let problem = attacher.problem ?? "no ancestor is known yet"
            checks.append(HealthCheck(.failed, "attached", problem))
        }
        let ancestors = attacher.ancestors.map {
            "\($0.place)\($0.isLive ? "" : " (gone)")"
        }
        if !ancestors.isEmpty {
            checks.append(HealthCheck(.note, "ancestors", ancestors.joined(separator: ", ")))
        }
        if let registryHealth { checks.append(registryHealth()) }
        return checks
    }
}
