/// SIEVE (Zhang et al., "SIEVE is Simpler than LRU", NSDI 2024): a queue in order of insertion, a
/// visited flag per entry that a read sets, and a hand that moves from the oldest entry to the
/// newest, clears flags, and stops at the first entry that has none.
///
/// An entry that replaces an older one of its key takes its place in the queue and counts as
/// visited: to write a key again is to ask for it. An entry that loses its value keeps its place,
/// counts as not visited, and the hand goes on, as if it had been evicted: it has until the hand
/// comes round again. Pinned entries are in no queue; they come in at the newest end once they are
/// free.
struct EvictionQueue {
    /// Flags that the hand clears in one call. When that many entries in a row were visited, the
    /// first of them is taken, as it would be had all others been visited too.
    static var stepsMax: Int { 256 }

    private var newest = EntryReference.none
    private var oldest = EntryReference.none
    private var hand = EntryReference.none

    /// The entry to evict next; none when the queue is empty. It stays in the queue.
    mutating func candidate(_ entries: EntrySpace) -> EntryReference {
        let start = next
        if start.isNone { return .none }
        var current = start
        var steps = 0
        while entries[current].isVisited {
            if steps == Self.stepsMax {
                hand = current
                return start
            }
            entries[current].isVisited = false
            steps += 1
            let newer = entries[current].newer
            current = newer.isNone ? oldest : newer
        }
        hand = current
        return current
    }

    /// Where the hand goes on.
    var next: EntryReference { hand.isNone ? oldest : hand }

    /// Adds an entry at the newest end.
    mutating func append(_ reference: EntryReference, _ entries: EntrySpace) {
        let entry = entries[reference]
        entry.newer = .none
        entry.older = newest
        if newest.isNone {
            oldest = reference
        } else {
            entries[newest].newer = reference
        }
        newest = reference
    }

    mutating func remove(_ reference: EntryReference, _ entries: EntrySpace) {
        let entry = entries[reference]
        let older = entry.older
        let newer = entry.newer
        if hand == reference { hand = newer }
        if older.isNone { oldest = newer } else { entries[older].newer = newer }
        if newer.isNone { newest = older } else { entries[newer].older = older }
    }

    /// Lets the hand go on to the next newer entry if it points at `reference`.
    mutating func pass(_ reference: EntryReference, _ entries: EntrySpace) {
        if hand == reference { hand = entries[reference].newer }
    }

    /// Puts `reference` into the place of `replaced`.
    mutating func replace(
        _ replaced: EntryReference, with reference: EntryReference, _ entries: EntrySpace
    ) {
        let older = entries[replaced].older
        let newer = entries[replaced].newer
        let entry = entries[reference]
        entry.older = older
        entry.newer = newer
        if hand == replaced { hand = reference }
        if older.isNone { oldest = reference } else { entries[older].newer = reference }
        if newer.isNone { newest = reference } else { entries[newer].older = reference }
    }
}
