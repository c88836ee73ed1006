import CacheNode

/// Looks at a cluster in which nothing happens any more: every node must show what the root has.
struct QuietCheck {
    private let run: ClusterRun
    private let clients: [Client]

    init(_ run: ClusterRun, _ clients: [Client]) {
        self.run = run
        self.clients = clients
    }

    func check() {
        // Reading mends what parents note of their children.
        checkBits()
        run.story.line("all is quiet: what does everybody read?")
        for client in clients {
            for key in 0..<run.plan.keyCount { read(key, client) }
        }
        run.advance(milliseconds: run.plan.settlingMilliseconds)
        checkBits()
    }

    // MARK: Bits

    private func checkBits() {
        guard run.plan.mode == .push || run.plan.mode == .sync else { return }
        for member in run.cluster.members where !member.isRoot {
            guard let node = member.node,
                let parent = run.cluster.members.first(where: {
                    $0.host.name == node.parentName
                })
            else { continue }
            for key in 0..<run.plan.keyCount { compare(key, member, parent) }
        }
    }

    /// A parent knows which of its children hold a key, no more and no less; but those that share
    /// a bit, as in times of many sessions, may be noted although they don't.
    private func compare(_ key: Int, _ child: ClusterMember, _ parent: ClusterMember) {
        let name = Array("k\(key)".utf8)
        let copy = child.node?.copy(of: name)
        let isHeld = copy.map { $0.isVerified && !$0.isUncommitted } ?? false
        let noted = parent.node?.copy(of: name)
        let isNoted = noted?.followers.contains(child.host.name) ?? false
        guard isHeld != isNoted else { return }
        if !isHeld, noted?.sharers.contains(child.host.name) ?? false { return }
        run.report(
            .bitsAgree,
            isHeld
                ? "\(child.life) holds k\(key), and \(parent.life) does not know it"
                : "\(parent.life) thinks that \(child.life) holds k\(key)")
    }

    // MARK: Copies

    private func read(_ key: Int, _ client: Client) {
        var answer = ask(key, client)
        // An idle connection that a crash or a cut has ended is found out by the next request.
        if answer == nil {
            run.advance(milliseconds: 300)
            answer = ask(key, client)
        }
        guard let answer else {
            return run.report(
                .everyRequestIsAnswered, "a read of k\(key) at \(client.member.life), in peace")
        }
        let expected = run.history.root[key].last
        guard run.plan.checkedRules.copiesFollow, answer.content != expected?.content else {
            return
        }
        run.report(
            .copiesAgree,
            "\(answer.text); the root has \(expected?.content ?? .absent)"
                + " since \(seconds(expected?.start ?? 0))")
    }

    private func ask(_ key: Int, _ client: Client) -> ReadRecord? {
        var answer: ReadRecord?
        var isAnswered = false
        client.read(key, .any) {
            answer = $0
            isAnswered = true
        }
        run.advance(milliseconds: Client.answerMilliseconds + 1000) { isAnswered }
        return answer
    }
}
