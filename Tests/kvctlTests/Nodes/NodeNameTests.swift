import Testing

@testable import kvctl

@Suite struct NodeNameTests {
    @Test(arguments: ["NODE-7", "node-7", "Node-7", "7"])
    func anyOfTheThreeFormsNamesANode(_ text: String) {
        #expect(NodeName(text)?.number == 7)
        #expect(NodeName(text)?.description == "NODE-7")
    }

    @Test(arguments: [
        "", "0", "-1", "+1", "07", "NODE-", "NODE-0", "NODE7", "NODE--7", "NODE-7 ", " 7", "7.0",
        "65536", "99999999999999999999", "root", "NODE-x", "７",
    ])
    func anythingElseIsRefused(_ text: String) {
        #expect(NodeName(text) == nil)
    }

    @Test func theLargestTreeHasItsLastNode() {
        #expect(NodeName("65535")?.number == 65_535)
    }
}
