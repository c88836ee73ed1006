/// What a read may have been answered with.
extension HistoryChecker {
    mutating func check(_ read: ReadRecord) {
        switch read.content {
        case .alien:
            return report(.valuesAreThoseWritten, read.text)
        case .write(let number):
            let write = history.writes[number]
            if write.key != read.key || write.start > read.end {
                return report(.valuesAreThoseWritten, read.text)
            }
            if rules.copiesFollow, write.outcome == .refused || write.outcome == .conditionFailed {
                // While the root hadn't refused it yet it may have been readable where it was made.
                if let end = write.end, end < read.start, !hasRootCrashed(since: write.start) {
                    report(.refusedWritesChangeNothing, "\(read.text), after \(write.text)")
                }
            }
        case .absent: break
        }
        checkVersion(read)
        guard rules.copiesFollow else { return }
        checkStaleness(read)
    }

    private mutating func checkVersion(_ read: ReadRecord) {
        guard let version = read.version,
            let state = history.root[read.key].first(where: { $0.version == version }),
            state.content != read.content
        else { return }
        report(.versionsNameOneContent, "\(read.text), but at the root it is \(state.content)")
    }

    // MARK: Staleness

    /// The content must have been the root's at some time not longer before the answer than the
    /// answer says. When the answer was made isn't known; not before the question was asked.
    /// A node that is asked for the root's content may answer with a write of its own, of which it
    /// doesn't know that it is committed.
    private mutating func checkStaleness(_ read: ReadRecord) {
        // A node that was attached to nobody yet has a write of its own, and no policy.
        if let bound = read.boundMicroseconds, let limit = rules.limitMicroseconds, bound > limit,
            !read.isMarkedStale, read.version != nil
        {
            report(.boundsAreKept, "\(read.text); the limit is \(milliseconds(limit))")
        }
        let bound: UInt64
        if read.wish == .fromRoot, read.version != nil || read.boundMicroseconds == nil {
            bound = 0
        } else if let stated = read.boundMicroseconds {
            bound = stated + rules.clockMicroseconds
        } else {
            return
        }
        if isPending(read) { return }
        let earliest = read.start - min(bound, read.start)
        if wasCurrent(read.content, of: read.key, from: earliest, to: read.end) { return }
        report(.stalenessIsBounded, "\(read.text); \(currency(of: read))")
    }

    /// Whether the answer is a write that the root has not committed yet: then it has no version.
    private func isPending(_ read: ReadRecord) -> Bool {
        guard read.version == nil else { return false }
        switch read.content {
        case .alien: return false
        case .write(let number):
            guard let committed = history.commitTime(of: history.writes[number]) else {
                return true
            }
            return committed > read.end
        case .absent:
            // When a deletion was committed isn't always known.
            return history.writes.contains {
                $0.isDeletion && $0.key == read.key && $0.start <= read.end
            }
        }
    }

    private func currency(of read: ReadRecord) -> String {
        let states = history.root[read.key]
        guard
            let last = states.lastIndex(where: {
                $0.content == read.content && $0.start <= read.end
            })
        else { return "the root never had it" }
        guard last + 1 < states.count else { return "the root has it" }
        let next = states[last + 1]
        return "the root replaced it at \(seconds(next.start)) by \(next.content)"
    }
}

/// What depends on the order of reads and writes at one node.
extension HistoryChecker {
    private struct Place: Hashable {
        var life: Life
        var key: Int
    }

    mutating func checkOrder() {
        guard rules.copiesFollow || rules.ownWritesAreRead else { return }
        var writes: [Place: [WriteRecord]] = [:]
        for write in history.writes where write.outcome == .acknowledged && !write.isAcrossLives {
            writes[Place(life: write.life, key: write.key), default: []].append(write)
        }
        var reads: [Place: [ReadRecord]] = [:]
        for read in history.reads where !read.isAcrossLives {
            let place = Place(life: read.life, key: read.key)
            reads[place, default: []].append(read)
            if rules.ownWritesAreRead { checkOwnWrites(read, writes[place] ?? []) }
        }
        guard rules.copiesFollow else { return }
        for place in reads.keys.sorted(by: { ($0.life, $0.key) < ($1.life, $1.key) }) {
            checkVersions(reads[place] ?? [])
        }
    }

