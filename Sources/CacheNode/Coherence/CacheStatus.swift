/// Members of the field Cache-Status (RFC 9211): one for each node that an answer went through.
enum CacheStatus {
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
