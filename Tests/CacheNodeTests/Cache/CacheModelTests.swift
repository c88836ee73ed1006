import Simulation
import Testing

@testable import CacheNode

/// Random histories of everything that can happen to an entry, beside a dictionary.
@Suite struct CacheModelTests {
    struct Stored: Equatable {
        var kind = EntryKind.value
        var value: [UInt8] = []
        var version: UInt64 = 0
        var children: UInt8 = 0
        var session: UInt8 = 0
        var basisTicks: UInt32 = 0
        var userFlags: UInt8 = 0
        var isUncommitted = false
        var hasFill = false
    }

    private static let sessions: UInt8 = 5

    private func random(_ random: inout SimRandom) -> Stored {
        var stored = Stored()
        switch Int.random(in: 0..<10, using: &random) {
        case 0: stored.kind = .absent
        case 1: stored.kind = .tag
        default: stored.value = randomValue(&random)
        }
        if Bool.random(using: &random) {
            stored.version = .random(in: 0..<1 << 48, using: &random)
            stored.children = .random(in: 0...255, using: &random)
            stored.session = .random(in: 0..<Self.sessions, using: &random)
            stored.basisTicks = .random(in: 0...UInt32.max, using: &random)
            stored.userFlags = .random(in: 0...255, using: &random)
        }
        stored.isUncommitted = Int.random(in: 0..<10, using: &random) == 0
        stored.hasFill = Int.random(in: 0..<10, using: &random) == 0
        return stored
    }

    /// Changes each field with a chance of one half.
    private func change(_ stored: inout Stored, _ random: inout SimRandom) {
        let other = self.random(&random)
        if Bool.random(using: &random) { stored.version = other.version }
        if Bool.random(using: &random) { stored.children = other.children }
        if Bool.random(using: &random) { stored.session = other.session }
        if Bool.random(using: &random) { stored.basisTicks = other.basisTicks }
        if Bool.random(using: &random) { stored.userFlags = other.userFlags }
        if Bool.random(using: &random) { stored.isUncommitted.toggle() }
        if Bool.random(using: &random) { stored.hasFill.toggle() }
    }

