import Testing
import UVHTTP

@testable import CacheNode

@Suite struct ReadConditionsTests {
    private func verdict(_ lines: String..., version: Version = version) throws -> String {
        "\(try withFields(lines) { try ReadConditions($0) }.verdict(on: version))"
    }

    private static let version = Version(epoch: 1, sequence: 2)

    @Test(arguments: [
        ("If-None-Match: \"1.2\"", "notModified"), ("If-None-Match: W/\"1.2\"", "notModified"),
        ("If-None-Match: \"9.9\", \"1.2\"", "notModified"), ("If-None-Match: *", "notModified"),
        ("If-None-Match: \"1.3\"", "proceed"), ("If-None-Match: \"abc\"", "proceed"),
        ("If-Match: \"1.2\"", "proceed"), ("If-Match: *", "proceed"),
        ("If-Match: W/\"1.2\"", "failed"), ("If-Match: \"1.3\"", "failed"),
        ("If-Match: \"abc\"", "failed"), ("Accept: *", "proceed"),
    ]) func isDecidedByTheVersion(line: String, expected: String) throws {
        #expect(try verdict(line) == expected)
    }

    @Test func ifMatchComesFirst() throws {
        let noneMatch = "If-None-Match: \"1.2\""
        #expect(try verdict("If-Match: \"1.3\"", noneMatch) == "failed")
        #expect(try verdict("If-Match: \"1.2\"", noneMatch) == "notModified")
    }

    @Test func contentWithoutAVersionMatchesTheStarAlone() throws {
        #expect(try verdict("If-None-Match: \"0.0\"", version: .none) == "proceed")
        #expect(try verdict("If-None-Match: *", version: .none) == "notModified")
        #expect(try verdict("If-Match: \"0.0\"", version: .none) == "failed")
        #expect(try verdict("If-Match: *", version: .none) == "proceed")
    }

    @Test func aBadFieldIsRefused() {
        #expect(throws: FieldProblem.self) { try verdict("If-None-Match: 1.2") }
        #expect(throws: FieldProblem.self) { try verdict("If-Match: \"") }
    }
}

@Suite struct WriteConditionsTests {
    private func conditions(_ lines: String...) throws -> WriteConditions {
        try withFields(lines) { try WriteConditions($0) }
    }

    private static let version = Version(epoch: 1, sequence: 2)

    @Test func aSingleFieldIsOneCondition() throws {
        #expect(try conditions() == .decides(.none))
        #expect(try conditions("If-Match: \"1.2\"") == .decides(.matches(Self.version)))
        #expect(try conditions("If-Match: *") == .decides(.exists))
        #expect(try conditions("If-None-Match: *") == .decides(.isAbsent))
        #expect(try conditions("If-None-Match: \"1.2\"") == .decides(.differs(Self.version)))
        #expect(try conditions("If-None-Match: W/\"1.2\"") == .decides(.differs(Self.version)))
    }

    @Test func aForeignTagDecidesAtOnce() throws {
        #expect(try conditions("If-Match: \"abc\"") == .neverMet)
        #expect(try conditions("If-Match: W/\"1.2\"") == .neverMet)
        #expect(try conditions("If-None-Match: \"abc\"") == .decides(.none))
    }

    @Test func foreignTagsBesideOneOfOursDoNotCount() throws {
        let line = "If-Match: \"abc\", W/\"9.9\", \"1.2\", \"1.2\""
        #expect(try conditions(line) == .decides(.matches(Self.version)))
    }

    @Test(arguments: ["If-Match", "If-None-Match"])
    func severalVersionsAreRefused(field: String) {
        let problem = #expect(throws: FieldProblem.self) {
            try conditions("\(field): \"1.2\", \"1.3\"")
        }
        #expect(problem?.sentence.contains("may name one version") == true)
    }

    @Test func bothFieldsTogetherComeToOneConditionOrNone() throws {
        let match = "If-Match: \"1.2\""
        #expect(try conditions(match, "If-None-Match: \"1.3\"") == .decides(.matches(Self.version)))
        #expect(try conditions(match, "If-None-Match: \"abc\"") == .decides(.matches(Self.version)))
        #expect(try conditions(match, "If-None-Match: \"1.2\"") == .neverMet)
        #expect(try conditions(match, "If-None-Match: *") == .neverMet)
        #expect(try conditions("If-Match: *", "If-None-Match: *") == .neverMet)
        #expect(try conditions("If-Match: *", "If-None-Match: \"abc\"") == .decides(.exists))
        #expect(throws: FieldProblem.self) {
            try conditions("If-Match: *", "If-None-Match: \"1.2\"")
        }
    }

    @Test func aBadFieldIsRefused() {
        #expect(throws: FieldProblem.self) { try conditions("If-None-Match: x") }
        #expect(throws: FieldProblem.self) { try conditions("If-Match: \"1.2\"", "If-Match: *") }
    }
}
