import ClusterSimulation

/// A history made by hand, with times in milliseconds.
struct Tale {
    var history = History(keyCount: 1)
    var rules = CheckedRules()

    static func microseconds(_ milliseconds: Int) -> UInt64 { UInt64(milliseconds) * 1000 }

    /// An acknowledged write at a node, from a time to a time.
    @discardableResult
    mutating func write(
        at node: Int = 1, _ start: Int, _ end: Int, _ ack: AwaitedHop = .local,
        deletes isDeletion: Bool = false, _ change: (inout WriteRecord) -> Void = { _ in }
    ) -> Int {
        var write = WriteRecord(
            number: history.writes.count, key: 0, life: Life(node: node, number: 0),
            start: Self.microseconds(start))
        write.end = Self.microseconds(end)
        write.ack = ack
        write.isDeletion = isDeletion
        write.outcome = .acknowledged
        change(&write)
        history.writes.append(write)
        return write.number
    }

    mutating func read(
        at node: Int = 1, _ start: Int, _ end: Int, _ content: Content, as sequence: UInt64? = nil,
        bound: Int? = nil, _ change: (inout ReadRecord) -> Void = { _ in }
    ) {
        var read = ReadRecord(
            key: 0, life: Life(node: node, number: 0), start: Self.microseconds(start),
            end: Self.microseconds(end), content: content)
        read.version = sequence.map { ETag(epoch: 1, sequence: $0) }
        read.boundMicroseconds = bound.map { Self.microseconds($0) }
        change(&read)
        history.reads.append(read)
    }

    mutating func root(_ time: Int, _ content: Content, as sequence: UInt64, life: Int = 0) {
        history.rootHas(
            RootState(
                start: Self.microseconds(time), life: life, content: content,
                version: ETag(epoch: 1, sequence: sequence)), of: 0)
    }

    mutating func crash(of node: Int, at time: Int) {
        history.crashed(Life(node: node, number: 0), at: Self.microseconds(time))
    }

    /// A node makes two writes, reads each after its acknowledgement, and the next root is seen to
    /// commit the second; the one after it both.
    static func ofTwoRoots() -> Tale {
        var tale = Tale()
        tale.write(10, 12)
        tale.read(13, 14, .write(0))
        tale.write(15, 16)
        tale.read(17, 18, .write(1))
        tale.crash(of: 0, at: 20)
        tale.root(21, .absent, as: 1, life: 1)
        tale.root(22, .write(1), as: 3, life: 1)
        tale.crash(of: 0, at: 30)
        tale.root(31, .absent, as: 4, life: 2)
        tale.root(32, .write(0), as: 5, life: 2)
        return tale
    }

    var found: [Invariant] {
        HistoryChecker.violations(of: history, rules).map(\.invariant)
    }
}
