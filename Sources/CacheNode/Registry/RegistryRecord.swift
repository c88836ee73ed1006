import UVHTTP

/// What a znode says about a node of the tree: `{"ip", "id", "name", "port", "slot"}`. The earlier
/// systems' nodes write less; their znodes' names and places say the rest.
struct RegistryRecord: Equatable {
    var name: String
    /// The number that the `/kv` system knows the node by.
    var id: Int
    var endpoint: Endpoint
    var slot: Int?
    /// Of a node of an earlier system: what it speaks.
    var api = NodeAPI.canopy
    /// Of an ephemeral znode: the session that it ends with.
    var session: String?
    /// Of the root's claim.
    var epoch: UInt32?

    init(
        name: String, id: Int, endpoint: Endpoint, slot: Int?, api: NodeAPI = .canopy,
        session: String? = nil, epoch: UInt32? = nil
    ) {
        self.name = name
        self.id = id
        self.endpoint = endpoint
        self.slot = slot
        self.api = api
        self.session = session
        self.epoch = epoch
    }

    init(_ member: TreeMember) {
        self.init(
            name: member.name, id: member.id, endpoint: member.endpoint, slot: member.slot,
            api: member.api)
    }

    /// Reads a znode's data; `znodeName` names the node where the data doesn't, as the earlier
    /// systems leave it out. Nil when it isn't known who or where the node is.
    init?(data: [UInt8], znodeName: String, defaultPort: UInt16) {
        let read = data.withUnsafeBytes { bytes -> Self? in
            // Whatever is wrong with the data: it is then no record.
            guard let json = try? JSONObjectReader(bytes) else { return nil }
            let name = NodeName.canonical((try? json.optionalString("name")) ?? znodeName)
            let port = (try? json.optionalInteger("port", in: 1...65535)) ?? Int(defaultPort)
            guard let name, let ip = try? json.string("ip"),
                let endpoint = Endpoint(peerHost: ip, port: UInt16(port))
            else { return nil }
            let slot = (try? json.optionalInteger("slot", in: 1...65535)) ?? nil
            let id = (try? json.optionalInteger("id", in: 0...Int(Int32.max))) ?? nil
            let epoch = (try? json.optionalInteger("epoch", in: 0...Int(UInt32.max))) ?? nil
            let number = NodeName.number(ofCanonical: name) ?? slot ?? 0
            return Self(
                name: name, id: id ?? number, endpoint: endpoint, slot: slot,
                api: ((try? json.optionalChoice("api")) ?? nil) ?? .canopy,
                session: (try? json.optionalString("session")) ?? nil,
                epoch: epoch.map { UInt32(clamping: $0) })
        }
        guard let read else { return nil }
        self = read
    }

    /// The znode's data.
    var data: [UInt8] {
        var output = ByteQueue()
        var json = JSONWriter()
        json.beginObject(&output)
        json.member("ip", endpoint.host, &output)
        json.member("id", id, &output)
        json.member("name", name, &output)
        json.member("port", Int(endpoint.port), &output)
        if let slot { json.member("slot", slot, &output) }
        if api != .canopy { json.member("api", api.rawValue, &output) }
        if let session { json.member("session", session, &output) }
        if let epoch { json.member("epoch", Int(epoch), &output) }
        json.endObject(&output)
        return Array(output.readable)
    }

    /// The same node at the same address, perhaps an earlier incarnation of it.
    func isSamePlace(as other: RegistryRecord) -> Bool {
        name == other.name && endpoint == other.endpoint
    }

    /// How a session is written: `0x10000ab12cd0003`.
    static func text(session: Int64) -> String {
        "0x" + String(UInt64(bitPattern: session), radix: 16)
    }
}
