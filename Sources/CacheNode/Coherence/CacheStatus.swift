/// Members of the field Cache-Status (RFC 9211): one for each node that an answer went through.
enum CacheStatus {
    /// How a member begins that stands for this node: the name as a token where that is allowed,
    /// which begins with a letter, and else as a string (RFC 9211 §2, RFC 8941 §3.3). `nodeName`
    /// must be canonical (`NodeName`).
    static func identifier(of nodeName: String) -> [UInt8] {
        let name = Array(nodeName.utf8)
        guard let first = name.first, first &- 0x41 < 26 else { return [0x22] + name + [0x22] }
        return name
    }

    /// `NODE-4; hit`, `NODE-4; fwd=uri-miss; stored; collapsed`.
    static func append(
        _ name: [UInt8], _ source: ReadNote.Source, isStored: Bool, isCollapsed: Bool,
        to members: inout [UInt8]
    ) {
        if !members.isEmpty { members += Array(", ".utf8) }
        members += name
        switch source {
        case .hit: members += Array("; hit".utf8)
        case .miss: members += Array("; fwd=uri-miss".utf8)
        case .stale: members += Array("; fwd=stale".utf8)
        case .request: members += Array("; fwd=request".utf8)
        }
        if isStored { members += Array("; stored".utf8) }
        if isCollapsed { members += Array("; collapsed".utf8) }
    }
}
