import UVHTTP

/// How the rooms of a node below the root meet: its place, and its parent.
extension Node {
    func makeChildRole(registry: ChildRegistry?) -> ChildRole {
        let membership = Membership(
            settings: settings, root: settings.root, loop: loop, limits: limits, log: log,
            authorization: { [access] in access.authorizationLine })
        let attacher = ParentAttacher(
            loop: loop, log: log, seed: seed, dialler: { [unowned self] in dial($0, $1) },
            makePlain: { [unowned self] in makePlainParent($0) })
        attacher.delegate = keyspace
        attacher.onChange = { [unowned membership] in membership.renew() }
        membership.onPath = { [unowned self, unowned attacher] in
            attacher.onPath($0)
            record(in: registry)
        }
        membership.report = { [unowned self] in report }
        self.membership = membership
        self.attacher = attacher
        registry?.onRoot = { [unowned membership] in membership.follow(root: $0) }
        return ChildRole(
            membership: membership, attacher: attacher,
            registryHealth: registry.map { registry in
                { HealthCheck(registry.isWell ? .well : .failed, "zookeeper", registry.summary) }
            })
    }

    private func dial(
        _ ancestor: Ancestor, _ onEvent: @escaping (ParentDialEvent) -> Void
    ) -> any ParentDial {
        guard let keyspace else { preconditionFailure("the keyspace is made first") }
        let session = ParentSession(
            to: ancestor.endpoint, named: ancestor.name, name: settings.name, loop: loop,
            limits: limits, metrics: metrics, authorization: access.authorizationLine,
            delegate: keyspace)
        session.start(onEvent: onEvent)
        return session
    }

    private func makePlainParent(_ ancestor: Ancestor) -> HTTPParent {
        guard let keyspace else { preconditionFailure("the keyspace is made first") }
        let parent = HTTPParent(
            ancestor, queue: keyspace.upward, loop: loop, limits: limits, metrics: metrics,
            log: log, seed: seed, authorization: { [access] in access.authorizationLine })
        parent.delegate = keyspace
        return parent
    }

    /// Tells ZooKeeper where this node is, now that it has its place.
    private func record(in registry: ChildRegistry?) {
        guard let registry, let membership else { return }
        let slot = membership.place?.slot
        let record = RegistryRecord(
            name: settings.name, id: NodeName.number(ofCanonical: settings.name) ?? slot ?? 0,
            endpoint: membership.advertise, slot: slot)
        registry.show(record, earlierPath: membership.earlierPath)
    }

    /// What this node tells the root about itself.
    private var report: NodeReport {
        guard let attached = attacher?.attached else { return NodeReport() }
        return NodeReport(
            parent: attached.ancestor.name, way: attached.way, coherence: keyspace?.policy.mode)
    }
}
