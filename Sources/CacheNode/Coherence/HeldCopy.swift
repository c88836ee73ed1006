/// What a node holds of a key: for whoever looks into it from outside, as simulations do.
package struct HeldCopy: Equatable {
    package struct CommitVersion: Equatable {
        package var epoch: UInt32
        package var sequence: UInt64
    }

    /// Nil when none is known, as of a write that the root has not committed.
    package var version: CommitVersion?
    package var isAbsent: Bool
    /// The value is gone; what children hold by it is still known.
    package var isTag: Bool
    /// A write lies over it that the root has not committed, as far as is known here.
    package var isUncommitted: Bool
    /// It was verified in this session with the parent.
    package var isVerified: Bool
    /// The names of the children that hold it by this node, each in its newest session; with one
    /// that shares its bit with others only as far as that says.
    package var followers: [String]
    /// Those of them that share their bit: it stays when one of them holds the key no more.
    package var sharers: [String]
    package var value: [UInt8]
}

extension Keyspace {
    func copy(of key: [UInt8]) -> HeldCopy? {
        key.withUnsafeBytes { key in
            let entry = cache.pointee.find(key)
            guard !entry.isNone else { return nil }
            let bits = followers(of: entry)
            let holders = newestChildren.filter { $0.bit & bits != 0 }
            let version = version(of: entry)
            let isTag = cache.pointee.isTag(entry)
            return HeldCopy(
                version: version == .none
                    ? nil
                    : HeldCopy.CommitVersion(epoch: version.epoch, sequence: version.sequence),
                isAbsent: cache.pointee.isAbsent(entry), isTag: isTag,
                isUncommitted: cache.pointee.isUncommitted(entry),
                isVerified: cache.pointee.session(of: entry) == freshness.current,
                followers: Self.names(of: holders),
                sharers: Self.names(of: holders.filter { $0.bit == Children.sharedBit }),
                value: isTag ? [] : Array(cache.pointee.value(of: entry)))
        }
    }

    /// A child that came back in another life may have a session of its former one still.
    private var newestChildren: [Child] {
        children.all.filter { child in children.all.last { $0.name == child.name } === child }
    }

    private static func names(of children: [Child]) -> [String] {
        children.map { String(decoding: $0.name, as: UTF8.self) }
    }

    func holds(_ key: [UInt8], value: [UInt8]) -> Bool {
        key.withUnsafeBytes { key in
            let entry = cache.pointee.find(key)
            return !entry.isNone && !cache.pointee.isTag(entry)
                && !cache.pointee.isAbsent(entry)
                && cache.pointee.value(of: entry).elementsEqual(value)
        }
    }

    /// Evicts a key as if its memory were needed; false if it isn't held or must stay. Where that
    /// would say something, a tag is left instead if `leavesTag`.
    func evict(_ key: [UInt8], leavesTag: Bool) -> Bool {
        key.withUnsafeBytes { key in
            let entry = cache.pointee.find(key)
            guard !entry.isNone,
                cache.pointee.state(of: entry).isEvictable(evictsValues: !isRoot)
            else { return false }
            if leavesTag, Rule.evictionInvalidates.isKept, followers(of: entry) != 0,
                !cache.pointee.isTag(entry)
            {
                _ = cache.pointee.shrinkToTag(entry)
            } else {
                forget(entry)
            }
            finishStep()
            return true
        }
    }
}
