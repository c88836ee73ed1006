import UVHTTP

/// Registration and the tree's shape: the earlier APIs' calls and our own.
extension NodeService {
    // MARK: Registration

    /// `POST /clients/register?id=&ip=`
    func registerClient(_ request: HTTPRequest, _ responder: HTTPResponder) {
        guard case .root(let keeper) = role else { return misdirected(.store, responder) }
        let query = HTTPQuery(request.query)
        let id = query.decodedValue(of: "id").flatMap { id in
            id.withUnsafeBytes { ASCII.decimal($0) }
        }
        let host = String(decoding: query.decodedValue(of: "ip") ?? [], as: UTF8.self)
        let endpoint = Endpoint(peerHost: host, port: settings.listen.port)
        guard let id, let endpoint else {
            return respondError(
                .badRequest,
                "id must be a number and ip an address: /clients/register?id=4&ip=10.0.1.70",
                .store, responder)
        }
        register("\(id)", endpoint, .kv, keeper, .store, responder) { slot in
            let tree = keeper.tree
            let parent = tree.parent(ofSlot: slot)
            var output = ByteQueue()
            var json = JSONWriter()
            json.beginObject(&output)
            if let parent {
                json.member("parent_id", parent.id, &output)
                json.member("parent_ip", parent.endpoint.host, &output)
            }
            json.member("zk_path", tree.zkPath(forSlot: slot, layout: .numbered) ?? "", &output)
            json.endObject(&output)
            Self.respondJSON(.ok, output.readable, responder)
        }
    }

    /// `GET /nodes/parent/<NAME>`: registers the name if it is new, and tells its parent's path.
    func parentOf(_ name: UnsafeRawBufferPointer, _ responder: HTTPResponder) {
        guard case .root(let keeper) = role else { return misdirected(.store, responder) }
        guard let name = NodeName.canonical(name.text) else {
            return respondError(.badRequest, Self.nameRule, .store, responder)
        }
        let known = keeper.tree.member(named: name)
        let endpoint = known?.endpoint ?? Endpoint(host: name, port: settings.listen.port)
        register(name, endpoint, known?.api ?? .store, keeper, .store, responder) { slot in
            let parent = keeper.tree.parent(ofSlot: slot)
            let path = parent.flatMap {
                keeper.tree.zkPath(forSlot: $0.slot, layout: keeper.layout)
            }
            var output = ByteQueue()
            var json = JSONWriter()
            json.beginObject(&output)
            json.member("path", path ?? "/", &output)
            json.endObject(&output)
            Self.respondJSON(.ok, output.readable, responder)
        }
    }

    /// `POST /nodes`: our own registration, and the heartbeat.
    func registerNode(_ request: HTTPRequest, _ responder: HTTPResponder) {
        guard case .root(let keeper) = role else { return misdirected(.own, responder) }
        let wanted: RegistrationRequest
        do throws(JSONReadError) {
            wanted = try RegistrationRequest(parsing: request.body)
        } catch {
            return respondError(.badRequest, error.description, .own, responder)
        }
        let isKnown = keeper.tree.member(named: wanted.name) != nil
        register(
            wanted.name, wanted.endpoint, .canopy, keeper, .own, responder,
            preferredSlot: wanted.slot, report: wanted.report
        ) { slot in
            var output = ByteQueue()
            appendPlace(ofSlot: slot, in: keeper, to: &output)
            Self.respondJSON(isKnown ? .ok : .created, output.readable, responder)
        }
    }

    private func register(
        _ name: String, _ endpoint: Endpoint, _ api: NodeAPI, _ keeper: TreeKeeper,
        _ style: ErrorStyle, _ responder: HTTPResponder, preferredSlot: Int? = nil,
        report: NodeReport? = nil, answer: (Int) -> Void
    ) {
        let result = keeper.register(
            name: name, endpoint: endpoint, api: api, preferredSlot: preferredSlot, report: report,
            nowMilliseconds: loop.nowMilliseconds)
        switch result {
        case .success(let registration):
            metrics.pointee.registrations &+= 1
            answer(registration.slot)
        case .failure(.full):
            respondError(
                .conflict,
                "the tree is full: depth \(keeper.tree.depth) has room for \(keeper.tree.capacity) nodes",
                style, responder)
        case .failure(.nameOfTheRoot):
            respondError(
                .conflict,
                "\(keeper.tree.root.name) is the root itself, at \(keeper.tree.root.endpoint)",
                style, responder)
        case .failure(.invalidName):
            respondError(.badRequest, Self.nameRule, style, responder)
        case .failure(.nameHeld(let holder, let session)):
            let held = session.map { " (ZooKeeper session \($0))" } ?? ""
            respondError(
                .conflict,
                "a live process at \(holder) has the name \(NodeName.canonical(name) ?? name)\(held);"
                    + " when that has ended, the name is free",
                style, responder)
        case .failure(.frozen):
            respondError(
                .serviceUnavailable,
                "ZooKeeper, where the tree is recorded, can't be reached: no new node is taken"
                    + " meanwhile",
                style, responder, fieldLines: "Retry-After: 1\r\n")
        }
    }

    private static var nameRule: String {
        "a node's name must have 1 to 64 letters, digits, dots, underscores and hyphens"
    }

