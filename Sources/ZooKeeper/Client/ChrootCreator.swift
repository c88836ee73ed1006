extension ZooKeeperClient {
    /// Creates the connect string's chroot, and what is missing above, as persistent nodes without
    /// data; what exists is left as it is.
    public func createChroot(
        acl: [ACL] = ACL.anyone, completion: @escaping Completion<Void>
    ) {
        var paths: [String] = []
        var path = chroot.prefix
        while path.utf8.count > 1 {
            paths.append(path)
            path = NodePath.parent(of: path) ?? ""
        }
        guard !paths.isEmpty else { return loop.schedule { completion(.success(())) } }
        createNext(of: paths, acl, completion)
    }

    /// Creates the last of `paths`, and then the others.
    private func createNext(
        of paths: [String], _ acl: [ACL], _ completion: @escaping Completion<Void>
    ) {
        guard let path = paths.last else {
            isChrootKnown = true
            return completion(.success(()))
        }
        submit(.create(path: path, data: [], mode: .persistent, acl: acl)) { [self] result in
            switch result {
            // Of what exists, someone may not even be allowed to create it.
            case .success, .failure(.nodeExists):
                createNext(of: paths.dropLast(), acl, completion)
            case .failure(let error): completion(.failure(error))
            }
        }
    }
}
