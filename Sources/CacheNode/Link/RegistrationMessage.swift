import UVHTTP

/// What a node sends the root to get its place in the tree: the body of `POST /nodes`.
struct RegistrationRequest {
    var name: String
    var endpoint: Endpoint
    /// The slot the node had before, as far as it knows: a root that has forgotten gives it back.
    var slot: Int?
    var report = NodeReport()

    init(name: String, endpoint: Endpoint, slot: Int?, report: NodeReport = NodeReport()) {
        self.name = name
        self.endpoint = endpoint
        self.slot = slot
        self.report = report
    }

    init(parsing body: UnsafeRawBufferPointer) throws(JSONReadError) {
        let json = try JSONObjectReader(body)
        let allowedName = "1 to 64 letters, digits, dots, underscores and hyphens"
        guard let name = NodeName.canonical(try json.string("name", allowed: allowedName)) else {
            throw .notAllowed(member: "name", allowed: allowedName)
        }
        self.name = name
        let allowedAddress = "a host name or a numeric address"
        let address = try json.string("address", allowed: allowedAddress)
        let port = try json.integer("port", in: 1...65535)
        guard let endpoint = Endpoint(peerHost: address, port: UInt16(port)) else {
            throw .notAllowed(member: "address", allowed: allowedAddress)
        }
        self.endpoint = endpoint
        slot = try json.optionalInteger("slot", in: 1...65535)
        report = try NodeReport(json)
    }

    var body: [UInt8] {
        var output = ByteQueue()
        var json = JSONWriter()
        json.beginObject(&output)
        json.member("name", name, &output)
        json.member("address", endpoint.host, &output)
        json.member("port", Int(endpoint.port), &output)
        if let slot { json.member("slot", slot, &output) }
        report.appendMembers(&json, &output)
        json.endObject(&output)
        return Array(output.readable)
    }
}

extension NodeReport {
    /// The members `parent`, `by` and `coherence`, each of which may be left out.
    init(_ json: JSONObjectReader) throws(JSONReadError) {
        let allowedName = "a node's name"
        parent = try json.optionalString("parent", allowed: allowedName)
        if let parent, NodeName.canonical(parent) != parent {
            throw .notAllowed(member: "parent", allowed: allowedName)
        }
        way = try json.optionalChoice("by")
        coherence = try json.optionalChoice("coherence")
    }

    func appendMembers(_ json: inout JSONWriter, _ output: inout ByteQueue) {
        if let parent { json.member("parent", parent, &output) }
        if let way { json.member("by", way.rawValue, &output) }
        if let coherence { json.member("coherence", coherence.rawValue, &output) }
    }
}

/// A node's place in the tree, as the root's answer to `POST /nodes` tells it.
struct Place: Equatable {
    var slot: Int
    /// From the root down to the parent.
    var path: [Ancestor]
    var coherence: String
    var depth: Int
    /// Seconds after which the root wants to hear from the node again.
    var heartbeatSeconds: Int

    var parent: Ancestor? { path.last }
}

extension Place {
    init(parsing body: UnsafeRawBufferPointer) throws(JSONReadError) {
        let json = try JSONObjectReader(body)
        slot = try json.integer("slot", in: 1...65535)
        var path: [Ancestor] = []
        for element in try json.array("path") {
            guard let object = JSONObjectReader(element) else {
                throw .notAllowed(member: "path", allowed: "an array of objects")
            }
            path.append(try Ancestor(object))
        }
        self.path = path
        let settings = try json.object("settings")
        coherence = try settings.string("coherence")
        depth = try settings.integer("depth", in: 1...16)
        heartbeatSeconds = try settings.integer("heartbeat_seconds", in: 1...3600)
    }
}

extension Ancestor {
    init(_ json: JSONObjectReader) throws(JSONReadError) {
        name = try json.string("name")
        slot = try json.integer("slot", in: 1...65535)
        let allowedAddress = "a host name or a numeric address"
        let address = try json.string("address", allowed: allowedAddress)
        let port = try json.integer("port", in: 1...65535)
        guard let endpoint = Endpoint(peerHost: address, port: UInt16(port)) else {
            throw .notAllowed(member: "address", allowed: allowedAddress)
        }
        self.endpoint = endpoint
        api = try json.choice("api")
        isLive = try json.optionalString("state") != "gone"
    }
}

extension JSONObjectReader {
    /// One of a few words.
    func choice<Choice>(_ name: StaticString) throws(JSONReadError) -> Choice
    where Choice: CaseIterable & RawRepresentable, Choice.RawValue == String {
        guard let choice: Choice = try optionalChoice(name) else {
            throw .missing(member: name.description, allowed: Self.text(Choice.self))
        }
        return choice
    }

    func optionalChoice<Choice>(_ name: StaticString) throws(JSONReadError) -> Choice?
    where Choice: CaseIterable & RawRepresentable, Choice.RawValue == String {
        let allowed = Self.text(Choice.self)
        guard let word = try optionalString(name, allowed: allowed) else { return nil }
        guard let choice = Choice(rawValue: word) else {
            throw .notAllowed(member: name.description, allowed: allowed)
        }
        return choice
    }

    private static func text<Choice>(_: Choice.Type) -> String
    where Choice: CaseIterable & RawRepresentable, Choice.RawValue == String {
        "one of " + Choice.allCases.map(\.rawValue).joined(separator: ", ")
    }
}

extension Endpoint {
    /// Bytes of a host's name, at most (RFC 1035 §2.3.4).
    private static let hostBytesMax = 253

    /// An endpoint whose host another node named: nil unless it is a name of bearable length or a
    /// numeric address (without brackets, without a port).
    init?(peerHost host: String, port: UInt16) {
        guard host.utf8.count <= Self.hostBytesMax else { return nil }
        self.init(checkedHost: host, port: port)
    }
}
