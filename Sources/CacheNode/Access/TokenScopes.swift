/// What a token allows.
struct TokenScopes: OptionSet, Sendable {
    let rawValue: UInt8

    /// Values and keys: `GET` and `HEAD` below `/kv` and `/store`, and `GET /keys`.
    static let read = TokenScopes(rawValue: 1)
    /// `PUT` and `DELETE` below `/kv` and `/store`.
    static let write = TokenScopes(rawValue: 1 << 1)
    /// What acts on the whole tree: `POST /synchronize`.
    static let admin = TokenScopes(rawValue: 1 << 2)
    /// What nodes ask of each other: a place in the tree, a link.
    static let cluster = TokenScopes(rawValue: 1 << 3)

    /// A node passes on whatever its clients may ask for.
    static let node: TokenScopes = [.read, .write, .admin, .cluster]

    /// The scopes that a line of a token file may name; none stands for another.
    static let named: [(name: StaticString, scope: TokenScopes)] = [
        ("read", .read), ("write", .write), ("admin", .admin),
    ]
}
