/// Kinds of watches that a session may have on one path.
struct WatchSet: OptionSet {
    let rawValue: UInt8

    static let data = WatchSet(rawValue: 1)
    /// Left by `exists` on a node that wasn't there.
    static let exists = WatchSet(rawValue: 2)
    static let children = WatchSet(rawValue: 4)
    static let persistent = WatchSet(rawValue: 8)
    static let persistentRecursive = WatchSet(rawValue: 16)
    static let all = WatchSet(rawValue: 31)

    /// In the order in which `setWatches2` lists them.
    static let inProtocolOrder: [WatchSet] = [
        .data, .exists, .children, .persistent, .persistentRecursive,
    ]
}

/// The watches that a session has at its server, to be set again at the next one.
///
/// The order of the paths depends on nothing but what happened, and a run through it can go on
/// after changes: a removed path's place is taken by the last one.
struct WatchTable {
    private var paths: [String] = []
    private var sets: [WatchSet] = []
    private var indices: [String: Int] = [:]

    var count: Int { paths.count }

    /// The watches on `path`.
    subscript(path: String) -> WatchSet {
        indices[path].map { sets[$0] } ?? []
    }

    mutating func add(_ watches: WatchSet, _ path: String) {
        if let index = indices[path] {
            sets[index].formUnion(watches)
        } else {
            indices[path] = paths.count
            paths.append(path)
            sets.append(watches)
        }
    }

    mutating func remove(_ watches: WatchSet, _ path: String) {
        guard let index = indices[path] else { return }
        sets[index].subtract(watches)
        guard sets[index].isEmpty else { return }
        indices[path] = nil
        let lastPath = paths.removeLast()
        let lastSet = sets.removeLast()
        guard index < paths.count else { return }
        paths[index] = lastPath
        sets[index] = lastSet
        indices[lastPath] = index
    }

    mutating func removeAll() {
        self = WatchTable()
    }

    /// Takes out what fired with the event.
    mutating func fire(_ kind: ZooKeeperEvent.Kind, _ path: String) {
        switch kind {
        case .created, .dataChanged: remove([.data, .exists], path)
        case .childrenChanged: remove(.children, path)
        case .deleted: remove([.data, .exists, .children], path)
        }
    }

    /// Writes a `setWatches2` of as many paths below the index `end` as fit into `bytesMax`, at
    /// least one, from the last to the first; returns the index where the rest ends.
    ///
    /// Watches below the returned index are unwritten whatever is removed meanwhile: what takes
    /// a removed one's place comes from behind it.
    func writeChunk(
        below end: Int, relativeZxid: Int64, bytesMax: Int, to writer: inout JuteWriter
    ) -> Int {
        let end = min(end, paths.count)
        var first = end
        var bytes = 0
        while first > 0 {
            let next = paths[first - 1].utf8.count + 4
            let cost = next * sets[first - 1].rawValue.nonzeroBitCount
            if first < end, bytes + cost > bytesMax { break }
            bytes += cost
            first -= 1
        }
        writer.header(xid: Xid.setWatches, .setWatches2)
        writer.int64(relativeZxid)
        for watches in WatchSet.inProtocolOrder {
            var chosen: [Int] = []
            for index in first..<end where sets[index].contains(watches) { chosen.append(index) }
            writer.length(chosen.count)
            for index in chosen { writer.string(paths[index]) }
        }
        return first
    }
}
