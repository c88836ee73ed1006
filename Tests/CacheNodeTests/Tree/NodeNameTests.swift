import Testing

@testable import CacheNode

@Suite struct NodeNameTests {
    @Test(arguments: [
        ("node-4", "NODE-4"), ("4", "NODE-4"), ("004", "NODE-4"), ("0", "NODE-0"),
        ("Edge_a.1", "EDGE_A.1"), ("NODE-04", "NODE-04"), ("-", "-"), ("...", "..."),
        ("9999999999999999999", "9999999999999999999"),
    ])
    func spellingsOfOneNameAreOne(_ row: (String, String)) {
        #expect(NodeName.canonical(row.0) == row.1)
        #expect(NodeName.canonical(row.1) == row.1)
    }

    @Test(arguments: [
        "", ".", "..", "a b", "a/b", "a%2F", "a\0", "a\n", "é", "ſ", "ﬀ", "🌲",
        String(repeating: "a", count: 65),
    ])
    func whatIsNoNameIsRefused(_ text: String) {
        #expect(NodeName.canonical(text) == nil)
    }

    @Test(arguments: [
        ("NODE-4", 4), ("NODE-0", 0), ("NODE-999999999999999999", 999_999_999_999_999_999),
        ("NODE-04", nil), ("NODE-", nil), ("NODE-4A", nil), ("NODE-1000000000000000000", nil),
        ("NODE", nil), ("EDGE-4", nil), ("XNODE-4", nil), ("NODE-00", nil),
    ])
    func onlyTheNamesThatNumbersAreShortForHaveNumbers(_ row: (String, Int?)) {
        #expect(NodeName.number(ofCanonical: row.0) == row.1)
    }
}
