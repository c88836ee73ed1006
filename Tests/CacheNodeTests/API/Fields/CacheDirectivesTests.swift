import Simulation
import Testing
import UVHTTP

@testable import CacheNode

@Suite struct CacheDirectivesTests {
    private func directives(_ lines: String...) -> CacheDirectives {
        withFields(lines.map { "Cache-Control: " + $0 }) { CacheDirectives($0) }
    }

    @Test func nothingIsAskedForWithoutTheField() {
        #expect(withFields(["Pragma: no-cache"]) { CacheDirectives($0) } == CacheDirectives())
        #expect(directives("") == CacheDirectives())
    }

    @Test(arguments: [
        "no-cache", "NO-CACHE", " no-cache ", ",,no-cache,", "max-stale=1, no-cache",
        "x=\"y\",no-cache",
        "x=\"a,b\\\"c, only-if-cached\", no-cache", "no-cache=\"Set-Cookie\"", "no-cache\t,\tfoo",
    ]) func findsNoCache(line: String) {
        let directives = directives(line)
        #expect(directives.noCache)
        #expect(!directives.onlyIfCached)
    }

    @Test func findsOnlyIfCachedAndBothOnTwoLines() {
        #expect(directives("Only-If-Cached").onlyIfCached)
        let both = directives("only-if-cached", "no-cache")
        #expect(both.onlyIfCached && both.noCache)
    }

    @Test(arguments: [
        "no-cachex", "xno-cache", "\"no-cache\"", "x=no-cache", "x=\"no-cache\"", "no cache",
        "x=\"unfinished, no-cache", "x y, no-cache", "private, =no-cache",
    ]) func findsNoDirectiveWhereThereIsNone(line: String) {
        #expect(!directives(line).noCache)
    }

    @Test(arguments: [
        ("max-age=5", 5), ("max-age=\"5\"", 5), ("MAX-AGE=0", 0), ("max-age=007", 7),
        ("max-age=99999999999999999999", 2_147_483_648), ("max-age=2147483649", 2_147_483_648),
        ("max-age=60, max-age=5", 5), ("max-age", 0), ("max-age=", 0), ("max-age=x", 0),
        ("max-age=-1", 0), ("max-age=1.5", 0), ("max-age=\"\"", 0),
    ]) func readsAnAge(line: String, seconds: Int) {
        #expect(directives(line).maxAge == seconds)
    }

    @Test func ofTwoFreshnessesTheLongerCounts() {
        #expect(directives("min-fresh=5, min-fresh=9, min-fresh=x").minFresh == 9)
    }

    @Test func anAnswerIsAcceptedByItsAge() {
        let wish = directives("max-age=2")
        #expect(wish.limitsAge)
        #expect(wish.accepts(.hit(.none, ageMilliseconds: 2_000, freshMilliseconds: nil)))
        #expect(!wish.accepts(.hit(.none, ageMilliseconds: 2_001, freshMilliseconds: nil)))
        #expect(!wish.accepts(.hit(.none, ageMilliseconds: nil, freshMilliseconds: nil)))
        let longest = directives("max-age=99999999999999999999")
        #expect(longest.accepts(.hit(.none, ageMilliseconds: .max, freshMilliseconds: .min)))
    }

    @Test func anAnswerIsAcceptedByItsRemainingFreshness() {
        let wish = directives("min-fresh=3")
        #expect(wish.accepts(.hit(.none, ageMilliseconds: 0, freshMilliseconds: 3_000)))
        #expect(!wish.accepts(.hit(.none, ageMilliseconds: 0, freshMilliseconds: 2_999)))
        #expect(wish.accepts(.hit(.none, ageMilliseconds: 0, freshMilliseconds: nil)))
    }

    @Test func anyBytesAreRead() {
        var random = SimRandom(seed: 5)
        let pieces = ["\"", "\\", "=", ",", " ", "\t", "max-age", "no-cache", "9", "é", ";"]
        for _ in 0..<5_000 {
            let line = (0..<random.below(10)).map { _ in pieces[random.below(pieces.count)] }
            _ = directives(line.joined())
        }
    }
}
