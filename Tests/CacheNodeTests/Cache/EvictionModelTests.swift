import Simulation
import Testing

@testable import CacheNode

/// The victims of random histories beside those of the paper's listing, on an array.
@Suite struct EvictionModelTests {
    private struct Reference {
        struct Member {
            var kind: EntryKind
            var isVisited: Bool
            var isUncommitted = false
            var hasFill = false
        }

        let evictsValues: Bool
        var members: [Int: Member] = [:]
        /// Index 0 is the oldest.
        var queue: [Int] = []
        /// The key that the hand points at; nil: the oldest.
        var hand: Int?

        func belongs(_ key: Int) -> Bool {
            guard let member = members[key] else { return false }
            return !member.isUncommitted && !member.hasFill
                && (evictsValues || member.kind != .value)
        }

        /// Takes the key out of the queue, or puts it at its newest end, as its state has it.
        mutating func settle(_ key: Int) {
            let index = queue.firstIndex(of: key)
            if belongs(key) {
                if index == nil { queue.append(key) }
            } else if let index {
                passHand(key)
                queue.remove(at: index)
            }
        }

        mutating func passHand(_ key: Int) {
            guard hand == key, let index = queue.firstIndex(of: key) else { return }
            hand = index + 1 < queue.count ? queue[index + 1] : nil
        }

        mutating func put(_ key: Int, _ kind: EntryKind) {
            members[key] = Member(kind: kind, isVisited: members[key] != nil)
            settle(key)
        }

        mutating func remove(_ key: Int) {
            members[key] = nil
            settle(key)
        }

        mutating func shrink(_ key: Int) {
            members[key]?.kind = .tag
            members[key]?.isVisited = false
            passHand(key)
            settle(key)
        }

        mutating func candidate() -> Int? {
            guard !queue.isEmpty else { return nil }
            var index = hand.flatMap { queue.firstIndex(of: $0) } ?? 0
            while members[queue[index]]?.isVisited == true {
                members[queue[index]]?.isVisited = false
                index = (index + 1) % queue.count
            }
            hand = queue[index]
            return hand
        }
    }

    @Test(arguments: [true, false])
    func victimsAreThoseOfThePaper(evictsValues: Bool) throws {
        for seed in UInt64(0)..<8 {
            let test = try TestCache(bytesMax: 4 << 20, evictsValues: evictsValues)
            var reference = Reference(evictsValues: evictsValues)
            var random = SimRandom(seed: seed)
            for _ in 0..<scaled(debug: 3000, release: 30_000) {
                let number = Int.random(in: 0..<150, using: &random)
                switch Int.random(in: 0..<14, using: &random) {
                case 0..<4:
                    let kinds = [EntryKind.value, .value, .absent, .tag]
                    let kind = kinds[Int.random(in: 0..<4, using: &random)]
                    let count = kind == .value ? Int.random(in: 0..<200, using: &random) : 0
                    test.put(key(number), [UInt8](repeating: 1, count: count), kind: kind)
                    reference.put(number, kind)
                case 4..<8:
                    _ = test.read(key(number))
                    reference.members[number]?.isVisited = true
                case 8:
                    test.remove(key(number))
                    reference.remove(number)
                case 9: pin(number, test, &reference)
                case 10 where reference.members[number] != nil:
                    _ = test.cache.pointee.shrinkToTag(test.find(key(number)))
                    reference.shrink(number)
                default: evict(shrinks: Bool.random(using: &random), test, &reference)
                }
            }
            #expect(test.count == reference.members.values.count { $0.kind == .value })
        }
    }

    /// Pins an entry for one of the two reasons, or takes that reason away.
    private func pin(_ number: Int, _ test: TestCache, _ reference: inout Reference) {
        guard var member = reference.members[number] else { return }
        let entry = test.find(key(number))
        if number % 2 == 0 {
            member.isUncommitted.toggle()
            test.cache.pointee.setUncommitted(member.isUncommitted, of: entry)
        } else {
            member.hasFill.toggle()
            test.cache.pointee.setFill(member.hasFill, of: entry)
        }
        reference.members[number] = member
        reference.settle(number)
    }

    private func evict(shrinks: Bool, _ test: TestCache, _ reference: inout Reference) {
        let victim = test.candidate()
        guard let expected = reference.candidate() else {
            #expect(victim.isNone)
            return
        }
        #expect(test.key(of: victim) == key(expected))
        if shrinks {
            _ = test.cache.pointee.shrinkToTag(victim)
            reference.shrink(expected)
        } else {
            test.cache.pointee.remove(victim)
            reference.remove(expected)
        }
    }
}
