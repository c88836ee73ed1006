import Testing
import UVHTTP

@testable import CacheNode

@Suite struct TreeTests {
    static func member(_ name: String, port: UInt16 = 5000) -> TreeMember {
        TreeMember(
            name: name, endpoint: Endpoint(host: "10.0.1.67", port: port), api: .canopy,
            nowMilliseconds: 0)
    }

    /// A tree with the root NODE-1 and the named children, in this order.
    static func tree(depth: Int, _ names: [String] = [], root: String = "NODE-1") -> Tree {
        var tree = Tree(depth: depth, root: member(root))
        for name in names { _ = register(name, in: &tree) }
        return tree
    }

    static func register(
        _ name: String, in tree: inout Tree, port: UInt16 = 1, api: NodeAPI = .canopy,
        preferredSlot: Int? = nil, now: UInt64 = 0
    ) -> Result<Registration, TreeError> {
        tree.register(
            name: name, endpoint: Endpoint(host: "h", port: port), api: api,
            preferredSlot: preferredSlot, nowMilliseconds: now)
    }

    @Test func slotsAreGivenInHeapOrder() {
        var tree = Self.tree(depth: 3)
        for (index, name) in ["NODE-9", "b", "NODE-3", "d", "e", "f"].enumerated() {
            let given = Self.register(name, in: &tree)
            #expect(given == .success(Registration(slot: index + 2, isNew: true)))
        }
        #expect(tree.structure == ["NODE-1", "NODE-9", "B", "NODE-3", "D", "E", "F"])
        #expect(tree.count == 7)
        #expect(tree.capacity == 7)
        #expect(tree.members.map(\.slot) == Array(1...7))
    }