    /// Of two reads of a key at a node, the second asked when the first was answered, the second
    /// has no older version.
    private mutating func checkVersions(_ reads: [ReadRecord]) {
        let ended = versioned(reads) { self.history.firstCommit(of: $0) }
            .sorted { $0.read.end < $1.read.end }
        var next = 0
        var newest: (read: ReadRecord, version: ETag)?
        let started = versioned(reads) { self.history.lastCommit(of: $0) }
            .sorted { $0.read.start < $1.read.start }
        for later in started {
            while next < ended.count, ended[next].read.end <= later.read.start {
                if newest.map({ $0.version < ended[next].version }) ?? true { newest = ended[next] }
                next += 1
            }
            if let newest, later.version < newest.version {
                report(
                    .versionsNeverFall,
                    "\(later.read.text) (\(later.version)), after \(newest.read.text)"
                        + " (\(newest.version))")
            }
        }
    }

    /// The version that an answer names, or else the one that its write got at the root. A write of
    /// another node that isn't committed as far as is known here has no place yet: that node may be
    /// attached elsewhere by now, and overtake.
    private func versioned(
        _ reads: [ReadRecord], _ commit: (WriteRecord) -> RootState?
    ) -> [(read: ReadRecord, version: ETag)] {
        reads.compactMap { read in
            if let version = read.version { return (read, version) }
            guard case .write(let number) = read.content,
                history.writes[number].life.node == read.life.node,
                let version = commit(history.writes[number])?.version
            else { return nil }
            return (read, version)
        }
    }

    // MARK: Own writes

    private mutating func checkOwnWrites(_ read: ReadRecord, _ writes: [WriteRecord]) {
        for write in writes {
            guard let end = write.end, end <= read.start, isOlder(read, than: write),
                !hasRootCrashed(since: write.start, until: read.end)
            else { continue }
            return report(
                .ownWritesAreRead,
                "\(read.text), after \(write.text) was acknowledged at \(seconds(end))")
        }
    }

    /// Whether what was read is surely older than a write.
    private func isOlder(_ read: ReadRecord, than write: WriteRecord) -> Bool {
        switch read.content {
        case .alien: return false
        case .write(let number):
            if number == write.number { return false }
            let other = history.writes[number]
            // Acknowledged at the same node before the write began.
            if other.life == write.life, let end = other.end, other.outcome == .acknowledged,
                end < write.start
            {
                return true
            }
            guard let committed = lastCommit(of: other, shownBy: read)?.start else { return false }
            if committed < write.start { return true }
            // See `versioned`.
            guard read.version != nil || other.life.node == read.life.node else { return false }
            guard !write.isDeletion, let commit = history.firstCommit(of: write),
                !history.hiddenCommits.contains(where: { $0 >= write.start && $0 <= read.end })
            else { return false }
            return committed < commit.start
        case .absent:
            return !write.isDeletion && !mayBeDeleted(after: write)
        }
    }

    /// The commit that an answer means, or else the last that it may mean.
    private func lastCommit(of write: WriteRecord, shownBy read: ReadRecord) -> RootState? {
        guard let version = read.version else { return history.lastCommit(of: write) }
        return history.root[write.key].first { $0.version == version }
    }

    /// Whether a deletion of the same key may have come after a write.
    private func mayBeDeleted(after write: WriteRecord) -> Bool {
        history.root[write.key].contains { $0.content == .absent && $0.start >= write.start }
            || !history.hiddenCommits.isEmpty
            || history.writes.contains {
                $0.isDeletion && $0.key == write.key
                    && ($0.outcome != .acknowledged || ($0.end ?? .max) >= write.start)
            }
    }
}
