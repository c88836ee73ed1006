import Simulation
import Testing
import UVHTTP

@testable import CacheNode

/// The tree against a model that searches every slot each time.
@Suite struct TreeModelTests {
    struct Model {
        var names: [String?]

        init(depth: Int) { names = ["NODE-1"] + Array(repeating: nil, count: (1 << depth) - 2) }

        mutating func register(_ name: String, claiming claim: Int?) -> Int? {
            if let index = names.firstIndex(of: name) { return index + 1 }
            if let claim, (1...names.count).contains(claim), names[claim - 1] == nil {
                names[claim - 1] = name
                return claim
            }
            guard let index = names.firstIndex(of: nil) else { return nil }
            names[index] = name
            return index + 1
        }

        func ancestors(of slot: Int) -> [Int] {
            var ancestors: [Int] = []
            var above = slot / 2
            while above >= 1 {
                if names[above - 1] != nil { ancestors.insert(above, at: 0) }
                above /= 2
            }
            return ancestors
        }
    }

    @Test(arguments: 1...8)
    func randomRegistrationsAgreeWithTheModel(_ depth: Int) throws {
        for seed in 0..<UInt64(6) {
            var random = SimRandom(seed: seed &* 100 &+ UInt64(depth))
            var tree = TreeTests.tree(depth: depth)
            var model = Model(depth: depth)
            let capacity = (1 << depth) - 1
            for step in 0..<(capacity * 2 + 10) {
                let name = "NODE-\(2 + random.below(capacity * 2))"
                let claim = random.below(3) == 0 ? random.below(capacity + 4) - 2 : nil
                let given = try? TreeTests.register(name, in: &tree, preferredSlot: claim).get()
                let expected = model.register(name, claiming: claim)
                try #require(given?.slot == expected, "seed \(seed), step \(step)")
            }
            #expect(tree.structure == model.names)
            #expect(tree.count == model.names.count { $0 != nil })
            for slot in 1...capacity {
                #expect(tree.path(toSlot: slot).map(\.slot) == model.ancestors(of: slot))
            }
        }
    }

    @Test func theDeepestTreeFillsAndStaysConsistent() throws {
        var tree = TreeTests.tree(depth: 16)
        let capacity = 65_535
        var random = SimRandom(seed: 1)
        var taken = Set([1])
        for number in 2...capacity {
            let claim = random.below(4) == 0 ? random.below(capacity) + 1 : nil
            let given = try TreeTests.register(
                "NODE-\(number)", in: &tree, preferredSlot: claim
            ).get()
            if !taken.insert(given.slot).inserted || !(1...capacity).contains(given.slot) {
                Issue.record("slot \(given.slot) was given twice, or is none")
            }
            if let claim, given.slot != claim, taken.contains(claim) == false {
                Issue.record("the claim on the vacant slot \(claim) was not granted")
            }
        }
        #expect(TreeTests.register("late", in: &tree) == .failure(.full))
        #expect(tree.count == capacity)
        let structure = tree.structure
        #expect(structure.count == capacity)
        #expect(!structure.contains(nil))
        #expect(Set(structure.compactMap { $0 }).count == capacity)
        #expect(tree.path(toSlot: capacity).count == 15)
        #expect(tree.zkPath(forSlot: capacity, layout: .numbered)?.hasPrefix("/1/") == true)
    }

    @Test func aDeepTreeTakesMemoryForItsNodesOnly() {
        var tree = TreeTests.tree(depth: 16)
        for number in 2...8 { _ = TreeTests.register("\(number)", in: &tree) }
        #expect(tree.structure.count == 65_535)
        #expect(tree.members.count == 8)
        #expect(tree.member(inSlot: 9) == nil)
    }
}
