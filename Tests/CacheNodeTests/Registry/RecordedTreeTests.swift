import Testing
import UVHTTP

@testable import CacheNode

@Suite struct RecordedTreeTests {
    private func restore(
        _ nodes: [(String, String)], root: String = "/NODE-1", depth: Int = 3
    ) -> (tree: Tree, misfits: [String]) {
        var tree = Tree(
            depth: depth,
            root: TreeMember(
                name: "NODE-1", endpoint: Endpoint(host: "h1", port: 5000), api: .canopy,
                nowMilliseconds: 0))
        let misfits = RecordedTree.restore(
            nodes.map { (path: $0.0, data: bytes($0.1)) }, below: root, into: &tree, now: 0)
        return (tree, misfits)
    }

    private func record(_ slot: Int, name: String? = nil) -> String {
        #"{"ip":"h\#(slot)","id":\#(slot),"name":"\#(name ?? "NODE-\(slot)")","port":6000,"slot":\#(slot)}"#
    }

    @Test func everyNodeHasItsSlotAgain() {
        let (tree, misfits) = restore([
            ("/NODE-1", record(1)), ("/NODE-1/NODE-3/B", record(7, name: "B")),
            ("/NODE-1/NODE-3", record(3)), ("/NODE-1/A", record(2, name: "A")),
        ])
        #expect(tree.structure == ["NODE-1", "A", "NODE-3", nil, nil, nil, "B"])
        #expect(tree.member(named: "B")?.endpoint == Endpoint(host: "h7", port: 6000))
        #expect(misfits.isEmpty)
    }

    @Test func numberedZnodesWithoutASlotTakeTheirPlaces() {
        let ip = #"{"ip": "10.0.1.9", "id": 9}"#
        let (tree, misfits) = restore(
            [("/1/2", ip), ("/1/3", ip), ("/1/3/6", ip), ("/1/2/9", ip)], root: "/1")
        #expect(
            tree.structure == ["NODE-1", "NODE-2", "NODE-3", "NODE-9", nil, "NODE-6", nil])
        #expect(misfits.isEmpty)
    }

    @Test func anEarlierNodeWithoutAnAddressIsReachedByItsName() {
        let (tree, _) = restore([("/NODE-1/NODE-2", #"{"address":"10.0.1.68"}"#)])
        #expect(tree.member(named: "NODE-2")?.endpoint == Endpoint(host: "NODE-2", port: 5000))
    }

    @Test func whatFitsNowhereIsTold() {
        let (tree, misfits) = restore(
            [
                ("/NODE-1/a b", "{}"), ("/NODE-1/NODE-2", record(2)),
                ("/NODE-1/NODE-3", record(3)), ("/NODE-1/NODE-4", "{}"),
                ("/NODE-1/NODE-2/NODE-1", record(4, name: "NODE-1")),
                ("/NODE-1/NODE-3/NODE-2", record(6, name: "NODE-2")),
                ("/NODE-1/x/NODE-9", "{}"), ("/elsewhere/NODE-5", record(5)),
            ], depth: 2)
        #expect(tree.structure == ["NODE-1", "NODE-2", "NODE-3"])
        #expect(
            misfits == [
                "/NODE-1/NODE-4", "/NODE-1/a b", "/NODE-1/NODE-2/NODE-1", "/NODE-1/NODE-3/NODE-2",
                "/NODE-1/x/NODE-9",
            ])
    }

    @Test func slotsBeyondTheTreeAreNotTaken() {
        let (tree, misfits) = restore([("/NODE-1/NODE-9", record(9))], depth: 2)
        #expect(tree.structure == ["NODE-1", "NODE-9", nil])
        #expect(misfits.isEmpty)
        #expect(restore([("/NODE-1/A", record(1, name: "A"))]).tree.structure[1] == "A")
    }
}
