import Simulation
import Testing
import UVHTTP

@testable import CacheNode

@Suite struct ParentChoiceTests {
    @Test func attachesToItsParent() {
        let test = ParentChoiceHarness()
        test.path([4, 2, 1])
        test.run(10_000)
        #expect(test.history == ["+1 NODE-4 by link: the root names it"])
        #expect(test.dialled == ["NODE-4"])
        #expect(test.parent == "NODE-4")
        #expect(test.choice.deadline == nil)
    }

    @Test func triesALostParentOnceMoreAndStaysIfItAnswers() {
        let test = ParentChoiceHarness()
        test.path([2, 1])
        test.run(100)
        test.mark()
        test.fail("NODE-2", .links(after: 5), noticedAfter: 0)
        test.run(5_000)
        #expect(
            test.history == ["+0 lost NODE-2: silent", "+5 NODE-2 by link: NODE-2 is gone"])
        #expect(test.dialled == ["NODE-2"])
    }

    @Test func goesToTheNextAncestorWhenTheParentRefuses() {
        let test = ParentChoiceHarness()
        test.path([4, 2, 1])
        test.run(100)
        test.mark()
        test.fail("NODE-4", .refuses, noticedAfter: 0)
        test.run(500)
        #expect(
            test.history == ["+0 lost NODE-4: silent", "+2 NODE-2 by link: NODE-4 is gone"])
        #expect(test.dialled == ["NODE-4", "NODE-2"])
    }

    /// A machine without power is noticed after a second of silence.
    @Test func attachesToTheNearestLiveAncestorWithinTwoSeconds() {
        let test = ParentChoiceHarness()
        test.path([8, 4, 2, 1])
        test.run(100)
        test.mark()
        test.health["NODE-4"] = .silent
        test.fail("NODE-8", .silent, noticedAfter: 1_000)
        test.run(2_000)
        #expect(
            test.history == ["+1000 lost NODE-8: silent", "+1501 NODE-2 by link: NODE-8 is gone"])
        #expect(test.dialled.first == "NODE-8")
    }

    @Test func thoseTheRootTakesForGoneAreTriedLast() {
        let test = ParentChoiceHarness()
        test.path([8, 4, 2, 1])
        test.run(100)
        test.path([8, 4, 2, 1].map { ParentChoiceHarness.ancestor($0, isLive: $0 != 4) })
        test.mark()
        test.health["NODE-4"] = .silent
        test.fail("NODE-8", .silent, noticedAfter: 1_000)
        test.run(1_300)
        #expect(test.dialled == ["NODE-8", "NODE-2"])
        #expect(test.history.last == "+1251 NODE-2 by link: NODE-8 is gone")
    }

    /// The new session begins before the old one ends.
    @Test func returnsToTheParentWhenItAnswersAgain() {
        let test = ParentChoiceHarness()
        test.path([4, 2, 1])
        test.run(100)
        test.fail("NODE-4", .refuses, noticedAfter: 0)
        test.run(5_000)
        #expect(test.parent == "NODE-2")
        #expect(4...8 ~= test.dialled.count { $0 == "NODE-4" })
        test.mark()
        test.health["NODE-4"] = .links(after: 20)
        test.run(1_300)
        #expect(test.history.count == 1)
        #expect(test.history.first?.hasSuffix("NODE-4 by link: a nearer one answers") == true)
        #expect(test.open.values.map(\.name) == ["NODE-4"])
    }

    @Test func aParentThatIsOnlySlowGetsItsChildBack() {
        let test = ParentChoiceHarness()
        test.health["NODE-4"] = .links(after: 600)
        test.path([4, 2, 1])
        test.run(3_000)
        #expect(
            test.history == [
                "+251 NODE-2 by link: the root names it",
                "+600 NODE-4 by link: a nearer one answers",
            ])
        #expect(test.open.count == 1)
    }

    @Test func followsANewPathBesideItsSession() {
        let test = ParentChoiceHarness()
        test.path([1])
        test.run(1_000)
        test.mark()
        test.health["NODE-2"] = .links(after: 30)
        test.path([2, 1])
        #expect(test.parent == "NODE-1")
        test.run(1_000)
        #expect(test.history == ["+30 NODE-2 by link: the root names another path"])
    }

    @Test func aParentWithANewAddressIsDialledThere() {
        let test = ParentChoiceHarness()
        test.path([2, 1])
        test.run(1_000)
        test.mark()
        var moved = ParentChoiceHarness.ancestor(2)
        moved.endpoint.port = 6000
        test.path([moved, ParentChoiceHarness.ancestor(1)])
        test.run(1_000)
        #expect(test.choice.attached?.ancestor.endpoint.port == 6000)
        #expect(test.history.count == 1)
    }

    /// The old parent may be alive, but the root says that another has its place.
    @Test func aParentThatIsNoAncestorAnyMoreIsKeptUntilAnotherAnswers() {
        let test = ParentChoiceHarness()
        test.path([2, 1])
        test.run(1_000)
        for name in ["NODE-3", "NODE-1"] { test.health[name] = .refuses }
        test.path([3, 1])
        test.run(3_000)
        #expect(test.parent == "NODE-2")
        test.health["NODE-1"] = .links(after: 1)
        test.run(1_300)
        #expect(test.parent == "NODE-1")
        test.health["NODE-3"] = .links(after: 1)
        test.run(1_300)
        #expect(test.parent == "NODE-3")
    }

    @Test func goesRoundAndRoundWhenNobodyAnswers() {
        let test = ParentChoiceHarness()
        test.path([2, 1])
        test.run(100)
        test.mark()
        test.health["NODE-1"] = .refuses
        test.fail("NODE-2", .refuses, noticedAfter: 0)
        test.run(20_000)
        #expect(test.history == ["+0 lost NODE-2: silent", "+2 alone"])
        #expect(test.parent == nil)
        #expect(
            test.choice.problem
                == "no ancestor answers: NODE-2 at 10.0.0.2:5000: connection refused;"
                + " NODE-1 at 10.0.0.1:5000: connection refused")
        // Quick at first, then once a second.
        #expect(36...60 ~= test.dialled.count)
        test.mark()
        test.health["NODE-1"] = .links(after: 1)
        test.run(1_300)
        #expect(test.parent == "NODE-1")
    }

    // MARK: Without a link

    @Test(arguments: [NodeAPI.kv, .store]) func anEarlierSystemIsNotDialled(api: NodeAPI) {
        let test = ParentChoiceHarness()
        test.path([ParentChoiceHarness.ancestor(2, api: api)])
        test.run(5_000)
        #expect(test.history == ["+0 NODE-2 by http: the root names it"])
        #expect(test.dialled.isEmpty)
        #expect(test.plain == "NODE-2")
    }

    @Test(arguments: [404, 405, 501]) func aNodeWithoutALinkIsSpokenToInHTTP(status: Int) {
        let test = ParentChoiceHarness()
        test.health["NODE-2"] = .answers(status: status)
        test.path([2, 1])
        test.run(3_000)
        #expect(test.history == ["+1 NODE-2 by http: the root names it"])
        test.mark()
        // It has been replaced by a newer version.
        test.health["NODE-2"] = .links(after: 1)
        test.run(1_300)
        #expect(test.history.count == 1)
        #expect(test.choice.attached?.way == .link)
        #expect(test.plain == nil)
        #expect(test.parent == "NODE-2")
    }

    @Test func aNodeWithoutALinkThatFailsIsLeft() {
        let test = ParentChoiceHarness()
        test.health["NODE-2"] = .answers(status: 404)
        test.path([2, 1])
        test.run(3_000)
        test.health["NODE-2"] = .refuses
        test.run(1_300)
        #expect(test.parent == "NODE-1")
        #expect(test.plain == nil)
        test.health["NODE-2"] = .answers(status: 404)
        test.run(1_300)
        #expect(test.plain == "NODE-2")
        #expect(test.open.isEmpty)
    }

    @Test func aParentThatHasNoLinkToSpareIsTriedAgain() {
        let test = ParentChoiceHarness()
        test.health["NODE-2"] = .answers(status: 503)
        test.path([2, 1])
        test.run(1_000)
        #expect(test.parent == "NODE-1")
        #expect(test.choice.attached?.way == .link)
        test.health["NODE-2"] = .links(after: 1)
        test.run(1_300)
        #expect(test.parent == "NODE-2")
    }

    // MARK: Histories

    /// Whatever happens: two seconds after the last change the node is attached to the nearest
    /// ancestor that answers, by one session, and nothing else is left open for long.
    @Test(arguments: 0..<300) func endsAtTheNearestThatAnswers(seed: UInt64) {
        var random = SimRandom(seed: seed)
        let test = ParentChoiceHarness(seed: seed)
        var numbers = [9, 8, 4, 2, 1]
        test.path(numbers)
        for _ in 0..<20 {
            let name = "NODE-\(random.pick(numbers))"
            switch random.below(8) {
            case 0: test.fail(name, .silent, noticedAfter: 1_000)
            case 1, 2: test.fail(name, .refuses, noticedAfter: UInt64(random.below(3)))
            case 3: test.fail(name, .answers(status: 503), noticedAfter: 0)
            case 4:
                numbers = [9, 8, 4, 2, 1].filter { $0 == 1 || random.oneIn(2) }
                test.path(
                    numbers.map { ParentChoiceHarness.ancestor($0, isLive: random.oneIn(2)) })
            default: test.health[name] = .links(after: UInt64(random.below(100)))
            }
            test.run(UInt64(random.below(1_500)))
        }
        test.run(5_000)
        let nearest = numbers.first { number in
            if case .links = test.health["NODE-\(number)"] ?? .links(after: 1) {
                true
            } else {
                false
            }
        }
        // One that is no ancestor any more is kept while no other answers.
        let isKept = nearest == nil && !numbers.contains { test.parent == "NODE-\($0)" }
        #expect(isKept || test.parent == nearest.map { "NODE-\($0)" }, "seed \(seed)")
        #expect(test.sessions.count == (test.parent == nil ? 0 : 1), "seed \(seed)")
        #expect(test.open.count <= numbers.count + 1, "seed \(seed)")
    }
}
