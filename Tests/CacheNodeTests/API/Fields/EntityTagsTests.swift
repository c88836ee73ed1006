import Simulation
import Testing
import UVHTTP

@testable import CacheNode

@Suite struct EntityTagsTests {
    private func tags(
        _ lines: String..., as field: EntityTags.Field = .ifMatch
    ) throws -> EntityTags? {
        try withFields(lines) { try EntityTags($0, field) }
    }

    private static let v12 = Version(epoch: 1, sequence: 2)
    private static let v77 = Version(epoch: 7, sequence: 7)

    @Test func anAbsentFieldSaysNothing() throws {
        #expect(try tags() == nil)
        #expect(try tags("If-None-Match: \"1.2\"", "X-If-Match: *") == nil)
    }

    @Test(arguments: [
        "\"1.2\"", "\"1.2\",\"7.7\"", " \"7.7\" , \"1.2\" ", ",,\"1.2\", ,", "\"1.2\",\"1.2\"",
        "\"1.2\", \"a,b\", \"\", W/\"7.7\"",
    ]) func readsLists(line: String) throws {
        let tags = try #require(try tags("If-Match: \(line)"))
        #expect(!tags.isAny)
        #expect(tags.matches(Self.v12))
        #expect(!tags.matches(Version(epoch: 1, sequence: 3)))
        #expect(!tags.matches(.none))
    }

    @Test func severalLinesAreOneList() throws {
        let tags = try #require(try tags("if-match: \"1.2\"", "A: b", "IF-MATCH: \"7.7\""))
        #expect(tags.versions == [Self.v12, Self.v77])
    }

    @Test func aStarMatchesWhateverThereIs() throws {
        let tags = try #require(try tags("If-Match:  * "))
        #expect(tags.isAny)
        #expect(tags.matches(Self.v12))
        #expect(tags.matches(.none))
    }

    @Test func weakTagsMatchWhereTheyMayAlone() throws {
        #expect(try tags("If-Match: W/\"1.2\"")?.matches(Self.v12) == false)
        let line = "If-None-Match: W/\"1.2\""
        #expect(try tags(line, as: .ifNoneMatch)?.matches(Self.v12) == true)
        #expect(try tags("If-None-Match: \"1.2\"", as: .ifNoneMatch)?.matches(Self.v12) == true)
    }

    @Test(arguments: [
        "01.2", "1.02", "1.2.3", "1", "1.", ".2", "", "1.2 ", "-1.2", "+1.2", "1,2", "a.b",
        "4294967296.1", "1.281474976710656", "99999999999999999999.1", "1.99999999999999999999",
        "٣.2", "1.2\u{e9}", "W/1.2",
    ]) func aTagThatIsNotOursMatchesNothing(opaque: String) throws {
        let bytes = Array(opaque.utf8)
        #expect(bytes.withUnsafeBytes { Version(entityTag: $0) } == nil)
        guard !opaque.contains(" ") else { return }
        let tags = try #require(try tags("If-Match: \"\(opaque)\""))
        #expect(!tags.isAny && tags.versions.isEmpty)
    }

    @Test(arguments: [
        Version(epoch: 1, sequence: 1), Version(epoch: 0, sequence: 1),
        Version(epoch: .max, sequence: Version.sequenceMax), Version(epoch: 7, sequence: 0),
    ]) func whatAVersionIsWrittenAsIsReadBack(version: Version) {
        let bytes = Array(version.description.utf8)
        #expect(bytes.withUnsafeBytes { Version(entityTag: $0) } == version)
    }

    @Test(arguments: [
        "", " ", ",", "1.2", "\"1.2", "1.2\"", "\"1.2\" \"7.7\"", "\"1.2\";x", "*, \"1.2\"",
        "\"1.2\", *", "*, *", "**", "w/\"1.2\"", "W/ \"1.2\"", "W/", "W/*", "\"a b\"",
        "\"a\u{7f}\"",
        "\"\"\"", "'1.2'",
    ]) func whatIsNoListIsRefused(line: String) {
        let problem = #expect(throws: FieldProblem.self) { try tags("If-Match: \(line)") }
        #expect(
            problem?.sentence
                == "If-Match must be * or a list of entity tags in quotes, such as \"7.42\"")
    }

    @Test func aStarAndATagOnTwoLinesAreRefused() {
        #expect(throws: FieldProblem.self) { try tags("If-Match: *", "If-Match: \"1.2\"") }
        #expect(throws: FieldProblem.self) { try tags("If-Match: *", "If-Match: *") }
    }

    @Test func anyBytesAreReadOrRefused() {
        var random = SimRandom(seed: 11)
        let pieces = ["\"", "W/", "1", ".", "2", ",", "*", " ", "\t", "\\", "é", "x"]
        for _ in 0..<5_000 {
            let line = (0..<random.below(12)).map { _ in pieces[random.below(pieces.count)] }
            _ = try? tags("If-None-Match: \(line.joined())", as: .ifNoneMatch)
        }
    }
}
