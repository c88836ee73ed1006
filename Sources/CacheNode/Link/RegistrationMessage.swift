import UVHTTP

/// What a node sends the root to get its place in the tree: the body of `POST /nodes`.
struct RegistrationRequest {
    var name: String
    var endpoint: Endpoint
    /// The slot the node had before, as far as it knows: a root that has forgotten gives it back.
    var slot: Int?

    init(name: String, endpoint: Endpoint, slot: Int?) {
        self.name = name
        self.endpoint = endpoint
        self.slot = slot
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
    }

    var body: [UInt8] {
        var output = ByteQueue()
        var json = JSONWriter()
        json.beginObject(&output)
        json.member("name", name, &output)
        json.member("address", endpoint.host, &output)
        json.member("port", Int(endpoint.port), &output)
        if let slot { json.member("slot", slot, &output) }
        json.endObject(&output)
        return Array(output.readable)
    }
}

/// A node's place in the tree, as the root's answer to `POST /nodes` tells it.
struct Place: Equatable {
    struct Step: Equatable {
        var name: String
        var slot: Int
        var endpoint: Endpoint
        var api: NodeAPI
    }

    var slot: Int
    /// From the root down to the parent.
    var path: [Step]
    var coherence: String
    var depth: Int
    /// Seconds after which the root wants to hear from the node again.
    var heartbeatSeconds: Int

    var parent: Step? { path.last }
}

extension Place {
    init(parsing body: UnsafeRawBufferPointer) throws(JSONReadError) {
        let json = try JSONObjectReader(body)
        slot = try json.integer("slot", in: 1...65535)
        var path: [Step] = []
        for element in try json.array("path") {
            guard let object = JSONObjectReader(element) else {
                throw .notAllowed(member: "path", allowed: "an array of objects")
            }
            path.append(try Step(object))
        }
        self.path = path
        let settings = try json.object("settings")
        coherence = try settings.string("coherence")
        depth = try settings.integer("depth", in: 1...16)
        heartbeatSeconds = try settings.integer("heartbeat_seconds", in: 1...3600)
    }
}

extension Place.Step {
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
        let allowed = "one of canopy, kv, store"
        guard let api = NodeAPI(rawValue: try json.string("api", allowed: allowed)) else {
            throw .notAllowed(member: "api", allowed: allowed)
        }
        self.api = api
    }
}

extension Endpoint {
    /// Bytes of a host's name, at most (RFC 1035 §2.3.4).
    private static let hostBytesMax = 253

    /// An endpoint whose host another node named: nil unless it is a name of bearable length or a
    /// numeric address (without brackets, without a port).
    init?(peerHost host: String, port: UInt16) {
        guard host.utf8.count <= Self.hostBytesMax else { return nil }
        if host.utf8.contains(ASCII.colon),
            SocketAddress(numericHost: host, port: port) == nil
        {
            return nil
        }
        self.init(checkedHost: host, port: port)
    }
}