    private func misdirected(_ style: ErrorStyle, _ responder: HTTPResponder) {
        guard case .child(let child) = role else { return }
        respondError(
            .misdirectedRequest,
            "only the root registers nodes: \(child.membership.rootPlace) does", style, responder)
    }

    // MARK: The tree's shape

    /// `GET /nodes/structure`
    func showStructure(_ responder: HTTPResponder) {
        guard case .root(let keeper) = role else { return relay("/nodes/structure", responder) }
        var output = ByteQueue()
        var json = JSONWriter()
        json.beginObject(&output)
        json.name("binary_tree_array", &output)
        json.beginArray(&output)
        for name in keeper.tree.structure {
            if let name { json.value(name, &output) } else { json.null(&output) }
        }
        json.endArray(&output)
        json.endObject(&output)
        Self.respondJSON(.ok, output.readable, responder)
    }

    /// `GET /nodes`
    func showNodes(_ responder: HTTPResponder) {
        guard case .root(let keeper) = role else { return relay("/nodes", responder) }
        let now = loop.nowMilliseconds
        var output = ByteQueue()
        var json = JSONWriter()
        json.beginObject(&output)
        json.member("root", keeper.tree.root.name, &output)
        json.member("depth", keeper.tree.depth, &output)
        json.member("coherence", settings.policy.mode.rawValue, &output)
        json.name("nodes", &output)
        json.beginArray(&output)
        for member in keeper.tree.members {
            json.beginObject(&output)
            Self.appendMembers(of: member, &json, &output)
            appendHealth(of: member, in: keeper, now, &json, &output)
            json.endObject(&output)
        }
        json.endArray(&output)
        json.endObject(&output)
        Self.respondJSON(.ok, output.readable, responder)
    }

    /// Whether a node lives, and what it says about itself.
    private func appendHealth(
        of member: TreeMember, in keeper: TreeKeeper, _ now: UInt64, _ json: inout JSONWriter,
        _ output: inout ByteQueue
    ) {
        let state = keeper.state(of: member, nowMilliseconds: now)
        json.member("state", state.name, &output)
        if case .gone(let since) = state {
            json.member("gone_seconds", Int((now - min(now, since)) / 1000), &output)
        }
        let silence = member.slot == 1 ? 0 : now - min(now, member.lastHeardMilliseconds)
        json.member("last_seen_seconds", Int(silence / 1000), &output)
        json.member("depth", member.depth, &output)
        member.report?.appendMembers(&json, &output)
        if let session = keeper.session(of: member) { json.member("session", session, &output) }
    }

    /// The answer to `POST /nodes`: slot, parent, path from the root, settings of the cluster.
    private func appendPlace(
        ofSlot slot: Int, in keeper: TreeKeeper, to output: inout ByteQueue
    ) {
        let tree = keeper.tree
        let now = loop.nowMilliseconds
        var json = JSONWriter()
        json.beginObject(&output)
        json.member("name", tree.member(inSlot: slot)?.name ?? "", &output)
        json.member("slot", slot, &output)
        json.name("parent", &output)
        if let parent = tree.parent(ofSlot: slot) {
            json.beginObject(&output)
            Self.appendMembers(of: parent, &json, &output)
            json.endObject(&output)
        } else {
            json.null(&output)
        }
        json.name("path", &output)
        json.beginArray(&output)
        for member in tree.path(toSlot: slot) {
            json.beginObject(&output)
            Self.appendMembers(of: member, &json, &output)
            let state = keeper.state(of: member, nowMilliseconds: now)
            json.member("state", state.name, &output)
            json.endObject(&output)
        }
        json.endArray(&output)
        json.name("settings", &output)
        json.beginObject(&output)
        json.member("coherence", settings.policy.mode.rawValue, &output)
        json.member("depth", tree.depth, &output)
        json.member("heartbeat_seconds", tree.heartbeatSeconds, &output)
        json.endObject(&output)
        json.endObject(&output)
    }

    private static func appendMembers(
        of member: TreeMember, _ json: inout JSONWriter, _ output: inout ByteQueue
    ) {
        json.member("name", member.name, &output)
        json.member("slot", member.slot, &output)
        json.member("address", member.endpoint.host, &output)
        json.member("port", Int(member.endpoint.port), &output)
        json.member("api", member.api.rawValue, &output)
    }

    /// A child gets what only the root knows from the root.
    private func relay(_ target: String, _ responder: HTTPResponder) {
        guard case .child(let child) = role else { return }
        let answer = responder.later()
        child.membership.relay(target) { [self] result in
            answer.respond { responder in
                switch result {
                case .success(let response):
                    response.body.withUnsafeBytes {
                        Self.respondJSON(HTTPStatus(response.status), $0, responder)
                    }
                case .failure(let error):
                    respondError(.serviceUnavailable, error.sentence, .own, responder)
                }
            }
        }
    }

    static func respondJSON(
        _ status: HTTPStatus, _ body: UnsafeRawBufferPointer, _ responder: HTTPResponder
    ) {
        responder.respond(
            status, contentType: StaticString("application/json").bytes, fieldLines: .empty,
            body: body)
    }
}
