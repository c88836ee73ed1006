// The requests of the public API: paths checked and put below the chroot, replies given their type.
extension ZooKeeperClient {
    /// Creates a znode; its parent must exist.
    public func create(
        _ path: String, data: [UInt8] = [], mode: CreateMode = .persistent,
        acl: [ACL] = ACL.anyone, completion: @escaping Completion<CreatedNode>
    ) {
        let fault = creationFault(of: path, mode)
        request(path, fault: fault, completion) {
            .create(path: $0, data: data, mode: mode, acl: acl)
        } value: {
            if case .created(let node) = $0 { node } else { nil }
        }
    }

    /// Deletes a znode without children; a nil version matches any.
    public func delete(
        _ path: String, version: Int32? = nil, completion: @escaping Completion<Void>
    ) {
        request(path, completion) {
            .delete(path: $0, version: version)
        } value: { _ in
        }
    }

    /// Nil if there is no such znode. The watch hears of its creation, its deletion and its data.
    public func exists(
        _ path: String, watch: Bool = false, completion: @escaping Completion<Stat?>
    ) {
        request(path, completion) {
            .exists(path: $0, watch: watch)
        } value: {
            if case .stat(let stat) = $0 { .some(stat) } else { .some(nil) }
        }
    }

    /// The watch hears of changes of the data and of the deletion; where this fails there is none.
    public func get(
        _ path: String, watch: Bool = false, completion: @escaping Completion<NodeData>
    ) {
        request(path, completion) {
            .get(path: $0, watch: watch)
        } value: {
            if case .data(let data) = $0 { data } else { nil }
        }
    }

    /// Sets a znode's data; a nil version matches any.
    public func set(
        _ path: String, data: [UInt8], version: Int32? = nil,
        completion: @escaping Completion<Stat>
    ) {
        request(path, completion) {
            .set(path: $0, data: data, version: version)
        } value: {
            $0.stat
        }
    }

    /// The watch hears of children that come and go, not of theirs, and of the deletion; where this
    /// fails there is none.
    public func children(
        _ path: String, watch: Bool = false, completion: @escaping Completion<NodeChildren>
    ) {
        request(path, completion) {
            .children(path: $0, watch: watch)
        } value: {
            if case .children(let children) = $0 { children } else { nil }
        }
    }

    public func getACL(_ path: String, completion: @escaping Completion<NodeACL>) {
        request(path, completion) {
            .getACL(path: $0)
        } value: {
            if case .acl(let acl) = $0 { acl } else { nil }
        }
    }

    /// Replaces the access rules; a nil version (of the rules) matches any.
    public func setACL(
        _ path: String, acl: [ACL], version: Int32? = nil, completion: @escaping Completion<Stat>
    ) {
        request(path, completion) {
            .setACL(path: $0, acl: acl, version: version)
        } value: {
            $0.stat
        }
    }

    /// Does all of it, in order, or nothing; as many results as operations. A refusal is
    /// `ZooKeeperError.multi` with the operation that was refused.
    public func multi(
        _ operations: [MultiOperation], completion: @escaping Completion<[MultiResult]>
    ) {
        for operation in operations {
            if let fault = fault(of: operation) {
                return refuse(.invalidPath(operation.path, reason: fault), completion)
            }
        }
        send(.multi(operations.map(chroot.absolute)), completion) {
            if case .multi(let results) = $0 { results } else { nil }
        }
    }

    /// Completes when the server has caught up with what the leader had done when the request came
    /// to it: reads after this see at least that.
    public func sync(_ path: String = "/", completion: @escaping Completion<Void>) {
        request(path, completion) {
            .sync(path: $0)
        } value: { _ in
        }
    }

    // MARK: Watches

    /// Leaves a watch that stays, on a znode that may not exist yet.
    ///
    /// Servers before 3.9 remember one kind of watch for a session and a path (ZOOKEEPER-4466): a
    /// watch of another kind on the very same path takes the place of this one.
    public func addWatch(
        _ path: String, mode: WatchMode, completion: @escaping Completion<Void>
    ) {
        request(path, completion) {
            .addWatch(path: $0, mode: mode)
        } value: { _ in
        }
    }

    /// Removes this session's watches of the kind from exactly this path.
    public func removeWatches(
        _ path: String, kind: WatchKind = .any, completion: @escaping Completion<Void>
    ) {
        request(path, completion) {
            .removeWatches(path: $0, kind: kind)
        } value: { _ in
        }
    }

    // MARK: Sending

    private func request<Value>(
        _ path: String, _ completion: @escaping Completion<Value>, make: (String) -> Request,
        value: @escaping (Reply) -> Value?
    ) {
        request(path, fault: NodePath.fault(of: path), completion, make: make, value: value)
    }

    private func request<Value>(
        _ path: String, fault: String?, _ completion: @escaping Completion<Value>,
        make: (String) -> Request, value: @escaping (Reply) -> Value?
    ) {
        if let fault { return refuse(.invalidPath(path, reason: fault), completion) }
        send(make(chroot.absolute(path)), completion, value: value)
    }

    private func send<Value>(
        _ request: Request, _ completion: @escaping Completion<Value>,
        value: @escaping (Reply) -> Value?
    ) {
        submit(request) { [self] result in
            switch result {
            case .success(let reply):
                isChrootKnown = true
                guard let value = value(chroot.relative(reply)) else {
                    preconditionFailure("a reply is read as what was asked for")
                }
                completion(.success(value))
            case .failure(let error): fail(error, completion)
            }
        }
    }

    private func refuse<Value>(_ error: ZooKeeperError, _ completion: @escaping Completion<Value>) {
        loop.schedule { completion(.failure(error)) }
    }

    /// Tells of `error`; should it be that the chroot is missing, finds that out first.
    private func fail<Value>(_ error: ZooKeeperError, _ completion: @escaping Completion<Value>) {
        guard error.saysNoNode, !chroot.prefix.isEmpty, !isChrootKnown else {
            return completion(.failure(error))
        }
        submit(.exists(path: chroot.prefix, watch: false)) { [self] result in
            guard case .success(let reply) = result else { return completion(.failure(error)) }
            if case .noStat = reply {
                completion(.failure(.chrootMissing(chroot.prefix)))
            } else {
                isChrootKnown = true
                completion(.failure(error))
            }
        }
    }

    private func fault(of operation: MultiOperation) -> String? {
        if case .create(let path, _, let mode, _) = operation {
            return creationFault(of: path, mode)
        }
        return NodePath.fault(of: operation.path)
    }

    /// A sequential node's name may consist of the number alone.
    private func creationFault(of path: String, _ mode: CreateMode) -> String? {
        NodePath.fault(of: mode.isSequential ? path + "0" : path)
    }
}

extension Reply {
    fileprivate var stat: Stat? {
        if case .stat(let stat) = self { stat } else { nil }
    }
}

extension ZooKeeperError {
    fileprivate var saysNoNode: Bool {
        switch self {
        case .noNode, .multi(_, .noNode): true
        default: false
        }
    }
}