    @Test func aFullTreeRefusesNewNamesAndKnowsTheOldOnes() {
        var tree = Self.tree(depth: 2, ["2", "3"])
        #expect(Self.register("4", in: &tree) == .failure(.full))
        #expect(Self.register("4", in: &tree, preferredSlot: 2) == .failure(.full))
        #expect(Self.register("4", in: &tree, preferredSlot: 4) == .failure(.full))
        #expect(
            Self.register("3", in: &tree) == .success(Registration(slot: 3, isNew: false)))
        #expect(tree.member(named: "4") == nil)
        #expect(tree.count == 3)
    }

    @Test func aTreeOfOneLevelIsItsRootAlone() {
        var tree = Self.tree(depth: 1)
        #expect(Self.register("2", in: &tree) == .failure(.full))
        #expect(tree.structure == ["NODE-1"])
        #expect(tree.parent(ofSlot: 2) == nil)
    }

    @Test func aNameThatComesBackGetsItsSlotAndIsNotedAnew() {
        var tree = Self.tree(depth: 3, ["NODE-2", "NODE-3"])
        let again = Self.register(
            "node-2", in: &tree, port: 77, api: .store, preferredSlot: 5, now: 900)
        #expect(again == .success(Registration(slot: 2, isNew: false)))
        let member = tree.member(inSlot: 2)
        #expect(member?.endpoint.port == 77)
        #expect(member?.api == .store)
        #expect(member?.lastHeardMilliseconds == 900)
        #expect(tree.count == 3)
    }

    @Test func aNumberAndItsNameAreOneNode() {
        var tree = Self.tree(depth: 3, ["4"])
        #expect(
            Self.register("NODE-4", in: &tree) == .success(Registration(slot: 2, isNew: false)))
        #expect(tree.member(named: "node-4") == tree.member(named: "4"))
        #expect(tree.member(named: "4")?.name == "NODE-4")
    }

    @Test func aVacantClaimIsGrantedAndAnyOtherGetsTheLowestSlot() {
        var tree = Self.tree(depth: 3)
        #expect(Self.slot("a", claiming: 5, &tree) == 5)
        #expect(Self.slot("b", claiming: 5, &tree) == 2)
        #expect(Self.slot("c", claiming: 1, &tree) == 3)
        for (name, claim) in [("d", 0), ("e", -1), ("f", 8)] {
            #expect(Self.slot(name, claiming: claim, &tree) == ["d": 4, "e": 6, "f": 7][name])
        }
        #expect(Self.slot("g", claiming: .max, &tree) == nil)
        #expect(Self.slot("g", claiming: .min, &tree) == nil)
    }

    private static func slot(_ name: String, claiming slot: Int, _ tree: inout Tree) -> Int? {
        try? register(name, in: &tree, preferredSlot: slot).get().slot
    }

    @Test func theRootRegistersAsItselfAndNobodyElseDoes() {
        var tree = Self.tree(depth: 3, root: "NODE-5")
        let root = tree.root.endpoint
        let itself = tree.register(
            name: "5", endpoint: root, api: .canopy, preferredSlot: 3, nowMilliseconds: 1)
        #expect(itself == .success(Registration(slot: 1, isNew: false)))
        #expect(Self.register("node-5", in: &tree) == .failure(.nameOfTheRoot))
        #expect(tree.root.endpoint == root)
        #expect(tree.member(named: "NODE-1") == nil)
    }

    @Test(arguments: ["", "..", "a/b", "é"])
    func whatIsNoNameGetsNoSlot(_ name: String) {
        var tree = Self.tree(depth: 3)
        #expect(Self.register(name, in: &tree) == .failure(.invalidName))
        #expect(tree.member(named: name) == nil)
    }

    @Test func pathsLeadFromTheRootToTheParent() {
        let tree = Self.tree(depth: 3, ["NODE-2", "NODE-3", "NODE-4", "edge"])
        #expect(tree.path(toSlot: 4).map(\.name) == ["NODE-1", "NODE-2"])
        #expect(tree.path(toSlot: 1).isEmpty)
        #expect(tree.path(toSlot: 99).isEmpty)
        #expect(tree.parent(ofSlot: 5)?.name == "NODE-2")
        #expect(tree.parent(ofSlot: 1) == nil)
        #expect(tree.parent(ofSlot: 0) == nil)
        #expect(tree.parent(ofSlot: -4) == nil)
        #expect(tree.zkPath(forSlot: 4, layout: .named) == "/NODE-1/NODE-2/NODE-4")
        #expect(tree.zkPath(forSlot: 4, layout: .numbered) == "/1/2/4")
        #expect(tree.zkPath(forSlot: 5, layout: .numbered) == "/1/2/EDGE")
        #expect(tree.zkPath(forSlot: 1, layout: .named) == "/NODE-1")
        #expect(tree.zkPath(forSlot: 7, layout: .named) == nil)
        #expect(tree.zkPath(forSlot: 0, layout: .named) == nil)
    }

    @Test func aVacantAncestorIsPassedOver() {
        var tree = Self.tree(depth: 4)
        _ = Self.register("NODE-9", in: &tree, preferredSlot: 9)
        #expect(tree.parent(ofSlot: 9)?.slot == 1)
        _ = Self.register("NODE-2", in: &tree)
        #expect(tree.path(toSlot: 9).map(\.slot) == [1, 2])
        #expect(tree.zkPath(forSlot: 9, layout: .numbered) == "/1/2/9")
    }

    @Test func theIdIsTheNamesNumberOrElseTheSlot() {
        let tree = Self.tree(depth: 3, ["NODE-7", "edge", "NODE-07"], root: "NODE-3")
        #expect(tree.members.map(\.id) == [3, 7, 3, 4])
    }

    @Test func silenceMakesANodeGoneAndASignMakesItLive() {
        var tree = Self.tree(depth: 3)
        _ = Self.register("2", in: &tree, now: 1000)
        func state(at now: UInt64) -> NodeState? {
            tree.state(ofSlot: 2, nowMilliseconds: now)
        }
        #expect(state(at: 1000) == .live)
        #expect(state(at: 4000) == .live)
        #expect(state(at: 4001) == .gone(sinceMilliseconds: 1000))
        #expect(state(at: 0) == .live)
        _ = Self.register("2", in: &tree, now: 4001)
        #expect(state(at: 4001) == .live)
    }

    @Test func theLargerATreeTheRarerItsHeartbeats() {
        var tree = Tree(depth: 16, root: Self.member("NODE-1"))
        #expect(tree.heartbeatSeconds == 1)
        for number in 2...4097 { _ = Self.register("\(number)", in: &tree, now: 1000) }
        #expect(tree.heartbeatSeconds == 1)
        _ = Self.register("4098", in: &tree, now: 1000)
        #expect(tree.heartbeatSeconds == 2)
        #expect(tree.state(ofSlot: 2, nowMilliseconds: 7000) == .live)
        #expect(tree.state(ofSlot: 2, nowMilliseconds: 7001) == .gone(sinceMilliseconds: 1000))
    }

    @Test func theRootAlwaysLivesAndOfEarlierNodesNothingIsKnown() {
        var tree = Self.tree(depth: 3)
        _ = Self.register("2", in: &tree, api: .kv)
        _ = Self.register("3", in: &tree, api: .store)
        func state(_ slot: Int) -> NodeState? {
            tree.state(ofSlot: slot, nowMilliseconds: .max)
        }
        #expect((1...4).map(state) == [.live, .unknown, .unknown, nil])
    }
}