    @Test(arguments: [(UInt64(1), 50), (2, 3000), (3, 40_000)])
    func agreesWithADictionary(seed: UInt64, keys: Int) throws {
        let test = try TestCache(bytesMax: 256 << 20, seed: (seed, 99), evictsValues: seed != 2)
        let baseline = test.bytesHeld
        var model: [[UInt8]: Stored] = [:]
        var random = SimRandom(seed: seed)
        for _ in 0..<scaled(debug: 18_000, release: 2_000_000) {
            let key = randomKey(&random, keys)
            switch Int.random(in: 0..<20, using: &random) {
            case 0..<7:
                model[key] = self.random(&random)
                test.put(key, model[key] ?? Stored(), setsBefore: .random(using: &random))
            case 7..<10: #expect(test.remove(key) == (model.removeValue(forKey: key) != nil))
            case 10:
                let reference = test.make(key, randomValue(&random))
                test.cache.pointee.discard(reference)
            case 11..<13: shrink(key, test, &model)
            case 13..<16 where model[key] != nil:
                change(&model[key, default: Stored()], &random)
                test.set(model[key] ?? Stored(), of: test.find(key))
            case 16 where Int.random(in: 0..<model.count + 1, using: &random) == 0:
                retire(.random(in: 0..<Self.sessions, using: &random), test, &model)
            default: #expect(test.stored(test.read(key)) == model[key])
            }
        }
        #expect(test.count == model.values.count { $0.kind == .value })
        #expect(test.absentCount == model.values.count { $0.kind == .absent })
        #expect(test.tagCount == model.values.count { $0.kind == .tag })
        for (key, stored) in model { #expect(test.stored(test.find(key)) == stored) }
        for key in model.keys.shuffled(using: &random) { test.remove(key) }
        #expect(test.count == 0 && test.absentCount == 0 && test.tagCount == 0)
        #expect(test.candidate().isNone)
        #expect(test.bytesHeld == baseline)
    }

    private func shrink(
        _ key: [UInt8], _ test: TestCache, _ model: inout [[UInt8]: Stored]
    ) {
        guard var stored = model[key] else { return }
        let used = test.bytesHeld
        let freesMemory = test.cache.pointee.shrinkFreesMemory(test.find(key))
        let tag = test.cache.pointee.shrinkToTag(test.find(key))
        #expect(tag == test.find(key))
        // A large value's block is seen at once; a piece may need a page for the smaller one.
        if stored.value.count > 1 << 17 { #expect(freesMemory && test.bytesHeld < used) }
        stored.kind = .tag
        stored.value = []
        stored.userFlags = 0
        model[key] = stored
    }

    /// Removes what bears a session's number, unless it is pinned: that gets the next number.
    private func retire(
        _ session: UInt8, _ test: TestCache, _ model: inout [[UInt8]: Stored]
    ) {
        let next = (session + 1) % Self.sessions
        test.sweep(stepsMax: 7) { entry in
            let state = test.cache.pointee.state(of: entry)
            guard state.session == session else { return false }
            if state.isPinned { test.cache.pointee.setSession(next, of: entry) }
            return !state.isPinned
        }
        for (key, stored) in model where stored.session == session {
            if stored.isUncommitted || stored.hasFill {
                model[key]?.session = next
            } else {
                model[key] = nil
            }
        }
    }

    @Test func aStateTellsWhatAHitHasToCheck() throws {
        let test = try TestCache(bytesMax: 1 << 20)
        for kind in [EntryKind.value, .absent, .tag] {
            for isPinned in [false, true] {
                test.put(
                    key(1),
                    Stored(
                        kind: kind, children: 0xFF, session: 7, userFlags: 0xFF,
                        isUncommitted: isPinned, hasFill: isPinned), setsBefore: true)
                let state = test.cache.pointee.state(of: test.read(key(1)))
                #expect(state.kind == kind)
                #expect(state.hasValue(verifiedIn: 7) == (kind == .value))
                #expect(state.hasAnswer(verifiedIn: 7) == (kind != .tag))
                #expect(!state.hasValue(verifiedIn: 6) && !state.hasAnswer(verifiedIn: 6))
                #expect(state.isPinned == isPinned)
            }
        }
    }
}

extension TestCache {
    fileprivate func put(_ key: [UInt8], _ stored: CacheModelTests.Stored, setsBefore: Bool) {
        let reference = make(key, stored.value, kind: stored.kind)
        if setsBefore { set(stored, of: reference) }
        publish(reference)
        if !setsBefore { set(stored, of: reference) }
    }

    fileprivate func set(_ stored: CacheModelTests.Stored, of reference: EntryReference) {
        // What lies above the 48 bits must fall away.
        cache.pointee.setVersion(stored.version | 0xABCD << 48, of: reference)
        cache.pointee.setChildren(stored.children, of: reference)
        cache.pointee.setSession(stored.session, of: reference)
        cache.pointee.setBasisTicks(stored.basisTicks, of: reference)
        cache.pointee.setUserFlags(stored.userFlags, of: reference)
        cache.pointee.setUncommitted(stored.isUncommitted, of: reference)
        cache.pointee.setFill(stored.hasFill, of: reference)
    }

    fileprivate func stored(_ reference: EntryReference) -> CacheModelTests.Stored? {
        if reference.isNone { return nil }
        return CacheModelTests.Stored(
            kind: cache.pointee.kind(of: reference),
            value: Array(cache.pointee.value(of: reference)),
            version: cache.pointee.version(of: reference),
            children: cache.pointee.children(of: reference),
            session: cache.pointee.session(of: reference),
            basisTicks: cache.pointee.basisTicks(of: reference),
            userFlags: cache.pointee.userFlags(of: reference),
            isUncommitted: cache.pointee.isUncommitted(reference),
            hasFill: cache.pointee.hasFill(reference))
    }
}
