import UVHTTP

/// Room for what comes: made in the turn that needs it where that is little, otherwise over several
/// (`EvictionPace`).
extension Keyspace: TurnEndHandler {
    /// Of the bound, what may be kept free for more than one value that is to come: 1 of so many.
    private static var sharedDivisor: Int { 16 }

    func awaitTurnEnd() {
        guard !pace.isTurnEndAwaited else { return }
        pace.isTurnEndAwaited = true
        loop.atTurnEnd(self)
    }

    func onTurnEnd() {
        pace.onTurnEnd()
        guard pace.wantsRoom, pace.wanted(now) > cache.pointee.bytesFree else { return }
        loop.schedule { [weak self] in self?.evictAhead() }
    }

    /// Makes one turn's part of the room that is wanted.
    private func evictAhead() {
        var evicted = 0
        while pace.wanted(now) > cache.pointee.bytesFree, pace.mayEvict(after: .max) {
            guard evictOne(after: evicted) else { return pace.giveUp() }
            evicted += 1
        }
    }

    /// Whether a client's write of a value of `valueCount` bytes is taken best now. If not, it
    /// lacks room that takes more evictions than a turn has left; that is made in this turn and
    /// those that follow. A write that need not be stored, or for which evicting does nothing, is
    /// told to come.
    func isReady(toWrite key: UnsafeRawBufferPointer, valueCount: Int) -> Bool {
        let bytes = Cache.externalBytes(key.count, valueCount)
        guard bytes > 0, !hasRoom(for: bytes) else { return true }
        guard cache.pointee.fits(keyCount: key.count, valueCount: valueCount),
            !givesWay(cache.pointee.find(key), to: bytes),
            isRoot || upward.hasRoom(byteCount: key.count + valueCount)
        else { return true }
        pace.onWaiting(bytes, now: now)
        awaitTurnEnd()
        evictAhead()
        return !pace.wantsRoom || hasRoom(for: bytes)
    }

    private func hasRoom(for bytes: Int) -> Bool {
        cache.pointee.bytesFree >= EvictionPace.room(for: bytes)
    }

    func onStored(_ key: UnsafeRawBufferPointer, _ content: KeyContent, evicting count: Int) {
        pace.onStored(
            externalBytes(key, content), evicting: count, sharedMax: sharedBytesMax, now: now)
        awaitTurnEnd()
    }

    func onDeclined(_ key: UnsafeRawBufferPointer, _ content: KeyContent) {
        pace.onDeclined(
            max(externalBytes(key, content), Self.byteCount(key, content)),
            sharedMax: sharedBytesMax, now: now)
    }

    private var sharedBytesMax: Int { cache.pointee.bytesMax / Self.sharedDivisor }

    /// Bytes that a value needs outside the pages of small ones.
    func externalBytes(_ key: UnsafeRawBufferPointer, _ content: KeyContent) -> Int {
        guard case .value(let value, _) = content else { return 0 }
        return Cache.externalBytes(key.count, value.count)
    }

    private static func byteCount(_ key: UnsafeRawBufferPointer, _ content: KeyContent) -> Int {
        guard case .value(let value, _) = content else { return key.count }
        return key.count + value.count
    }
}
