/// Turns the paths of a client with a chroot into the server's, and back.
struct Chroot {
    /// Without a `/` at its end; empty for none.
    let prefix: String

    init(_ prefix: String) { self.prefix = prefix }

    func absolute(_ path: String) -> String {
        if prefix.isEmpty { return path }
        return path == "/" ? prefix : prefix + path
    }

    /// Nil for a path that isn't below the chroot.
    func relative(_ path: String) -> String? {
        if prefix.isEmpty { return path }
        guard path.utf8.starts(with: prefix.utf8) else { return nil }
        let rest = path.utf8.dropFirst(prefix.utf8.count)
        if rest.isEmpty { return "/" }
        return rest.first == UInt8(ascii: "/") ? String(rest) : nil
    }

    func absolute(_ operation: MultiOperation) -> MultiOperation {
        switch operation {
        case .create(let path, let data, let mode, let acl):
            .create(path: absolute(path), data: data, mode: mode, acl: acl)
        case .delete(let path, let version): .delete(path: absolute(path), version: version)
        case .set(let path, let data, let version):
            .set(path: absolute(path), data: data, version: version)
        case .check(let path, let version): .check(path: absolute(path), version: version)
        }
    }

    /// A reply with the client's paths.
    func relative(_ reply: Reply) -> Reply {
        if prefix.isEmpty { return reply }
        switch reply {
        case .created(let node):
            return .created(CreatedNode(path: visible(node.path), stat: node.stat))
        case .multi(let results):
            return .multi(
                results.map {
                    if case .created(let path) = $0 { return .created(path: visible(path)) }
                    return $0
                })
        default: return reply
        }
    }

    private func visible(_ path: String) -> String { relative(path) ?? path }
}
