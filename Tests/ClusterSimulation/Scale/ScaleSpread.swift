/// A key, and who asks for it.
final class ScaleKey {
    let name: String
    let bytes: [UInt8]
    let holders: [ClusterMember]
    /// What was written last.
    var value: [UInt8] = []

    init(_ name: String, holders: [ClusterMember]) {
        self.name = name
        bytes = Array(name.utf8)
        self.holders = holders
    }
}

/// A write on its way to all copies.
final class ScaleSpread {
    let start: UInt64
    let onEverywhere: () -> Void
    private let key: [UInt8]
    private let value: [UInt8]
    /// By a node's index in the cluster: it should have the value, and hasn't yet.
    private var isAwaited: [Bool]
    private var awaitedCount: Int

    /// The write of the key's present value, which the nodes `copies` shall have.
    init(
        of key: ScaleKey, to copies: [Int], nodeCount: Int, start: UInt64,
        onEverywhere: @escaping () -> Void
    ) {
        self.key = key.bytes
        value = key.value
        self.start = start
        self.onEverywhere = onEverywhere
        isAwaited = Array(repeating: false, count: nodeCount)
        for copy in copies { isAwaited[copy] = true }
        awaitedCount = copies.count
    }

    var isEverywhere: Bool { awaitedCount == 0 }

    /// Looks whether the node's copy is the new one by now; true when it was the last one missing.
    func isCompleted(by member: ClusterMember) -> Bool {
        guard isAwaited[member.index], member.node?.holds(key, value: value) == true else {
            return false
        }
        isAwaited[member.index] = false
        awaitedCount -= 1
        return isEverywhere
    }
}
