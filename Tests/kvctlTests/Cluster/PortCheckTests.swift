import Testing

@testable import kvctl

@Suite struct PortCheckTests {
    @Test func aPortThatAProgramListensOnIsFound() throws {
        let responder = try Responder { _ in .init(status: 200, body: "") }
        #expect(PortCheck.used(among: [responder.port]) == [responder.port])
        let freed = responder.port
        responder.stop()
        #expect(PortCheck.used(among: [freed]) == [])
    }
}
