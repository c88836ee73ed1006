import Foundation
import UVHTTP

/// A node as `GET /nodes` lists it.
struct Member: Codable, Equatable, Sendable {
    var slot: Int
    var name: String
    var address: String
    var port: Int?
    /// Which API its parent speaks to it: canopy, kv or store.
    var api: String?
    /// `live`, `gone`, or `unknown` for a node that has no way to say.
    var state: String
    var lastSeenSeconds: Int?
    /// For how long it has been gone.
    var goneSeconds: Int?
    /// Its level in the tree; the root's is 1.
    var depth: Int?
    /// The ancestor that it is attached to, and how: `link` or `http`.
    var parent: String?
    var by: String?
    var coherence: String?
    /// Its ZooKeeper session.
    var session: String?

    var isGone: Bool { state == "gone" }

    /// `127.0.0.1:5001`, as people write it.
    var location: String {
        guard let port, let port = UInt16(exactly: port) else { return address }
        return Endpoint(host: address, port: port).description
    }
}

/// The tree as the root knows it: the answer to `GET /nodes`, which any node gives.
struct Membership: Codable, Equatable, Sendable {
    static let path = "/nodes"

    var root: String
    var depth: Int
    var coherence: String?
    var nodes: [Member]

    /// Nil when `json` is not such an answer, or has a slot that no tree has.
    init?(json: [UInt8]) {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        // Any error of the decoder means the same here: not an answer to GET /nodes.
        guard let decoded = try? decoder.decode(Self.self, from: Data(json)),
            decoded.nodes.allSatisfy({ $0.slot >= 1 && $0.slot <= NodeName.numberMax })
        else { return nil }
        self = decoded
        nodes.sort { $0.slot < $1.slot }
    }

    /// `7 nodes: 6 live, 1 gone. Depth 3, coherence none.`
    var summary: String {
        let states = Dictionary(grouping: nodes, by: \.state).mapValues(\.count)
        let order =
            ["live", "gone"] + states.keys.filter { !["live", "gone"].contains($0) }.sorted()
        let counts = order.compactMap { state in states[state].map { "\($0) \(state)" } }
        let noun = nodes.count == 1 ? "node" : "nodes"
        let mode = coherence.map { ", coherence \($0)" } ?? ""
        let list = counts.isEmpty ? "" : ": " + counts.joined(separator: ", ")
        return Printable.text("\(nodes.count) \(noun)\(list). Depth \(depth)\(mode).")
    }

    /// Asks `name`, or else the first node that answers; with the answer's text.
    static func fetch(
        from name: NodeName?, with options: ConnectionOptions
    ) throws -> (membership: Membership, text: [UInt8]) {
        let (node, response) = try NodeRace.answer(
            to: HTTPClientRequest(.get, path), from: name, with: options)
        guard let membership = Membership(json: response.body) else {
            throw Failure(unreadable: path, from: node)
        }
        return (membership, response.body)
    }
}
