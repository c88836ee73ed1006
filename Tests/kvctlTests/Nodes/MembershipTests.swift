import Testing

@testable import kvctl

@Suite struct MembershipTests {
    private func membership(_ json: String) -> Membership? { Membership(json: Array(json.utf8)) }

    private func node(_ slot: Int, _ state: String) -> String {
        #"{"slot":\#(slot),"name":"NODE-\#(slot)","address":"a","state":"\#(state)"}"#
    }

    @Test func nodesAreReadInTheOrderOfTheirSlots() throws {
        let list = [node(3, "gone"), node(1, "live"), node(2, "live")].joined(separator: ",")
        let read = membership(#"{"root":"NODE-1","depth":3,"coherence":"none","nodes":[\#(list)]}"#)
        #expect(read?.nodes.map(\.slot) == [1, 2, 3])
        #expect(read?.summary == "3 nodes: 2 live, 1 gone. Depth 3, coherence none.")
    }

    @Test func statesThatAreNeitherLiveNorGoneAreCountedToo() {
        let list = [node(1, "live"), node(2, "unknown")].joined(separator: ",")
        let read = membership(#"{"root":"NODE-1","depth":2,"nodes":[\#(list)]}"#)
        #expect(read?.summary == "2 nodes: 1 live, 1 unknown. Depth 2.")
    }

    @Test(arguments: [
        "", "[]", "{}", #"{"root":"NODE-1","depth":3}"#,
        #"{"root":"NODE-1","depth":3,"nodes":[{"slot":0,"name":"x","address":"a","state":"live"}]}"#,
        #"{"root":"NODE-1","depth":3,"nodes":[{"slot":65536,"name":"x","address":"a","state":"s"}]}"#,
        #"{"root":"NODE-1","depth":3,"nodes":[{"slot":-1,"name":"x","address":"a","state":"s"}]}"#,
        #"{"root":"NODE-1","depth":1e99,"nodes":[]}"#,
    ])
    func anythingElseIsRefused(_ json: String) {
        #expect(membership(json) == nil)
    }
}
