import Testing

@testable import UVHTTP

@Suite struct UVErrorTests {
    @Test func saysItsNameAndMeaning() {
        #expect(UVError.connectionRefused.name == "ECONNREFUSED")
        #expect(UVError.connectionRefused.message == "connection refused")
        #expect("\(UVError.connectionRefused)" == "connection refused (ECONNREFUSED)")
        #expect(UVError.endOfFile.name == "EOF")
        #expect(UVError.nameNotFound.name == "EAI_NONAME")
    }

    @Test func hasTextForCodesThatNobodyKnows() {
        #expect(UVError(code: -99_999).message == "Unknown system error -99999")
    }

    @Test func isMadeFromNegativeCodesOnly() {
        #expect(throws: Never.self) { try UVError.check(0) }
        #expect(throws: Never.self) { try UVError.check(17) }
        #expect(throws: UVError.addressInUse) { try UVError.check(UVError.addressInUse.code) }
    }
}
